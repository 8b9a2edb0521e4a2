"""What all tests share. The cast and the factories are in tests/factories.py."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

pytest_plugins = [
    "tests.fixtures.cast",
    "tests.fixtures.smtp",
    "tests.fixtures.gateway",
    "tests.fixtures.browser",
    "tests.fixtures.granian",
    "tests.fixtures.worker",
    "tests.fixtures.pzka",
    "tests.fixtures.school",
    "tests.fixtures.idrive",
]


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> Iterator[None]:
    """Sessions and caches of one test are nothing to the next."""
    yield
    if {"db", "transactional_db"} & set(request.fixturenames):
        cache.clear()


@pytest.fixture(autouse=True)
def _fast_passwords(settings) -> None:
    """PBKDF2 is slow on purpose; a test that signs in has nothing to protect."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
