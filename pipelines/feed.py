"""Writing the feed. `write` and `note` only write; `engine.record` writes and lets `on:` rules hear."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from pipelines import listening, registry, writes
from pipelines.actor import SYSTEM, Actor
from pipelines.context import cause
from pipelines.models import Event

_waiting: ContextVar[list[Event] | None] = ContextVar("entries_waiting", default=None)


@contextmanager
def gathering() -> Iterator[None]:
    """Entries noted inside wait and are inserted together, in their order, before the outermost block ends.

    A move notes half a dozen facts that nobody reads before it is over: one statement instead of six. A block left
    by an error drops what was noted in it, like the savepoint around it.
    """
    waiting = _waiting.get()
    if waiting is not None:
        before = list(waiting)
        try:
            yield
        except BaseException:
            # What waited before may have been inserted inside, and gone with the savepoint: it waits again.
            waiting[:] = before
            raise
        return
    token = _waiting.set([])
    try:
        yield
        flush()
    finally:
        _waiting.reset(token)


def flush(*drafts: Event) -> None:
    """Insert what waits, so that what is written next comes after it; and the drafts, which then have their numbers."""
    waiting = _waiting.get()
    if entries := [*(waiting or ()), *drafts]:
        if writes.is_gathering():
            for entry in entries:
                writes.insert(entry)
        else:
            Event.objects.bulk_create(entries)
        if waiting:
            waiting.clear()
        # Last: a listener may write entries of its own.
        for entry in entries:
            listening.tell(entry)


def write(verb: str, *, now: datetime, **facts: Any) -> Event:
    """Append one fact at once, inside the transaction that makes it true: the entry has its number.

    Errors: KeyError for an unregistered verb.
    """
    flush()
    event = draft(verb, now=now, **facts)
    writes.insert(event)
    listening.tell(event)
    return event


def note(verb: str, *, now: datetime, **facts: Any) -> Event:
    """Append one fact that nobody asks the number of: it may wait for the others of its `gathering`."""
    if (waiting := _waiting.get()) is None:
        return write(verb, now=now, **facts)
    event = draft(verb, now=now, **facts)
    waiting.append(event)
    return event


def draft(
    verb: str,
    *,
    now: datetime,
    by: Actor = SYSTEM,
    deal: Any = None,
    contact: Any = None,
    company: Any = None,
    data: dict[str, Any] | None = None,
    outside_id: str | None = None,
) -> Event:
    """An unsaved entry, for a verb that writes several at once."""
    return Event(
        verb=registry.verbs[verb].name,
        deal=deal,
        contact_id=contact.pk if contact is not None else getattr(deal, "contact_id", None),
        company_id=company.pk if company is not None else getattr(deal, "company_id", None),
        actor=by.user,
        rule_id=by.rule_id,
        data=data or {},
        cause_id=cause().event_id,
        outside_id=outside_id,
        at=now,
    )
