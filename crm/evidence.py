"""Entries of the feed as evidence: what proves the client's words, and what shows that he turned to us himself."""

from __future__ import annotations

from collections.abc import Callable

from crm.contacting import CALL_ANSWERED, CALL_MISSED, MESSAGE_RECEIVED
from crm.models import Deal
from pipelines import catalog
from pipelines.models import Event

LETTER_RECEIVED = "letter.received"
# What he wrote, or a conversation whose recording can be listened to.
WRITTEN = frozenset({MESSAGE_RECEIVED, LETTER_RECEIVED})
# Among these a form looks for evidence.
VERBS = (*sorted(WRITTEN), CALL_ANSWERED, CALL_MISSED)


def proves(event: Event) -> bool:
    """Whether a feed entry is evidence of what the client said."""
    return event.verb in WRITTEN or (
        event.verb == CALL_ANSWERED and bool(event.data.get("recording"))
    )


def is_turning(event: Event) -> bool:
    """Whether by this the client turned to us: he wrote, or he called, answered by us or not."""
    return event.verb in WRITTEN | {CALL_MISSED} or (
        event.verb == CALL_ANSWERED and bool(event.data.get("incoming"))
    )


def fitting(deal: Deal, code: str) -> Callable[[Event], bool]:
    """What the deal's regulation takes for this evidence field: its guards say, and without any it is proof."""
    for rule in catalog.pipeline(deal.pipeline_id).rules:
        if rule.entry.name == "client_turned" and rule.params.field == code:
            return is_turning
    return proves
