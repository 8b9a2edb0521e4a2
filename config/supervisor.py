"""Keeps the processes of `make run` running, and ends them all together."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

STOP_SECONDS = 15
# This many deaths within so many seconds, and starting it once more would not help.
DEATHS, WITHIN_SECONDS = 3, 60


class GaveUp(Exception):
    """A program that keeps dying: its name, and where it said why."""


@dataclass
class Child:
    name: str
    command: list[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-15:])


class Supervisor:
    """Starts children, restarts what dies, stops everything.

    What runs is noted in `notes`, so that the next start can end what a killed one left.
    """

    def __init__(
        self, notes: Path, environment: dict[str, str], say: Callable[[str], None]
    ) -> None:
        self.notes = notes
        self.environment = environment
        self.say = say
        self.children: list[Child] = []

    def add(self, name: str, command: list[str], log: Path) -> None:
        child = Child(name, command, log)
        self.children.append(child)
        self._start(child)

    def look_after(self) -> None:
        """One round: restart what has died since the last one."""
        for child in self.children:
            if child.process is None or child.process.poll() is None:
                continue
            now = time.monotonic()
            child.deaths = [at for at in child.deaths if now - at < WITHIN_SECONDS] + [now]
            if len(child.deaths) >= DEATHS:
                raise GaveUp(
                    f"{child.name} ended {DEATHS} times within {WITHIN_SECONDS} s; "
                    f"the end of {child.log}:\n{child.last_words()}"
                )
            self.say(f"{child.name} ended (code {child.process.returncode}), starting it again")
            self._start(child)

    def stop(self) -> None:
        """All at once asked to end, then waited for, then killed with all they started."""
        running = [c.process for c in self.children if c.process and c.process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
        for process in running:
            # Each leads a process group of its own, which a stuck grandchild belongs to.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.children.clear()
        self.notes.unlink(missing_ok=True)

    def end_leftovers(self) -> int:
        """Ends what an earlier run that was killed left running; returns how many."""
        try:
            noted = json.loads(self.notes.read_text())
        except (OSError, ValueError):
            return 0
        left = []
        for pid, created in noted:
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                # A number is used again for another process; its birth is not.
                if abs(process.create_time() - created) < 1:
                    left += [*process.children(recursive=True), process]
        for process in left:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=STOP_SECONDS)
        self.notes.unlink(missing_ok=True)
        return len(left)

    def _start(self, child: Child) -> None:
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                # Ctrl-C reaches the whole group in the terminal; here only the supervisor
                # hears it and ends the others in order.
                start_new_session=True,
            )
        self._note()

    def _note(self) -> None:
        noted = []
        for child in self.children:
            if child.process is not None:
                with suppress(psutil.Error):
                    created = psutil.Process(child.process.pid).create_time()
                    noted.append((child.process.pid, created))
        self.notes.write_text(json.dumps(noted))
