"""`make lint`: every check is run, and what failed is said at the end."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable

CHECKS = {
    "ruff check": [PYTHON, "-m", "ruff", "check", "."],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "mypy": [PYTHON, "-m", "mypy"],
    "imports": [str(Path(PYTHON).with_name("lint-imports"))],
    "check --deploy": [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
    "migrations": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "translations": [PYTHON, "-m", "config.messages", "check"],
}


def main() -> int:
    failed = []
    for name, command in CHECKS.items():
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as var:
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=_production(var),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
        seconds = time.monotonic() - started
        print(
            f"{'ok    ' if done.returncode == 0 else 'FAILED'} {name} ({seconds:.0f} s)", flush=True
        )
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
    if failed:
        print(f"make lint: {', '.join(failed)} failed")
    return 1 if failed else 0


def _production(var: str) -> dict[str, str]:
    """What a deployment sets; no servers, since none of the checks may need one."""
    return {
        **os.environ,
        "SECRET_KEY": secrets.token_urlsafe(64),
        "DEBUG": "false",
        "HTTPS": "true",
        "ALLOWED_HOSTS": "crm.example.com",
        "DATABASE_URL": "",
        "REDIS_URL": "",
        "VAR_DIR": var,
        # makemigrations looks into a database where it can, and warns where it cannot.
        "PYTHONWARNINGS": "ignore::RuntimeWarning",
    }


if __name__ == "__main__":
    sys.exit(main())
