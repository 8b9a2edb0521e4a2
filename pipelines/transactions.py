"""One transaction a verb, and what it holds locked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connection, transaction

from pipelines import refusing

P = ParamSpec("P")
R = TypeVar("R")


def verb(function: Callable[P, R]) -> Callable[P, R]:
    """Run the verb in one transaction: the caller's, or one of its own.

    Unlike `atomic` it opens no savepoint inside a transaction. A verb checks before it writes and lets its errors
    pass, so that whoever opened the transaction (or the savepoint round a rule) takes everything back.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        with refusing.collecting(), transaction.atomic():
            return function(*args, **kwargs)

    return run


_held: ContextVar[tuple[Any, ...]] = ContextVar("rows_held_locked", default=())


@contextmanager
def holding(*rows: Any) -> Iterator[None]:
    """Say that these instances are locked and fresh, so that the verbs called inside need not read them again."""
    token = _held.set(_held.get() + rows)
    try:
        yield
    finally:
        _held.reset(token)


def is_held(row: Any) -> bool:
    """Whether this very instance (another of the same row may be stale) is locked by the caller."""
    return any(row is held for held in _held.get())


_memory: ContextVar[dict[Any, Any] | None] = ContextVar("read_once", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """For a batch: what is the same for all its deals (a letter's template) is read once, by `once`."""
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def forget() -> None:
    """A savepoint was rolled back: what was read, or done once, inside it may never have been."""
    if (memory := _memory.get()) is not None:
        memory.clear()


def once(key: Any, load: Callable[[], R]) -> R:
    """What `load` returns; inside `remembering` it is asked once a key."""
    memory = _memory.get()
    if memory is None:
        return load()
    if key not in memory:
        memory[key] = load()
    found: R = memory[key]
    return found
