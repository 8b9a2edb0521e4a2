"""The lock on the columns that only the engine writes: a deal's pipeline, stage and status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

GUARDED = frozenset({"pipeline", "pipeline_id", "stage", "stage_id", "status"})

_is_open: ContextVar[bool] = ContextVar("the_door_is_open", default=False)


class WrongDoor(RuntimeError):
    """A deal's stage and status are changed by pipelines.engine only."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@contextmanager
def opened() -> Iterator[None]:
    """Let the engine write; used by `pipelines.engine` and `pipelines.undoing` and nowhere else (a test reads the code for it)."""
    token = _is_open.set(True)
    try:
        yield
    finally:
        _is_open.reset(token)


def check_columns(columns: Iterable[str]) -> None:
    """Refuse an `update()` or a bulk write of a guarded column. Errors: WrongDoor."""
    if not _is_open.get() and GUARDED.intersection(columns):
        raise WrongDoor


def guard_the_door(deal: Any, update_fields: Iterable[str] | None) -> None:
    """Refuse a `save()` that creates a deal or could write a guarded column. Errors: WrongDoor."""
    check_columns(GUARDED if update_fields is None else update_fields)
