"""Forecast: the open deals by what came of such deals in the last twelve months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from django.db.models import Count, Sum
from django.db.models.functions import TruncDay
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import registry
from crm.analytics.asking import Question
from crm.analytics.chances import ENOUGH, NONE, Chance, chances
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, say_month
from pipelines.catalog import CompiledPipeline


@dataclass
class Expected:
    deals: int = 0
    amount: Decimal = Decimal(0)
    likely: Decimal = Decimal(0)


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
        chance = known.get(stage, NONE)
        _add(stages[stage, currency], number, amount, chance)
        if chance.share:
            due = chance.expected(timezone.localtime(day, zone).date(), today)
            _add(months[due.replace(day=1), currency], number, amount, chance)
    if not stages:
        return
    named = f"{pipeline.name}: " if len(question.pipelines) > 1 else ""
    currencies = sorted({currency for _stage, currency in stages})
    for currency in currencies:
        listed = partial(
            question.deals_url,
            pipeline=pipeline.code,
            currency=currency if len(currencies) > 1 else "",
        )
        yield _by_stage(listed, pipeline, known, stages, currency, named)
        if any(code == currency for _month, code in months):
            yield _by_month(listed, pipeline, months, currency, named)


def _add(to: Expected, number: int, amount: Decimal, chance: Chance) -> None:
    to.deals += number
    to.amount += amount
    to.likely += amount * Decimal(chance.share or 0)


def _by_stage(
    listed: Callable[..., str],
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
    rows = []
    for stage, expected in shown:
        chance = known.get(stage.id, NONE)
        url = listed(stage=stage.code)
        rows.append(
            [
                Cell(stage.name),
                Cell(expected.deals, url),
                Cell(expected.amount, url),
                Cell(chance.share),
                Cell(expected.likely if chance.share is not None else None),
                Cell(chance.closed),
            ]
        )
    total = [
        Cell(_("Total")),
        Cell(
            sum(expected.deals for _stage, expected in shown),
            listed(status="open"),
        ),
        Cell(sum((expected.amount for _stage, expected in shown), Decimal(0))),
        Cell(None),
        Cell(sum((expected.likely for _stage, expected in shown), Decimal(0))),
        Cell(None),
    ]
    return Section(
        f"stages-{pipeline.code}-{currency}",
        named + _("Open deals by stage") + f", {currency}",
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
                    "points": [point(row[2].value, row[2].url) for row in rows],
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
    listed: Callable[..., str],
    pipeline: CompiledPipeline,
    found: dict[tuple[date, str], Expected],
    currency: str,
    named: str,
) -> Section:
    months = sorted(month for month, code in found if code == currency)
    rows = []
    for month in months:
        expected = found[month, currency]
        url = listed(expected=f"{month:%Y-%m}")
        rows.append(
            [
                Cell(month),
                Cell(expected.deals, url),
                Cell(expected.amount, url),
                Cell(expected.likely),
            ]
        )
    return Section(
        f"months-{pipeline.code}-{currency}",
        named + _("By expected month") + f", {currency}",
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
                    "points": [point(row[3].value, row[1].url) for row in rows],
                },
                {
                    "name": _("Sum"),
                    "pale": True,
                    "points": [point(row[2].value, row[2].url) for row in rows],
                },
            ],
            format="money",
            currency=currency,
        ),
        _(
            "A deal is expected when the won ones of the last twelve months were closed, counted from its stage; a late one, this month."
        ),
    )
