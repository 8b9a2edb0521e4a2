"""A pytest plugin that runs the tests on a real PostgreSQL and a real Valkey.

It is loaded by `-p` in pyproject.toml, because the addresses must stand in the environment
before pytest-django reads the settings. Under xdist only the controller starts servers; the
workers inherit their addresses, and each has a database and a Redis number of its own.
TEST_DATABASE_URL and TEST_REDIS_URL name other servers to use instead.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from config.messages import compile_stale
from config.services import Services

_MARK = "REGLAMENT_TEST_VAR"
_started: list[tuple[Services, Path]] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(args: list[str]) -> Iterator[None]:
    if not {"--help", "-h", "--version", "-V", "--fixtures", "--markers"} & set(args):
        _settings_of_tests()
        if _MARK not in os.environ:
            _start_servers()
        _separate_worker()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    while _started:
        services, home = _started.pop()
        services.stop()
        shutil.rmtree(home, ignore_errors=True)


def _settings_of_tests() -> None:
    """The defaults of .env.example, whatever the shell or a .env beside manage.py says."""
    os.environ.update(
        SECRET_KEY="only-for-tests",
        DEBUG="false",
        HTTPS="false",
        EMAIL_URL="",
        GATEWAY_SMS_URL="",
        GATEWAY_WHATSAPP_URL="",
        GATEWAY_TELEGRAM_URL="",
        ALLOWED_HOSTS="*",
        LANGUAGE_CODE="ru",
        TIME_ZONE="Europe/Moscow",
        LOG_LEVEL="WARNING",
    )


def _sweep() -> None:
    """Ends the servers of test runs that were killed: nobody else would."""
    for home in Path("/tmp").glob("reglament-*"):
        owner = home / "owner"
        if owner.is_file() and not psutil.pid_exists(int(owner.read_text() or 0)):
            Services(home).stop()
            shutil.rmtree(home, ignore_errors=True)


def _start_servers() -> None:
    _sweep()
    compile_stale()
    # Short: the path of a socket may not exceed about 100 bytes on some systems.
    home = Path(tempfile.mkdtemp(prefix="reglament-", dir="/tmp"))
    home.chmod(0o711)
    (home / "static").mkdir()  # WhiteNoise warns where it is missing
    (home / "owner").write_text(str(os.getpid()))
    os.environ[_MARK] = str(home)
    os.environ["VAR_DIR"] = str(home)
    database, broker = os.environ.get("TEST_DATABASE_URL"), os.environ.get("TEST_REDIS_URL")
    if not (database and broker):
        services = Services(home, careless=True)
        _started.append((services, home))
        # Pytest says nothing more where the settings or an application cannot be imported.
        atexit.register(pytest_unconfigure)
        addresses, _ = services.start()
        database = database or addresses.database_url
        broker = broker or addresses.redis_url
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = database, broker


def _separate_worker() -> None:
    """Workers share one Valkey: gw0 has number 1 in it, gw1 number 2, and so on."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if worker and not settings.configured:
        number = int(worker.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = os.environ["REDIS_URL"].rsplit("/", 1)[0] + f"/{number}"
