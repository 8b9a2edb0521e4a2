"""How far the check of a file has come, for whoever looks at its page.

A check is one transaction, whole or not at all, so that what it says on its way stands outside of the database, in the
cache: a hint, not the truth of anything. Without the cache there is no broker either, and nothing is being checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.cache import cache

KEPT_SECONDS = 6 * 3600
# A chunk of a check takes a second or two: a worker that has said nothing for so long is gone.
SILENCE = timedelta(seconds=30)


@dataclass(frozen=True)
class Progress:
    """`row` of `height` rows of the file has been checked, both counted as its owner sees them there; 0 while unknown."""

    row: int
    height: int
    at: datetime

    @property
    def percent(self) -> int:
        return min(100, 100 * self.row // self.height) if self.height else 0

    def is_silent(self, now: datetime) -> bool:
        """Whether the worker was interrupted at this row; while a book is opened it has nothing to say."""
        return self.height > 0 and now - self.at > SILENCE


def tell(job: int, *, row: int, height: int, now: datetime) -> None:
    cache.set(_key(job), (row, height, now), KEPT_SECONDS)


def of(job: int) -> Progress | None:
    kept = cache.get(_key(job))
    return Progress(*kept) if kept else None


def ask_to_stop(job: int) -> None:
    cache.set(f"{_key(job)}:stop", True, KEPT_SECONDS)


def is_asked_to_stop(job: int) -> bool:
    return bool(cache.get(f"{_key(job)}:stop"))


def forget(job: int) -> None:
    """Another check begins, or this one is over."""
    cache.delete(_key(job))
    cache.delete(f"{_key(job)}:stop")


def _key(job: int) -> str:
    return f"import:{job}:check"
