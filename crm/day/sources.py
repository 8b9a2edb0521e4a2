"""The things that the records themselves bring: tasks, limits of stages, unanswered clients, deals without a task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from crm import ageing
from crm.ageing import Countdown
from crm.card.page import TASK_ICONS, due_colour
from crm.day.things import LIMIT, Ask, Thing, phone_of, source
from crm.lookups import one_of
from crm.models import Deal, Task
from crm.visibility import DealQuerySet
from pipelines import catalog
from pipelines.catalog import CompiledPipeline, CompiledStage

# From so much before its hour on a task's countdown is near its end.
NEAR = timedelta(minutes=15)


@source("tasks")
def tasks(ask: Ask) -> Iterator[Thing]:
    """Open tasks due by the end of today."""
    found = (
        Task.objects.visible_to(ask.viewer)
        .open()
        .filter(owner=ask.owner, due_at__lt=ask.until)
        .select_related("deal", "deal__contact", "deal__company", "contact", "company")
        .annotate(
            phone=phone_of("contact", "company"),
            deal_phone=phone_of("deal__contact", "deal__company"),
        )
        .order_by("due_at", "pk")[:LIMIT]
    )
    for task in found:
        is_overdue = due_colour(task, ask.now) == "overdue"
        hour = None if task.all_day and not is_overdue else task.due_at
        yield Thing(
            text=task.text,
            icon=TASK_ICONS.get(task.kind, "checkbox"),
            kind=task.get_kind_display(),
            at=hour,
            deal=task.deal,
            client=task.contact or task.company,
            task=task,
            phone=task.deal_phone or task.phone or "",  # type: ignore[attr-defined]
            on_top=task.on_top,
            why=_("overdue task") if is_overdue else _("task for today"),
            clause=_clause_of(task),
            countdown=_until(task, ask) if hour and not is_overdue else None,
            left=_overdue(task, ask) if is_overdue else "",
        )


@source("deals")
def deals(ask: Ask) -> Iterator[Thing]:
    """Of the open deals: limits that are past or run out today, clients who wait, deals that nobody planned for.

    One statement; each of the three reads the head of its own index.
    """
    own = Deal.objects.visible_to(ask.viewer).filter(owner=ask.owner)
    lists = [running_out(own, ask), unanswered(own), forgotten(own)]
    wanted = Q()
    for ids in lists:
        wanted |= Q(one_of("id", ids.values("id")[:LIMIT]))
    found = (
        Deal.objects.visible_to(ask.viewer)
        .filter(wanted)
        .select_related("contact", "company")
        .annotate(phone=phone_of("contact", "company"))
    )
    for deal in found:
        yield from _of_deal(deal, ask)


def running_out(deals: DealQuerySet, ask: Ask) -> DealQuerySet:
    """Those whose stage's limit is past or ends today, the longest past first."""
    return deals.open().filter(stage_deadline__lt=ask.until).order_by("stage_deadline", "pk")


def unanswered(deals: DealQuerySet) -> DealQuerySet:
    """Those whose client called or wrote and waits, the longest waiting first."""
    return deals.filter(unanswered_since__isnull=False).order_by("unanswered_since", "pk")


def forgotten(deals: DealQuerySet) -> DealQuerySet:
    """Those that should have a task and have none, the longest on their stage first."""
    return deals.open().filter(next_task_at=None, stage__in=needing()).order_by("stage_since", "pk")


def needing() -> list[int]:
    """The stages on which a deal is not left without a task."""
    return [
        stage.id
        for pipeline in catalog.pipelines()
        for stage in pipeline.stages
        if stage.needs_task and stage.kind == "open"
    ]


def _of_deal(deal: Deal, ask: Ask) -> Iterator[Thing]:
    try:
        pipeline = catalog.pipeline(deal.pipeline_id)
    except KeyError:
        # Switched off since: nothing can be done there.
        return
    stage = pipeline.stage_by_id[deal.stage_id]
    phone = deal.phone or ""  # type: ignore[attr-defined]
    if deal.unanswered_since is not None:
        yield Thing(
            text=_("Answer the client"),
            icon="message-2-exclamation",
            kind=_("unanswered"),
            at=deal.unanswered_since,
            deal=deal,
            phone=phone,
            why=_("the client called or wrote, and nobody answered"),
            left=_("waits %(time)s") % {"time": ageing.in_words(ask.now - deal.unanswered_since)},
        )
    if deal.status != "open":
        return
    if deal.stage_deadline is not None and deal.stage_deadline < ask.until:
        yield _limit(deal, stage, pipeline, phone, ask)
    if deal.next_task_at is None and stage.needs_task:
        yield Thing(
            text=_("Plan the next step"),
            icon="alert-triangle",
            kind=_("no task"),
            deal=deal,
            phone=phone,
            why=_("the deal has no task"),
            left=stage.name,
        )


def _limit(
    deal: Deal, stage: CompiledStage, pipeline: CompiledPipeline, phone: str, ask: Ask
) -> Thing:
    deadline = deal.stage_deadline
    assert deadline is not None
    shown = ageing.countdown(stage, deadline, calendar=pipeline.calendar, now=ask.now)
    is_past = deadline <= ask.now
    left = _("overdue by %(time)s") % {"time": ageing.in_words(ask.now - deadline)}
    return Thing(
        text=_("Move on from “%(stage)s”") % {"stage": stage.name},
        icon="alarm",
        kind=_("limit of the stage"),
        at=deadline,
        deal=deal,
        phone=phone,
        is_burning=not is_past and shown is not None,
        why=_("the limit of the stage is over") if is_past else _("the limit of the stage ends"),
        clause=limit_clause(stage, pipeline),
        countdown=None if is_past else shown,
        left=left if is_past else "",
    )


def limit_clause(stage: CompiledStage, pipeline: CompiledPipeline) -> str:
    """The clause of the rule that watches the stage's limit; empty where the stage alone says it."""
    watching = (
        rule for rule in pipeline.rules if rule.when == "stay" and rule.stage_id == stage.id
    )
    return next((rule.clause for rule in watching if rule.period == stage.limit), "")


def _clause_of(task: Task) -> str:
    if task.rule_id is None or task.deal is None:
        return ""
    try:
        rule = catalog.pipeline(task.deal.pipeline_id).rule(task.rule_id)
    except KeyError:
        return ""
    return rule.clause if rule else ""


def _until(task: Task, ask: Ask) -> Countdown:
    left = task.due_at - ask.now
    return Countdown(
        deadline=task.due_at,
        now=ask.now,
        spans=((ask.now, task.due_at),),
        words=ageing.in_words(left),
        tone="near" if left <= NEAR else "",
        near=int(NEAR.total_seconds() * 1000),
    )


def _overdue(task: Task, ask: Ask) -> str:
    return _("overdue by %(time)s") % {"time": ageing.in_words(ask.now - task.due_at)}
