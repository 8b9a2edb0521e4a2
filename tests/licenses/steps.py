"""Steps in which the tests live through the life of a licence; every one is a verb of the project."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from crm.models import Deal, Task, User
from licenses import verbs
from licenses.models import Licence
from notifications.models import Message
from pipelines import engine
from pipelines.actor import Actor
from tests.clauses.steps import HOUR
from tests.factories import NOON, make_deal

# The licence of the tests ends a year after NOON (10 March 2026).
END = date(2027, 3, 10)


def midnight(day: date) -> datetime:
    """The beginning of the day in Minsk (UTC+3 all year)."""
    return datetime(day.year, day.month, day.day, tzinfo=NOON.tzinfo) - 3 * HOUR


def before_end(days: int) -> datetime:
    """Noon of the day that is so many days before the licence's last one."""
    return midnight(END) - timedelta(days=days) + 10 * HOUR


def make_licence(
    owner: User, *, ends: date | None = END, now: datetime = NOON, **kwargs: Any
) -> Deal:
    """A deal of «Лицензии» whose end is typed from the client's account."""
    deal = make_deal(owner, pipeline="licences", now=now, **kwargs)
    if ends is not None:
        type_expiry(deal, ends, now=now)
    return deal


def type_expiry(deal: Deal, ends: date, *, now: datetime = NOON, by: User | None = None) -> Licence:
    return verbs.set_expiry(deal, expires_on=ends, by=Actor.person(by or deal.owner), now=now)


def renew(deal: Deal, *, now: datetime, months: int = 12, **kwargs: Any) -> Licence:
    return verbs.renew_licence(
        deal,
        paid_on=kwargs.pop("paid_on", (now + 3 * HOUR).date()),
        months=months,
        by=Actor.person(deal.owner),
        now=now,
        **kwargs,
    )


def tick(now: datetime, limit: int = 100) -> int:
    """All that is due by `now`."""
    fired = 0
    while count := engine.fire_due(now, limit=limit):
        fired += count
    return fired


def licence_of(deal: Deal) -> Licence:
    return Licence.objects.get(deal=deal)


def stage_of(deal: Deal) -> str:
    return Deal.objects.get(pk=deal.pk).stage.code


def reminders(deal: Deal) -> list[str]:
    """Codes of the tasks set and of the letters sent, in their order."""
    tasks = Task.objects.filter(deal=deal, code__in=("ask_renewal", "send_invoice")).order_by("pk")
    letters = Message.objects.filter(deal=deal).order_by("pk").select_related("template")
    return [task.code for task in tasks] + [
        letter.template.code for letter in letters if letter.template
    ]
