"""var/services.json: where the embedded servers listen, and with which passwords.

The file says where a server *would* be: whether it runs is asked of the server itself,
since a file outlives a power cut and a server does not.
"""

import json
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
DATABASE = "reglament"


class ServicesError(Exception):
    """A sentence for the person who started the servers."""


@dataclass(frozen=True)
class Addresses:
    """What settings.py needs to know."""

    database_url: str
    redis_url: str


@dataclass
class State:
    """Ports and passwords, kept over restarts so that an address stays the same."""

    postgres_port: int
    postgres_password: str
    valkey_port: int
    valkey_password: str

    @property
    def addresses(self) -> Addresses:
        return Addresses(
            database_url=(
                f"postgres://{DATABASE}:{self.postgres_password}"
                f"@{HOST}:{self.postgres_port}/{DATABASE}"
            ),
            redis_url=f"redis://:{self.valkey_password}@{HOST}:{self.valkey_port}/0",
        )

    @classmethod
    def read(cls, var: Path) -> "State | None":
        """The state kept in `var`; None where there is none yet or it is unreadable."""
        try:
            found: dict[str, Any] = json.loads((var / "services.json").read_text())
            return cls(**found)
        except (OSError, ValueError, TypeError):
            return None

    @classmethod
    def new(cls) -> "State":
        # Hex, so that a password needs no quoting in a URL or in a configuration file.
        return cls(
            postgres_port=free_port(),
            postgres_password=secrets.token_hex(16),
            valkey_port=free_port(),
            valkey_password=secrets.token_hex(16),
        )

    def write(self, var: Path) -> None:
        """Replaces the file in one step: a reader never sees half of it."""
        path = var / "services.json"
        _write_private(path, json.dumps(asdict(self), indent=2))


def keep_secret_key(var: Path) -> None:
    """Makes Django's SECRET_KEY on the first start and keeps it: people stay signed in."""
    path = var / "secret_key"
    if not path.is_file():
        _write_private(path, secrets.token_urlsafe(64))


def _write_private(path: Path, text: str) -> None:
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do it: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind((HOST, port))
            return True
        return False
