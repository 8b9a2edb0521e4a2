"""What time brings: ticks with thousands due of a million, in one process and in two, and with nothing due."""

from __future__ import annotations

import multiprocessing
import time
from datetime import datetime
from typing import Any

from django.db import connection

from bench import data, driving, licences
from bench.floor import Floor
from pipelines import catalog, engine

PROCESSES = 2


def countdowns(database_url: str, facts: dict[str, Any]) -> None:
    """Plain countdowns, each with its task, in one process."""
    now = facts["now"]
    data.make_due(now)
    fired, taken = _tick(now, processes=1)
    _fired, idle = _tick(now, processes=1)
    data.make_due(now)
    started = time.perf_counter()
    Floor(database_url, facts).tick(now, data.DUE)
    least = time.perf_counter() - started
    print(
        f"\n{fired:,} due of {facts['countdowns']:,} countdowns: {taken:.2f} s with their tasks, one process; "
        f"nothing due: {idle * 1000:.1f} ms; floor {least * 1000:.0f} ms",
        flush=True,
    )


def licences_due(facts: dict[str, Any]) -> None:
    """Licences of the shipped playbook, each with its step, task, letter and move."""
    now = facts["now"]
    for processes in (1, PROCESSES):
        licences.make_due(now)
        before = licences.done()
        fired, taken = _tick(now, processes=processes)
        tasks, letters = (after - was for after, was in zip(licences.done(), before, strict=True))
        print(
            f"{fired:,} due of {facts['licences']:,} licences: {taken:.2f} s, {processes} process(es); "
            f"{tasks:,} tasks, {letters:,} letters",
            flush=True,
        )


def violations(facts: dict[str, Any]) -> None:
    """Requests past their limit, each a violation; the timers of the licences stand by and cost nothing."""
    now = facts["now"]
    driving.make_due(now)
    before = driving.broken()
    fired, taken = _tick(now, processes=1)
    print(
        f"{fired:,} due, {driving.broken() - before:,} violations: {taken:.2f} s, one process, "
        f"with {facts['timers']:,} timers armed",
        flush=True,
    )


def _tick(now: datetime, *, processes: int) -> tuple[int, float]:
    """How many fired and how long it took, the processes being there already, as workers are."""
    if processes == 1:
        started = time.perf_counter()
        fired = _work(now)
        return fired, time.perf_counter() - started
    connection.close()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        pool.map(_warm_up, range(processes * 4))
        started = time.perf_counter()
        fired = sum(pool.map(_work, [now] * processes, chunksize=1))
        return fired, time.perf_counter() - started


def _warm_up(_number: int) -> None:
    catalog.refresh()


def _work(now: datetime) -> int:
    fired = 0
    while count := engine.fire_due(now):
        fired += count
    return fired
