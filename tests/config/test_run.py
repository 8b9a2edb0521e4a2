"""The supervisor of `make run`: nothing it started outlives it, nothing dies unnoticed."""

import sys
import time
from pathlib import Path

import psutil
import pytest

from config.supervisor import GaveUp, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# Starts a child of its own and shrugs off SIGTERM, as a stuck worker would.
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); time.sleep(600)",
]


@pytest.fixture
def supervisor(tmp_path: Path):
    said: list[str] = []
    supervisor = Supervisor(tmp_path / "notes.json", {}, said.append)
    supervisor.said = said
    yield supervisor
    supervisor.stop()


def until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_child_that_dies_is_started_again_and_that_is_said(supervisor, tmp_path):
    supervisor.add("web", SLEEP, tmp_path / "web.log")
    first = supervisor.children[0].process
    first.kill()
    first.wait()

    supervisor.look_after()

    assert supervisor.children[0].process.pid != first.pid
    assert supervisor.said == ["web ended (code -9), starting it again"]


def test_a_child_that_keeps_dying_ends_it_all_with_its_last_words(supervisor, tmp_path):
    supervisor.add("beat", [sys.executable, "-c", "exit('no schedule')"], tmp_path / "beat.log")

    for _ in range(2):
        supervisor.children[0].process.wait()
        supervisor.look_after()
    supervisor.children[0].process.wait()

    with pytest.raises(GaveUp, match=r"beat ended 3 times(.|\n)*no schedule"):
        supervisor.look_after()


def test_stopping_ends_also_the_children_of_a_child_that_does_not_listen(
    supervisor, tmp_path, monkeypatch
):
    monkeypatch.setattr("config.supervisor.STOP_SECONDS", 0.3)
    supervisor.add("worker", STUBBORN, tmp_path / "worker.log")
    process = psutil.Process(supervisor.children[0].process.pid)
    until(process.children)
    (grandchild,) = process.children()

    supervisor.stop()

    assert not process.is_running()
    until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_the_next_run_ends_what_a_killed_one_left_and_nothing_else(supervisor, tmp_path):
    supervisor.add("web", SLEEP, tmp_path / "web.log")
    left = psutil.Process(supervisor.children[0].process.pid)
    notes = supervisor.notes.read_text()
    # A note whose number has meanwhile gone to another process: this one.
    supervisor.notes.write_text(notes.replace("]]", f"], [{psutil.Process().pid}, 1.0]]"))

    assert Supervisor(supervisor.notes, {}, print).end_leftovers() == 1
    until(lambda: not left.is_running() or left.status() == psutil.STATUS_ZOMBIE)
