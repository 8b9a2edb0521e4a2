"""`python -m bench.load SCALE`: fill the database that DATABASE_URL names."""

import sys

import django

django.setup()

from django.utils import timezone  # noqa: E402

from bench import data  # noqa: E402

if __name__ == "__main__":
    data.load(float(sys.argv[1]), timezone.now())
