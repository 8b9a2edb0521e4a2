"""How long what a move by hand sends waits, so that the move can be taken back with its letters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta

# As long as the button «Undo» is shown.
GRACE = timedelta(seconds=15)

_until: ContextVar[datetime | None] = ContextVar("nothing_leaves_before", default=None)


@contextmanager
def waiting(until: datetime | None) -> Iterator[None]:
    """What is queued inside leaves at that moment at the earliest; None: at once, as ever."""
    token = _until.set(until or _until.get())
    try:
        yield
    finally:
        _until.reset(token)


def not_before(asked: datetime | None = None) -> datetime | None:
    """The later of what a letter asks for by itself and what its move grants."""
    moments = [moment for moment in (asked, _until.get()) if moment is not None]
    return max(moments, default=None)
