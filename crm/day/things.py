"""What a day is made of: things to do, each from a source, and the entries of the queue that they merge into.

An app above adds a source of its own: a function that reads the things of a person, registered with `source` when
the app is ready. It costs one statement at most, and none where it has nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from crm.ageing import Countdown
from crm.models import Company, Contact, ContactPoint, Deal, Task, User

# How many things of a source are read: more than anybody does in a day.
LIMIT = 150

NOW, TODAY, SOME_TIME = "now", "today", "any"
GROUPS = (NOW, TODAY, SOME_TIME)


@dataclass(frozen=True, slots=True)
class Ask:
    """Whose day is read, by whom and when; `until` is the end of the reader's today."""

    viewer: User
    owner: User
    now: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing to do. What has no hour (`at` is None) is done whenever one gets to it."""

    text: str
    icon: str
    # What it is, in a word or two, where it is a mark on an entry of another thing.
    kind: str
    at: datetime | None = None
    deal: Deal | None = None
    client: Contact | Company | None = None
    task: Task | None = None
    phone: str = ""
    # The regulation's own «first of its day».
    on_top: bool = False
    # A short limit that can still be kept: worth more than what is past.
    is_burning: bool = False
    why: str = ""
    clause: str = ""
    countdown: Countdown | None = None
    # What is left, in words, where no countdown runs; of a day without an hour.
    left: str = ""

    def group(self, now: datetime) -> str:
        if self.is_burning or (self.at is not None and self.at <= now):
            return NOW
        return SOME_TIME if self.at is None else TODAY

    def rank(self, now: datetime) -> tuple[Any, ...]:
        """The order of the queue: what runs out or is overdue, then by the hour, then what has none.

        In each the regulation's first come first; among the overdue those that can still be kept.
        """
        group = self.group(now)
        moment = self.at.timestamp() if self.at else 0.0
        return GROUPS.index(group), not self.on_top, not self.is_burning, moment, self.text


@dataclass
class Entry:
    """A line of the queue: the most urgent thing of a deal, and what else waits on it."""

    lead: Thing
    others: list[Thing] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The same however often the queue is read: «deal-12», «task-7»."""
        if self.lead.deal is not None:
            return f"deal-{self.lead.deal.pk}"
        return f"task-{self.lead.task.pk}" if self.lead.task else ""

    @property
    def client(self) -> Contact | Company | None:
        deal = self.lead.deal
        return (deal.contact or deal.company) if deal is not None else self.lead.client

    @property
    def phone(self) -> str:
        return self.lead.phone


Read = Callable[[Ask], Iterable[Thing]]


class Source(NamedTuple):
    code: str
    read: Read


_sources: dict[str, Source] = {}


def source(code: str) -> Callable[[Read], Read]:
    """Register what reads the things of one kind; once an app, at its start."""

    def register(read: Read) -> Read:
        _sources[code] = Source(code, read)
        return read

    return register


def merged(things: Iterable[Thing], now: datetime) -> list[Entry]:
    """The queue: each deal once, by its most urgent thing; what hangs on no deal stands for itself."""
    entries: list[Entry] = []
    of_deals: dict[int, Entry] = {}
    for thing in sorted(things, key=lambda item: item.rank(now)):
        known = of_deals.get(thing.deal.pk) if thing.deal is not None else None
        if known is not None:
            known.others.append(thing)
            continue
        entry = Entry(thing)
        entries.append(entry)
        if thing.deal is not None:
            of_deals[thing.deal.pk] = entry
    return entries


def read_all(ask: Ask) -> list[Entry]:
    return merged((thing for known in _sources.values() for thing in known.read(ask)), ask.now)


def phone_of(contact: str, company: str) -> Coalesce:
    """An annotation: the first phone of the contact, else of the company; the names are paths to their ids."""

    def first(of: str, path: str) -> Subquery:
        found = ContactPoint.objects.filter(**{of: OuterRef(path)}, kind=ContactPoint.Kind.PHONE)
        return Subquery(found.order_by("id").values("value")[:1])

    return Coalesce(first("contact", contact), first("company", company))
