"""`make run`: all of Reglament on this machine, from the database to the page."""

import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import TextIO

import psycopg

from config.services import Addresses, Services, ServicesError
from config.supervisor import GaveUp, Supervisor

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60


class Stop(BaseException):
    """Ctrl-C or SIGTERM: end everything in order."""


class RunError(Exception):
    """A sentence for the person at the terminal."""


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    run = Run()
    try:
        run.start()
        while True:
            time.sleep(1)
            run.look_after()
    except Stop:
        print("\nstopping …", flush=True)
        return 0
    except (RunError, ServicesError, GaveUp) as error:
        print(f"\n{error}", file=sys.stderr, flush=True)
        return 1
    finally:
        # A second Ctrl-C must not leave half of it running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        run.stop()


def _stop(number: int, frame: FrameType | None) -> None:
    raise Stop


class Run:
    """One run: what it started it stops, and nothing else."""

    def __init__(self) -> None:
        self.var = Path(os.environ.get("VAR_DIR") or ROOT / "var")
        self.host = os.environ.get("HOST") or "127.0.0.1"
        self.port = int(os.environ.get("PORT") or 8000)
        self.address = (
            f"http://{'localhost' if self.host == '127.0.0.1' else self.host}:{self.port}"
        )
        self.environment = {
            # A heap for each thread keeps pages of its own; two are as fast here, and smaller.
            "MALLOC_ARENA_MAX": "2",
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            # Plain http on one's own machine; a deployment says HTTPS=true.
            "HTTPS": os.environ.get("HTTPS") or "false",
            "BASE_URL": os.environ.get("BASE_URL") or self.address,
        }
        self.debug = self.environment.get("DEBUG", "").lower() in {"1", "true", "yes", "on"}
        self.services = Services(self.var)
        self.embedded = not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
        self.services_mark = self.var / "run.services"
        self.lock: TextIO | None = None
        self.supervisor = Supervisor(self.var / "run.json", self.environment, say)

    # --- starting ---------------------------------------------------------------------

    def start(self) -> None:
        (self.var / "log").mkdir(parents=True, exist_ok=True)
        self._only_one()
        self._port_free()
        database = os.environ.get("DATABASE_URL") or ""
        if self.embedded:
            say("starting PostgreSQL and Valkey")
            # Before they start, so that an interrupted start is tidied up as well. The file is
            # for the next run, should this one be killed: then those servers are its to stop.
            if not self.services.healthy():
                self.services_mark.touch()
            addresses: Addresses = self.services.start()[0]
            database = database or addresses.database_url
        self._translations()
        self._database(database)
        if not self.debug:
            self._static()
        self._children()
        self._wait_until_ready()
        print(f"\nReglament: {self.address}")
        if (told := self._demo_file()).is_file():
            print(told.read_text().rstrip())
        print(f"Logs are in {self.var / 'log'}. Ctrl-C stops everything.", flush=True)

    def _only_one(self) -> None:
        """Two runs on one database would send its letters with two sets of workers."""
        lock = (self.var / "run.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise RunError(
                f"Reglament already runs in this folder ({lock.read().strip()}): "
                "open that address, or stop it first with Ctrl-C in its terminal."
            ) from None
        self.lock = lock
        self.lock.truncate(0)
        self.lock.write(f"process {os.getpid()}, {self.address}\n")
        self.lock.flush()
        if ended := self.supervisor.end_leftovers():
            say(f"ended {ended} processes that a killed run had left")

    def _port_free(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError as error:
                raise RunError(
                    f"Port {self.port} is taken ({error.strerror}): choose another, "
                    f"for example `make run PORT={self.port + 1}`."
                ) from None

    def _translations(self) -> None:
        from config.messages import compile_stale

        if compile_stale():
            say("compiled translations")

    def _database(self, url: str) -> None:
        migrations = digest(ROOT.glob("*/migrations/*.py"), ROOT / "requirements.txt")
        # The stamp lies with the data: a new data folder has none. Of a server that is not
        # ours we know nothing, so there Django looks itself, each time.
        stamp = self.services.postgres.home / "migrated"
        if not (self.embedded and stamp.is_file() and stamp.read_text() == migrations):
            say("migrating the database")
            self._manage("migrate", "--verbosity", "0")
            if self.embedded:
                stamp.write_text(migrations)
        if not count(url, "pipelines_pipeline"):
            for folder in sorted((ROOT / "pipelines" / "playbooks").glob("*/company.yaml")):
                say(f"loading the regulation: playbook {folder.parent.name}")
                self._manage("playbook", "load", folder.parent.name)
        if not count(url, "crm_user"):
            say("making the demo")
            self._demo_file().write_text(self._manage("demo"))

    def _demo_file(self) -> Path:
        return self.var / "demo.txt"

    def _static(self) -> None:
        wanted = digest(
            (p for p in ROOT.glob("static/**/*") if p.is_file()),
            ROOT / "package-lock.json",
            ROOT / "config" / "frontend.py",
            ROOT / "requirements.txt",
        )
        stamp = self.var / "static.sha256"
        manifest = self.var / "static" / "staticfiles.json"
        if manifest.is_file() and stamp.is_file() and stamp.read_text() == wanted:
            return
        say("collecting static files")
        self._manage("collectstatic", "--noinput", "--verbosity", "0")
        stamp.write_text(wanted)

    def _manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode:
            raise RunError(f"`manage.py {' '.join(arguments)}` failed:\n{done.stdout.strip()}")
        return done.stdout

    def _children(self) -> None:
        say("starting web, worker and beat")
        python, logs = sys.executable, self.var / "log"
        web = [python, "-m", "granian", "--interface", "asgi", "--host", self.host]
        web += ["--port", str(self.port), "--workers", os.environ.get("WEB_WORKERS") or "2"]
        # Open streams are cut at the end: the pages come back by themselves.
        web += ["--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5"]
        web += ["config.asgi:application"]
        celery = [python, "-m", "celery", "--app", "config"]
        worker = [*celery, "worker", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        beat = [*celery, "beat", "--pidfile", ""]
        self.supervisor.add("web", web, logs / "web.log")
        self.supervisor.add("worker", [*worker, "--loglevel", "INFO"], logs / "worker.log")
        self.supervisor.add("beat", [*beat, "--loglevel", "INFO"], logs / "beat.log")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        told = "no answer"
        while time.monotonic() < deadline:
            self.supervisor.look_after()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5).close()
            except urllib.error.HTTPError as error:
                told = f"{error.code} {error.read().decode(errors='replace')[:200]}"
            except OSError as error:
                told = str(error)
            else:
                return
            time.sleep(0.2)
        raise RunError(f"The web server did not get ready in {READY_SECONDS} s: {told}")

    # --- running and stopping ---------------------------------------------------------

    def look_after(self) -> None:
        """One round of the watch over all processes."""
        self.supervisor.look_after()
        if self.embedded and not all(
            server.pid() for server in (self.services.postgres, self.services.valkey)
        ):
            say("a database server ended, starting it again")
            self.services.start()

    def stop(self) -> None:
        if self.lock is None:
            return  # another run's processes and servers
        self.supervisor.stop()
        if self.services_mark.exists():
            self.services.stop()
            self.services_mark.unlink()


def count(url: str, table: str) -> int:
    """Whether there is a row, 0 or 1; 0 also where the table is not there yet."""
    with psycopg.connect(url) as connection:
        try:
            row = connection.execute(f"SELECT count(*) FROM (SELECT FROM {table} LIMIT 1) t")  # noqa: S608
            return int(row.fetchone()[0])  # type: ignore[index]
        except psycopg.errors.UndefinedTable:
            return 0


def digest(files: Iterable[Path], *more: Path) -> str:
    """One hash of names and contents."""
    total = hashlib.sha256()
    for path in sorted((*files, *more)):
        total.update(str(path.relative_to(ROOT)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def say(what: str) -> None:
    print(f"· {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
