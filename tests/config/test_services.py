"""The embedded servers: where they run, what they survive, what they refuse."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config.services import Services, ServicesError, State

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Not pytest's tmp_path: each pytest that starts closes those to other users anew, and as
    root PostgreSQL runs as another user."""
    with tempfile.TemporaryDirectory(prefix="services-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def services(open_folder: Path) -> Iterator[Services]:
    """Servers in a folder with all that is known to upset them, 150 characters and more."""
    folder = open_folder / "Отдел продаж 'Север'" / ("ж" * 120)
    folder.mkdir(parents=True)
    services = Services(folder / "var", careless=True)
    yield services
    services.stop()


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_both_run_in_a_folder_with_spaces_quotes_cyrillic_and_150_characters(services):
    addresses, started = services.start()

    assert started == ["PostgreSQL", "Valkey"]
    assert services.healthy()
    with psycopg.connect(addresses.database_url) as connection:
        assert connection.info.server_version // 10000 == 18
    assert redis.Redis.from_url(addresses.redis_url).info()["valkey_version"].startswith("9.")


def test_letters_are_lowered_searched_and_compared_in_cyrillic(services):
    addresses, _ = services.start()

    with psycopg.connect(addresses.database_url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute(
            "SELECT lower('ЁЖИК'), 'ЁЖИК' ILIKE '%ёж%', similarity('ПЕТРОВ', 'петров'),"
            " 'Иванов' ~* '^ИВАН', current_setting('server_encoding')"
        ).fetchone()
    assert row == ("ёжик", True, 1.0, True, "UTF8")


def test_a_second_start_takes_up_the_running_servers_at_the_same_address(services):
    first, _ = services.start()
    pids = services.postgres.pid(), services.valkey.pid()

    second, started = services.start()

    assert (second, started) == (first, [])
    assert (services.postgres.pid(), services.valkey.pid()) == pids


def test_data_address_and_password_outlive_a_restart(services):
    addresses, _ = services.start()
    with psycopg.connect(addresses.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")

    assert services.stop() == ["Valkey", "PostgreSQL"]
    assert services.status() == {"PostgreSQL": "does not run", "Valkey": "does not run"}
    again, _ = services.start()

    assert again == addresses
    with psycopg.connect(again.database_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_what_was_queued_outlives_a_restart_of_valkey(open_folder):
    services = Services(open_folder / "var")
    try:
        addresses, _ = services.start()
        redis.Redis.from_url(addresses.redis_url).rpush("celery", "task")
        services.stop()
        addresses, _ = services.start()
        assert redis.Redis.from_url(addresses.redis_url).lrange("celery", 0, -1) == [b"task"]
    finally:
        services.stop()


def test_servers_killed_by_sigkill_start_again_with_what_was_committed(services):
    # Not careless: this is about what a commit promises.
    services = Services(services.var)
    addresses, _ = services.start()
    with psycopg.connect(addresses.database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    kill(services.postgres.pid())
    kill(services.valkey.pid())

    again, started = services.start()

    assert started == ["PostgreSQL", "Valkey"]
    with psycopg.connect(again.database_url) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)


def test_servers_outlive_the_process_that_started_them_and_are_taken_up(services):
    command = [sys.executable, "-m", "config.services", "start", "--var", str(services.var)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    assert services.healthy()
    assert services.start()[1] == []


def test_a_port_that_somebody_took_meanwhile_is_given_up(services):
    services.start()
    services.stop()
    before = State.read(services.var)
    assert before is not None

    with socket.socket() as taken:
        # Connections to the server that has just stopped may linger in TIME_WAIT.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", before.postgres_port))
        taken.listen()
        services.start()

    after = State.read(services.var)
    assert after is not None
    assert after.postgres_port != before.postgres_port
    assert after.postgres_password == before.postgres_password
    assert services.healthy()


def test_a_server_that_does_not_know_our_password_is_refused_not_started_twice(
    services, monkeypatch
):
    monkeypatch.setattr("config.services.manager.PATIENCE_SECONDS", 0.2)
    services.start()
    pid = services.postgres.pid()
    state = State.read(services.var)
    assert state is not None
    state.postgres_password = "another"
    state.write(services.var)

    with pytest.raises(ServicesError, match=r"already runs on .* but does not answer"):
        services.start()
    assert services.postgres.pid() == pid


def test_a_database_without_its_passwords_is_refused_not_overwritten(services):
    services.start()
    services.stop()
    (services.var / "services.json").unlink()

    with pytest.raises(ServicesError, match="put it back from a backup"):
        services.start()
    assert (services.postgres.data / "PG_VERSION").exists()


def test_data_of_another_postgresql_is_refused_with_the_way_to_upgrade(services):
    services.start()
    services.stop()
    (services.postgres.data / "PG_VERSION").write_text("15\n")

    with pytest.raises(ServicesError, match=r"made by PostgreSQL 15, and 18 .* docs/deploy.md"):
        services.start()


def test_when_one_fails_to_start_the_other_is_not_left_running(services, monkeypatch):
    def fail(state: State) -> None:
        raise ServicesError("Valkey did not start: no memory")

    monkeypatch.setattr(services.valkey, "start", fail)

    with pytest.raises(ServicesError, match="no memory"):
        services.start()
    assert services.status()["PostgreSQL"] == "does not run"


def test_passwords_can_be_read_by_their_owner_only(services):
    services.start()

    for name in ("services.json", "secret_key"):
        assert (services.var / name).stat().st_mode & 0o077 == 0
    state = State.read(services.var)
    assert state is not None
    for server in (services.postgres, services.valkey):
        command = Path(f"/proc/{server.pid()}/cmdline")
        if command.exists():
            assert state.valkey_password.encode() not in command.read_bytes()
            assert state.postgres_password.encode() not in command.read_bytes()


def test_a_stranger_without_the_password_is_not_let_in(services):
    services.start()
    state = State.read(services.var)
    assert state is not None

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(
            host="127.0.0.1", port=state.postgres_port, user="reglament", password="guess"
        )
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=state.valkey_port).ping()
