"""Starting, stopping and asking after the two servers together."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.services.postgres import Postgres
from config.services.state import (
    Addresses,
    ServicesError,
    State,
    free_port,
    keep_secret_key,
    port_is_free,
)
from config.services.valkey import Valkey

__all__ = ["Services", "ServicesError"]

PATIENCE_SECONDS = 15


class Services:
    """The embedded servers of one `var` folder.

    `careless` trades safety after a power cut for speed: for tests only.
    """

    def __init__(self, var: Path, *, careless: bool = False) -> None:
        self.var = var
        logs = var / "log"
        self.postgres = Postgres(var / "postgres", logs / "postgres.log", careless=careless)
        self.valkey = Valkey(var / "valkey", logs / "valkey.log", careless=careless)

    def start(self) -> tuple[Addresses, list[str]]:
        """Makes both servers run; returns their addresses and which of them were started here.

        A server that already runs on this data is used as it is. One that runs but does not
        answer to the password kept in services.json is refused, never started twice.
        """
        (self.var / "log").mkdir(parents=True, exist_ok=True)
        with self._lock():
            keep_secret_key(self.var)
            state = State.read(self.var) or self._first_state()
            started: list[Postgres | Valkey] = []
            try:
                for server in (self.postgres, self.valkey):
                    if self._has_to_start(server, state):
                        self._choose_port(server, state)
                        started.append(server)
                        server.start(state)
            except BaseException:
                # One without the other is of no use, and nobody would know that it runs.
                for server in reversed(started):
                    server.stop()
                raise
            return state.addresses, [server.name for server in started]

    def stop(self) -> list[str]:
        """Stops what runs, the broker first, and returns what was stopped."""
        if not self.var.exists():
            return []
        with self._lock():
            stopped = []
            for server in (self.valkey, self.postgres):
                if server.pid() is not None:
                    server.stop()
                    stopped.append(server.name)
            return stopped

    def status(self) -> dict[str, str]:
        """A word about each server, by name."""
        state = State.read(self.var)
        words = {}
        for server in (self.postgres, self.valkey):
            pid = server.pid()
            if pid is None:
                words[server.name] = "does not run"
            elif state is not None and server.answers(state):
                words[server.name] = f"runs, process {pid}"
            else:
                words[server.name] = f"process {pid} does not answer"
        return words

    def healthy(self) -> bool:
        return all(word.startswith("runs") for word in self.status().values())

    def _has_to_start(self, server: Postgres | Valkey, state: State) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        # One that is just dying, starting, or recovering after a power cut deserves a moment.
        while (pid := server.pid()) is not None:
            if server.answers(state):
                return False
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        if pid is None:
            return True
        raise ServicesError(
            f"{server.name} (process {pid}) already runs on {server.home} but does not answer: "
            "stop that process, then try again."
        )

    def _first_state(self) -> State:
        if (self.postgres.data / "PG_VERSION").exists():
            raise ServicesError(
                f"{self.var} holds a database, but {self.var / 'services.json'}, which has its "
                "password, is missing or unreadable: put it back from a backup."
            )
        state = State.new()
        state.write(self.var)
        return state

    def _choose_port(self, server: Postgres | Valkey, state: State) -> None:
        """Keeps the port of last time unless somebody else took it meanwhile."""
        name = "postgres_port" if server is self.postgres else "valkey_port"
        if not port_is_free(getattr(state, name)):
            setattr(state, name, free_port())
            state.write(self.var)

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Two starts at once would race for one data folder; the second waits and finds it done."""
        with (self.var / "services.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
