"""A person's day: the queue in its three parts, how many are left and how many are done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.day import things
from crm.day.things import Ask, Entry
from crm.models import Task, User

PORTION = 25
LABELS = {
    things.NOW: gettext_lazy("Overdue and running out"),
    things.TODAY: gettext_lazy("Today by the hour"),
    things.SOME_TIME: pgettext_lazy("tasks", "At any hour"),
}


@dataclass(frozen=True)
class Part:
    code: str
    label: str
    entries: list[Entry]


@dataclass(frozen=True)
class Day:
    owner: User
    parts: list[Part]
    left: int
    done: int
    # How many lines the page shows, of `left`; and how many it shows next.
    shown: int
    more: int


def today_ends(now: datetime) -> datetime:
    """The coming midnight of the active zone."""
    return starts(timezone.localdate(now) + timedelta(days=1))


def starts(day: date) -> datetime:
    """The moment at which a day of the active zone begins."""
    return timezone.make_aware(datetime.combine(day, time.min))


def ask_for(viewer: User, owner: User, now: datetime) -> Ask:
    return Ask(viewer, owner, now, today_ends(now))


def read(viewer: User, owner: User, *, now: datetime, shown: int = PORTION) -> Day:
    """The owner's day as far as the viewer sees it; a statement for each source and one for what is done."""
    entries = things.read_all(ask_for(viewer, owner, now))
    by_part: dict[str, list[Entry]] = {code: [] for code in LABELS}
    for entry in entries[:shown]:
        by_part[entry.lead.group(now)].append(entry)
    parts = [Part(code, str(LABELS[code]), found) for code, found in by_part.items() if found]
    return Day(
        owner=owner,
        parts=parts,
        left=len(entries),
        done=done_today(viewer, owner, now=now),
        shown=min(shown, len(entries)),
        more=shown + PORTION if len(entries) > shown else 0,
    )


def done_today(viewer: User, owner: User, *, now: datetime) -> int:
    """How many tasks of the owner ended with a result since midnight."""
    since = starts(timezone.localdate(now))
    mine = Task.objects.visible_to(viewer).filter(owner=owner, state=Task.State.DONE)
    return mine.filter(ended_at__gte=since).count()
