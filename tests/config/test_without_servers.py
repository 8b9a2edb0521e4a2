"""Commands before anything runs: those that need no data work, the others say what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def manage(
    tmp_path: Path, *arguments: str, **environment: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "VAR_DIR": str(tmp_path),
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "command", [["check"], ["makemigrations", "--check", "--dry-run"], ["findstatic", "--help"]]
)
def test_what_needs_no_data_works(tmp_path, command):
    done = manage(tmp_path, *command)

    assert done.returncode == 0, done.stderr


def test_what_needs_a_database_says_how_to_start_one(tmp_path):
    done = manage(tmp_path, "migrate")

    assert done.returncode == 1
    assert "make run" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_named_server_that_cannot_be_reached_is_said_so(tmp_path):
    done = manage(
        tmp_path,
        "migrate",
        DATABASE_URL="postgres://u:p@127.0.0.1:1/x",
        REDIS_URL="redis://127.0.0.1:1/0",
    )

    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_production_without_a_secret_key_does_not_start(tmp_path):
    done = manage(tmp_path, "migrate", SECRET_KEY="")

    assert done.returncode == 1
    assert "SECRET_KEY is not set" in done.stderr
