"""The server under measurement: embedded engines, a database of its own, two web processes, production settings."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg

from config.services.manager import Services
from config.services.state import free_port

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "bench"


def database(scale: float) -> tuple[str, str]:
    """Start the engines and make the run's database as a copy of the loaded one (made once); returns both URLs."""
    addresses, _started = Services(VAR).start()
    prefix, run = f"base_{scale:g}_".replace(".", "p"), "run"
    base = prefix + _migrations()
    with psycopg.connect(addresses.database_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {run} WITH (FORCE)")
        known = {row[0] for row in admin.execute("SELECT datname FROM pg_database")}
        for old in known:
            if old.startswith(prefix) and old != base:
                admin.execute(f"DROP DATABASE {old} WITH (FORCE)")
        if base not in known:
            print(f"loading {scale * 100_000:,.0f} deals …", flush=True)
            admin.execute("DROP DATABASE IF EXISTS loading WITH (FORCE)")
            admin.execute("CREATE DATABASE loading")
            _load(_named(addresses.database_url, "loading"), addresses.redis_url, scale)
            admin.execute(f"ALTER DATABASE loading RENAME TO {base}")
        admin.execute(f"CREATE DATABASE {run} TEMPLATE {base} STRATEGY file_copy")
    return _named(addresses.database_url, run), addresses.redis_url


def stop() -> None:
    Services(VAR).stop()


def _migrations() -> str:
    """A word for the schema: data loaded under another one is loaded anew."""
    names = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/migrations/0*.py"))
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]


def _named(url: str, name: str) -> str:
    return f"{url.rsplit('/', 1)[0]}/{name}"


def environment(database_url: str, redis_url: str) -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DEBUG": "0",
        "HTTPS": "0",
        "SECRET_KEY": "for-the-bench-only-" + "x" * 40,
        "ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


def _load(database_url: str, redis_url: str, scale: float) -> None:
    env = environment(database_url, redis_url)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=env, check=True
    )
    subprocess.run([sys.executable, "-m", "bench.load", str(scale)], cwd=ROOT, env=env, check=True)


class Web:
    """Two web processes; `memory` is the largest one's, in MB."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def memory(self) -> float:
        children = psutil.Process(self.process.pid).children(recursive=True)
        return max((child.memory_info().rss for child in children), default=0) / 2**20


@contextmanager
def web(env: dict[str, str]) -> Iterator[Web]:
    subprocess.run(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"],
        cwd=ROOT,
        env=env,
        check=True,
    )
    port = free_port()
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "2", "--no-ws", "--log-level", "warning", "config.asgi:application",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=env | {"WEB_THREADS": "2"})
    try:
        _wait(port)
        yield Web(process, port)
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    for _try in range(150):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError("the web server did not start")
