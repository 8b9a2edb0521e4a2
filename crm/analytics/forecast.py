"""Forecast: the open deals by what came of such deals in the last twelve months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.core.cache import cache
from django.db import connection
from django.db.models import Count, Sum
from django.db.models.functions import TruncDay
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import registry
from crm.analytics.asking import Question
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, say_month
from pipelines.catalog import CompiledPipeline

# Fewer closed deals that passed a stage say nothing of the next one.
ENOUGH = 20
YEAR = timedelta(days=365)
# What came of a year's deals is the same an hour later.
KEPT = 3600


class Chance(NamedTuple):
    """Of the closed deals that passed a stage: how many there were, how many were won, how long the won took from it."""

    closed: int
    won: int
    days: float

    @property
    def share(self) -> float | None:
        return self.won / self.closed if self.closed >= ENOUGH else None


@dataclass
class Expected:
    deals: int = 0
    amount: Decimal = Decimal(0)
    likely: Decimal = Decimal(0)
    days: set[date] = field(default_factory=set)


@registry.report(
    "forecast",
    title=gettext_lazy("Forecast"),
    about=gettext_lazy("What the open deals are likely to bring, and when"),
    icon="crystal-ball",
    position=60,
    asks=(registry.PIPELINE, registry.ARRIVAL, registry.TAG),
)
def sections(question: Question) -> list[Section]:
    return [section for pipeline in question.pipelines for section in _of(question, pipeline)]


def chances(pipeline: CompiledPipeline, now: datetime) -> dict[int, Chance]:
    """By the stage's id, of the whole company's deals closed in the last twelve months; counted once an hour."""
    key = f"analytics:chances:{pipeline.id}:{pipeline.edition}"
    found: dict[int, Chance] | None = cache.get(key)
    if found is None:
        found = _chances(pipeline, now)
        cache.set(key, found, KEPT)
    return found


def _chances(pipeline: CompiledPipeline, now: datetime) -> dict[int, Chance]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT p.to_stage_id, count(*), count(*) FILTER (WHERE d.status = 'won'),
                   coalesce(avg(extract(epoch FROM d.closed_at - p.at)) FILTER (WHERE d.status = 'won'), 0) / 86400
            FROM crm_deal d JOIN crm_passage p ON p.deal_id = d.id AND p.first
            WHERE d.archived_at IS NULL AND d.closed_at >= %s AND d.closed_at < %s AND d.status IN ('won', 'lost')
              AND d.stage_id = ANY(%s)
            GROUP BY 1
            """,
            [now - YEAR, now, [stage.id for stage in pipeline.stages]],
        )
        return {
            stage: Chance(closed, won, float(days))
            for stage, closed, won, days in cursor.fetchall()
        }


def _of(question: Question, pipeline: CompiledPipeline) -> Iterator[Section]:
    known = chances(pipeline, question.now)
    zone = timezone.get_current_timezone()
    rows = (
        question.deals()
        .filter(pipeline=pipeline.id, status="open")
        .order_by()
        .annotate(day=TruncDay("stage_since", tzinfo=zone))
        .values_list("stage", "currency", "day")
        .annotate(number=Count("*"), amount=Sum("budget"))
    )
    today = timezone.localdate(question.now)
    stages: dict[tuple[int, str], Expected] = defaultdict(Expected)
    months: dict[tuple[date, str], Expected] = defaultdict(Expected)
    for stage, currency, day, number, amount in rows:
        chance = known.get(stage, Chance(0, 0, 0))
        _add(stages[stage, currency], number, amount, chance)
        if chance.share:
            since = timezone.localtime(day, zone).date()
            # Who is later than usual is expected now.
            due = max(today, since + timedelta(days=round(chance.days)))
            _add(months[due.replace(day=1), currency], number, amount, chance)
    if not stages:
        return
    named = f"{pipeline.name}: " if len(question.pipelines) > 1 else ""
    for currency in sorted({currency for _stage, currency in stages}):
        yield _by_stage(question, pipeline, known, stages, currency, named)
        if any(code == currency for _month, code in months):
            yield _by_month(pipeline, months, currency, named)


def _add(to: Expected, number: int, amount: Decimal, chance: Chance) -> None:
    to.deals += number
    to.amount += amount
    to.likely += amount * Decimal(chance.share or 0)


def _by_stage(
    question: Question,
    pipeline: CompiledPipeline,
    known: dict[int, Chance],
    found: dict[tuple[int, str], Expected],
    currency: str,
    named: str,
) -> Section:
    shown = [
        (stage, found[stage.id, currency])
        for stage in pipeline.stages
        if (stage.id, currency) in found
    ]
    is_only = len({code for _stage, code in found}) == 1
    rows = []
    for stage, expected in shown:
        chance = known.get(stage.id, Chance(0, 0, 0))
        url = question.deals_url(pipeline=pipeline.code, stage=stage.code) if is_only else ""
        rows.append(
            [
                Cell(stage.name),
                Cell(expected.deals, url),
                Cell(expected.amount),
                Cell(chance.share),
                Cell(expected.likely if chance.share is not None else None),
                Cell(chance.closed),
            ]
        )
    total = [
        Cell(_("Total")),
        Cell(sum(expected.deals for _stage, expected in shown)),
        Cell(sum((expected.amount for _stage, expected in shown), Decimal(0))),
        Cell(None),
        Cell(sum((expected.likely for _stage, expected in shown), Decimal(0))),
        Cell(None),
    ]
    return Section(
        f"stages-{pipeline.code}-{currency}",
        f"{named}{_('Open deals by stage')}, {currency}",
        Table(
            [
                Column(_("Stage"), "text", width=30),
                Column(_("Open deals")),
                Column(_("Sum"), "money", currency, 18),
                Column(_("Probability"), "percent"),
                Column(_("Likely sum"), "money", currency, 18),
                Column(_("Closed deals it is judged by")),
            ],
            rows,
            total,
        ),
        chart(
            "bar",
            title=_("Open deals by stage"),
            categories=[stage.name for stage, _expected in shown],
            series=[
                {
                    "name": _("Likely sum"),
                    "color": "green",
                    "points": [
                        point(expected.likely, row[1].url)
                        for (_stage, expected), row in zip(shown, rows, strict=True)
                    ],
                },
                {
                    "name": _("Sum"),
                    "pale": True,
                    "points": [point(expected.amount) for _stage, expected in shown],
                },
            ],
            format="money",
            currency=currency,
            horizontal=True,
        ),
        _(
            "The probability is the share of the won among the company's deals that were closed in the last twelve months "
            "and had passed the stage. Where fewer than %(enough)s had, nothing is foretold."
        )
        % {"enough": ENOUGH},
    )


def _by_month(
    pipeline: CompiledPipeline,
    found: dict[tuple[date, str], Expected],
    currency: str,
    named: str,
) -> Section:
    months = sorted(month for month, code in found if code == currency)
    rows = [
        [
            Cell(month),
            Cell(found[month, currency].deals),
            Cell(found[month, currency].amount),
            Cell(found[month, currency].likely),
        ]
        for month in months
    ]
    return Section(
        f"months-{pipeline.code}-{currency}",
        f"{named}{_('By expected month')}, {currency}",
        Table(
            [
                Column(_("Month"), "month", width=18),
                Column(_("Open deals")),
                Column(_("Sum"), "money", currency, 18),
                Column(_("Likely sum"), "money", currency, 18),
            ],
            rows,
        ),
        chart(
            "bar",
            title=_("By expected month"),
            categories=[say_month(month) for month in months],
            series=[
                {
                    "name": _("Likely sum"),
                    "color": "green",
                    "points": [point(row[3].value) for row in rows],
                }
            ],
            format="money",
            currency=currency,
        ),
        _(
            "A deal is expected when the won ones of the last twelve months were closed, counted from its stage; a late one, this month."
        ),
    )
