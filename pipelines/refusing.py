"""The count of refusals: a refused try changes nothing, yet how often each clause refused must be known.

Whoever raises `MoveRefused` is noted here without knowing it. The rows are written when the outermost verb, request or
tick is over, that is after the transaction that was refused has been rolled back: one insert, however many refusals.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import DatabaseError, connection, transaction

if TYPE_CHECKING:
    from pipelines.context import Context
    from pipelines.errors import Refusal

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Tried:
    """What was refused: by which rule's clause, on which deal, to whom and when."""

    pipeline_id: int
    deal_id: int | None
    user_id: int | None
    way: str
    at: datetime


def tried(context: Context) -> Tried:
    if context.task is not None:
        way = "outcome"
    else:
        way = "open" if context.from_stage is None and context.to_stage is not None else "move"
    return Tried(context.pipeline.id, context.deal.pk, context.by.user_id, way=way, at=context.now)


_collected: ContextVar[dict[tuple[Tried, int | None, str], None] | None] = ContextVar(
    "refusals_collected", default=None
)


def note(refusals: Iterable[Refusal]) -> None:
    """Remember them for the count. Asked twice in one go (by a batch, then rule by rule), a try is one try."""
    collected = _collected.get()
    if collected is not None:
        for refusal in refusals:
            if refusal.tried is not None:
                collected[refusal.tried, refusal.rule, refusal.clause] = None


@contextmanager
def collecting() -> Iterator[None]:
    """Write at the end what was refused inside; inside another one, that one's end is waited for."""
    if _collected.get() is not None:
        yield
        return
    token = _collected.set({})
    try:
        yield
    finally:
        collected = _collected.get()
        _collected.reset(token)
        if collected:
            _keep(collected)


def _keep(collected: Iterable[tuple[Tried, int | None, str]]) -> None:
    from pipelines.models import LoggedRefusal

    if connection.needs_rollback:
        log.warning("Refusals are not counted: the caller's transaction is broken.")
        return
    rows = [
        LoggedRefusal(
            pipeline_id=item.pipeline_id,
            deal_id=item.deal_id,
            by_id=item.user_id,
            rule_id=rule,
            clause=clause,
            way=item.way,
            at=item.at,
        )
        for item, rule, clause in collected
    ]
    try:
        with transaction.atomic():
            LoggedRefusal.objects.bulk_create(rows)
    except DatabaseError:
        # A count is not worth a page that fails.
        log.exception("Refusals are not counted.")
