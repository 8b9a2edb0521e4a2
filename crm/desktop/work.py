"""Widgets of the day's work: what waits, what runs out, what nobody planned, what was broken."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, Window
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm import ageing
from crm.day import queue, sources
from crm.desktop.registry import Ask, Size, widget
from crm.filters import address
from crm.models import Deal, Task
from crm.registers import violations
from crm.visibility import DealQuerySet
from pipelines import catalog

FIRST = 6


@widget("day", _("My day"), icon="sun", size=Size.HALF, template="crm/desktop/day.html", slow=True)
def day(ask: Ask) -> dict[str, Any]:
    """The head of the queue; as many statements as the queue itself."""
    found = queue.read(ask.user, ask.user, now=ask.now, shown=FIRST)
    return {"day": found, "entries": [entry for part in found.parts for entry in part.entries]}


@widget(
    "forgotten",
    _("Deals without a task"),
    icon="alert-triangle",
    template="crm/desktop/deals.html",
)
def forgotten(ask: Ask) -> dict[str, Any]:
    deals = sources.forgotten(Deal.objects.visible_to(ask.user))
    return _counted(ask, deals, since="stage_since", words=_("%(time)s on the stage"), task="none")


@widget(
    "unanswered",
    _("Clients who wait for an answer"),
    icon="message-2-exclamation",
    template="crm/desktop/deals.html",
)
def unanswered(ask: Ask) -> dict[str, Any]:
    deals = sources.unanswered(Deal.objects.visible_to(ask.user))
    return _counted(ask, deals, since="unanswered_since", words=_("waits %(time)s"), waits="1")


def _counted(
    ask: Ask, deals: DealQuerySet, *, since: str, words: Any, **asked: str
) -> dict[str, Any]:
    """How many, and by whom: of one's own the longest waiting, of one's people how many each."""

    def link(**more: Any) -> str:
        return address("crm:table", pipeline="all", **asked, **more)

    if len(ask.shared.people) > 1:
        by_owner = deals.order_by().values_list("owner").annotate(count=Count("*"))
        rows = _by_person(ask, by_owner.order_by("-count"), lambda pk: link(owner=[pk]))
        return {"total": sum(row["count"] for row in rows), "all_url": link(), "people": rows}
    # Counted in the statement that reads the first of them.
    found = list(deals.annotate(total=Window(Count("*"))).select_related("stage")[:FIRST])
    rows = [
        {
            "deal": deal,
            "words": words % {"time": ageing.in_words(ask.now - getattr(deal, since))},
        }
        for deal in found
    ]
    total = found[0].total if found else 0  # type: ignore[attr-defined]
    return {"total": total, "all_url": link(), "deals": rows}


def _by_person(ask: Ask, counted: Iterable[tuple[int, int]], link: Any) -> list[dict[str, Any]]:
    """Of those the reader sees; who has left keeps his line, for his deals are still there."""
    return [
        {"name": ask.shared.people.get(pk, "—"), "count": count, "url": link(pk)}
        for pk, count in counted
    ]


@widget("ending", _("Limits that run out"), icon="alarm", template="crm/desktop/ending.html")
def ending(ask: Ask) -> dict[str, Any]:
    """First contacts and all other limits that end today, the soonest first; and how many are past."""
    seen = Deal.objects.visible_to(ask.user).open()
    until = queue.today_ends(ask.now)
    limits = seen.filter(stage_deadline__lt=until).aggregate(
        late=Count("pk", filter=Q(stage_deadline__lte=ask.now)), all=Count("*")
    )
    near = seen.filter(stage_deadline__gt=ask.now, stage_deadline__lt=until)
    rows = [
        {"deal": deal, "countdown": _countdown(deal, ask)}
        for deal in near.select_related("contact").order_by("stage_deadline", "pk")[:FIRST]
    ]
    return {
        "rows": rows,
        "total": limits["all"] - limits["late"],
        "all_url": address("crm:table", pipeline="all", late="today"),
        "late": limits["late"],
        "late_url": address("crm:table", pipeline="all", late="1"),
    }


def _countdown(deal: Deal, ask: Ask) -> ageing.Countdown | None:
    try:
        pipeline = catalog.pipeline(deal.pipeline_id)
    except KeyError:
        return None
    stage = pipeline.stage_by_id[deal.stage_id]
    return ageing.countdown(stage, deal.stage_deadline, calendar=pipeline.calendar, now=ask.now)


@widget(
    "overdue", _("Overdue tasks"), icon="calendar-exclamation", template="crm/desktop/people.html"
)
def overdue(ask: Ask) -> dict[str, Any]:
    """By person, for who leads anybody; one's own for everybody else."""
    tasks = Task.objects.visible_to(ask.user).open().filter(due_at__lt=ask.now)
    if ask.user.led_ids is not None:
        tasks = tasks.filter(owner__in=ask.user.led_ids)
    counted = tasks.order_by().values_list("owner").annotate(count=Count("*")).order_by("-count")
    everybody = sorted(ask.user.led_ids or ())

    def link(owners: Iterable[int]) -> str:
        return address("crm:tasks", overdue="1", state="open", owner=owners)

    rows = _by_person(ask, counted, lambda pk: link([pk]))
    total = sum(row["count"] for row in rows)
    return {"total": total, "all_url": link(everybody), "people": rows}


@widget("violations", _("Violations"), icon="alert-octagon", template="crm/desktop/people.html")
def broken(ask: Ask) -> dict[str, Any]:
    """Those that wait for an explanation, by who is to give it."""
    waiting = violations.visible_to(ask.user).filter(explained_at=None, excused_at=None)
    counted = waiting.order_by().values_list("culprit").annotate(count=Count("*"))
    register = reverse("crm:violations")

    def link(pk: int) -> str:
        return f"{register}?state=open&period=all&person={pk}"

    rows = _by_person(ask, counted.order_by("-count"), link)
    return {
        "total": sum(row["count"] for row in rows),
        "all_url": f"{register}?state=open&period=all",
        "people": rows,
    }
