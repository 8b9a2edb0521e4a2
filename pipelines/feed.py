"""Writing the feed. `write` only writes; `engine.record` writes and lets `on:` rules hear."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipelines import registry
from pipelines.actor import SYSTEM, Actor
from pipelines.context import cause
from pipelines.models import Event


def write(verb: str, *, now: datetime, **facts: Any) -> Event:
    """Append one fact, inside the transaction that makes it true. Errors: KeyError for an unregistered verb."""
    event = draft(verb, now=now, **facts)
    event.save(force_insert=True)
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
