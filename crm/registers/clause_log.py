"""What stands behind the counts of a clause: each «no» of the system, and each time that a rule carried it out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from crm import visibility
from crm.models import Deal, User
from crm.registers.asking import names_of_deals
from pipelines.catalog import CompiledPipeline
from pipelines.models import Clause, LoggedRefusal, Rule, RuleRun
from pipelines.rule_words import NAMED_IN_WORDS, RuleLine

DAYS = 30


@dataclass(frozen=True)
class Row:
    """One of them in words; `who` is None for the system, `deal` is empty where the reader sees no such deal."""

    at: datetime
    who: User | None
    deal_id: int | None
    deal: str
    way: str
    line: RuleLine | None


def since(now: datetime) -> datetime:
    """The last thirty days, and all of this month: what the regulation's page counts is among them."""
    month = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return min(month, now - timedelta(days=DAYS))


def refusals(clause: Clause, user: User, *, now: datetime) -> QuerySet[LoggedRefusal]:
    """The refusals by the clause on deals that the user sees, and those of his people's tries that opened none."""
    people = user.led_ids
    seen = Q(deal__in=Deal.objects.visible_to(user).values("pk"))
    tried = Q() if people is None else Q(by__in=people)
    return (
        LoggedRefusal.objects.filter(seen | (Q(way=LoggedRefusal.Way.OPEN) & tried))
        .filter(pipeline__in=_pipelines(clause, user), clause=clause.code, at__gte=since(now))
        .select_related("by")
        .order_by("-at", "-pk")
    )


def runs(clause: Clause, user: User, *, now: datetime) -> QuerySet[RuleRun]:
    """The times that a rule of the clause acted on a deal that the user sees."""
    rules = Rule.objects.filter(pipeline__in=_pipelines(clause, user), clause=clause.code)
    return (
        RuleRun.objects.filter(rule__in=rules, status=RuleRun.Status.OK, at__gte=since(now))
        .filter(deal__in=Deal.objects.visible_to(user).values("pk"))
        .select_related("cause__actor")
        .order_by("-at", "-pk")
    )


def rows_of(found: Iterable[LoggedRefusal | RuleRun], clause: Clause, user: User) -> list[Row]:
    """The rows of one page, in three statements however many there are."""
    kept = list(found)
    if not kept:
        return []
    pipelines = _pipelines(clause, user)
    rules = (
        Rule.objects.filter(pk__in={row.rule_id for row in kept if row.rule_id})
        .select_related(*NAMED_IN_WORDS)
        .prefetch_related("conditions")
    )
    lines = {rule.pk: RuleLine(rule, pipelines[rule.pipeline_id]) for rule in rules}
    names = names_of_deals(kept, user)
    return [_row(row, lines, names) for row in kept]


def _row(row: Any, lines: dict[int, RuleLine], names: dict[int, str]) -> Row:
    if isinstance(row, LoggedRefusal):
        who, way = row.by, row.get_way_display()
    else:
        who, way = (row.cause.actor if row.cause else None), ""
    return Row(
        at=row.at,
        who=who,
        deal_id=row.deal_id,
        deal=names.get(row.deal_id, ""),
        way=way,
        line=lines.get(row.rule_id),
    )


def _pipelines(clause: Clause, user: User) -> dict[int, CompiledPipeline]:
    playbook = clause.regulation.playbook
    return {
        pipeline.id: pipeline
        for pipeline in visibility.pipelines_of(user)
        if pipeline.playbook == playbook
    }
