"""Entries pinned to the top of a card's feed, for everybody who sees the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.card import feed_lines
from crm.card.feed_line import Line
from crm.clients import verbs as clients
from crm.models import Company, Contact, Deal, Pin
from crm.records import of
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.models import Event
from pipelines.transactions import verb

PINNED = registry.event("feed.pinned", label=gettext_lazy("pinned"), icon="pin")
UNPINNED = registry.event("feed.unpinned", label=gettext_lazy("unpinned"), icon="pinned-off")

# What is on top of everything is on top of nothing.
LIMIT = 5

Card = Deal | Contact | Company


@dataclass(frozen=True)
class Pinned:
    """A line of the feed on top of the card, with who put it there and when."""

    pin: Pin
    line: Line


@dataclass(frozen=True)
class Pins:
    # The last one pinned first; only what the reader sees in this feed.
    shown: list[Pinned]
    # The entries that are pinned on this card.
    entries: frozenset[int]


NONE = Pins([], frozenset())


def read_pins(
    record: Card, feed: Callable[[], QuerySet[Event]], pipelines: Mapping[int, int]
) -> Pins:
    """What is pinned on the card; `feed` gives all entries the reader sees there, `pipelines` are those of its deals.

    One statement where nothing is pinned: only then nobody asks what the feed consists of.
    """
    pins = list(Pin.objects.filter(**of(record)).select_related("by"))
    if not pins:
        return NONE
    entries = frozenset(pin.event_id for pin in pins)
    events = feed().filter(pk__in=entries).select_related("actor", "rule")
    lines = {line.event.pk: line for line in feed_lines.lines_of(events, pipelines)}
    shown = [Pinned(pin, lines[pin.event_id]) for pin in pins if pin.event_id in lines]
    return Pins(shown, entries)


def entries_of(record: Card) -> Pins:
    """Which entries are pinned, for a portion of the feed that does not show them on top."""
    return Pins([], frozenset(Pin.objects.filter(**of(record)).values_list("event_id", flat=True)))


@verb
def pin(record: Card, event: Event, *, by: Actor, now: datetime) -> None:
    """Put an entry of the card's feed on top of it; one that is there already stays as it is.

    Errors: RegulationError without the right to edit, for an entry without words, and where LIMIT are pinned.
    """
    _lock(record, by)
    if not feed_lines.carries_words(event):
        raise RegulationError(_("Only what was said or written can be pinned."))
    pins = Pin.objects.filter(**of(record))
    if pins.filter(event=event).exists():
        return
    if pins.count() >= LIMIT:
        said = _("%(limit)s entries are pinned here already. Unpin one of them first.")
        raise RegulationError(said % {"limit": LIMIT})
    Pin.objects.create(**of(record), event=event, by=by.user, at=now)
    engine.record(PINNED, **of(record), by=by, now=now, data=_told(event))


@verb
def unpin(record: Card, event: Event, *, by: Actor, now: datetime) -> None:
    """Let an entry stand in the feed only. Errors: RegulationError without the right to edit."""
    _lock(record, by)
    if Pin.objects.filter(**of(record), event=event).delete()[0]:
        engine.record(UNPINNED, **of(record), by=by, now=now, data=_told(event))


def _lock(record: Card, by: Actor) -> None:
    """A contact or a company is changed by whoever sees it; a deal as its stage lets."""
    if isinstance(record, Deal):
        engine.lock_to_edit(record, by)
    else:
        clients.lock(record)


def _told(event: Event) -> dict[str, object]:
    """Which entry, and not what it says: a client's feed is read by people who do not see all of his deals."""
    return {"entry": event.pk, "of": event.verb, "at": event.at.isoformat()}
