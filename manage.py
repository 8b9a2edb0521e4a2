#!/usr/bin/env python
"""Django's command line."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line
    from django.db.utils import OperationalError
    from redis.exceptions import ConnectionError as RedisConnectionError

    from config.services.hint import why_unreachable

    try:
        execute_from_command_line(sys.argv)
    except (OperationalError, RedisConnectionError) as error:
        # The usual reason deserves a sentence; anything else keeps its traceback.
        hint = why_unreachable(error)
        if hint is None:
            raise
        sys.exit(hint)


if __name__ == "__main__":
    main()
