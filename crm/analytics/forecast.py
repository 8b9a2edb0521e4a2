"""Forecast: the open deals by what came of such deals in the last twelve months."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import TruncDay
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import registry
from crm.analytics.asking import Question
from crm.analytics.chances import ENOUGH, NONE, Chance, chances
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, say_month
from pipelines.catalog import CompiledPipeline, CompiledStage


@dataclass
class Expected:
    deals: int = 0
    amount: Decimal = Decimal(0)
    likely: Decimal = Decimal(0)

    def add(self, number: int, amount: Decimal, chance: Chance) -> None:
        self.deals += number
        self.amount += amount
        self.likely += amount * Decimal(chance.share or 0)


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
    stages, months = _expected(question, pipeline, known)
    currencies = sorted({currency for _stage, currency in stages})
    for currency in currencies:
        part = _Part(
            pipeline,
            currency,
            named=f"{pipeline.name}: " if len(question.pipelines) > 1 else "",
            listed=partial(
                question.deals_url,
                pipeline=pipeline.code,
                currency=currency if len(currencies) > 1 else "",
            ),
        )
        yield _by_stage(part, known, stages)
        if any(code == currency for _month, code in months):
            yield _by_month(part, months)


@dataclass(frozen=True)
class _Part:
    """The deals of a pipeline in one currency: sums of different ones are never added."""

    pipeline: CompiledPipeline
    currency: str
    # What a heading begins with where several pipelines are asked about.
    named: str
    # The address of the list of those deals that answer to its keywords.
    listed: Callable[..., str]

    def code(self, what: str) -> str:
        return f"{what}-{self.pipeline.code}-{self.currency}"

    def title(self, text: str) -> str:
        return f"{self.named}{text}, {self.currency}"

    def money(self, heading: str) -> Column:
        return Column(heading, "money", self.currency, 18)

    def series(self, rows: list[list[Cell]], likely: list[Decimal]) -> list[dict[str, Any]]:
        """What the deals are likely to bring, before the pale bar of all that they could; rows are name, number, sum …"""
        return [
            {
                "name": _("Likely sum"),
                "color": "green",
                "points": [point(sum_, row[1].url) for sum_, row in zip(likely, rows, strict=True)],
            },
            {
                "name": _("Sum"),
                "pale": True,
                "points": [point(row[2].value, row[2].url) for row in rows],
            },
        ]


ByStage = dict[tuple[int, str], Expected]
ByMonth = dict[tuple[date, str], Expected]


def _expected(
    question: Question, pipeline: CompiledPipeline, known: dict[int, Chance]
) -> tuple[ByStage, ByMonth]:
    """The open deals by stage and currency; and those that have a chance, by expected month and currency."""
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
    stages: ByStage = defaultdict(Expected)
    months: ByMonth = defaultdict(Expected)
    for stage, currency, day, number, amount in rows:
        chance = known.get(stage, NONE)
        stages[stage, currency].add(number, amount, chance)
        if chance.share:
            due = chance.expected(timezone.localtime(day, zone).date(), today)
            months[due.replace(day=1), currency].add(number, amount, chance)
    return stages, months


def _by_stage(part: _Part, known: dict[int, Chance], found: ByStage) -> Section:
    shown = [
        (stage, known.get(stage.id, NONE), found[stage.id, part.currency])
        for stage in part.pipeline.stages
        if (stage.id, part.currency) in found
    ]
    rows = [_stage_row(part, stage, chance, expected) for stage, chance, expected in shown]
    every = [expected for _stage, _chance, expected in shown]
    total = [
        Cell(_("Total")),
        Cell(sum(one.deals for one in every), part.listed(status="open")),
        Cell(sum((one.amount for one in every), Decimal(0))),
        Cell(None),
        Cell(sum((one.likely for one in every), Decimal(0))),
        Cell(None),
    ]
    return Section(
        part.code("stages"),
        part.title(_("Open deals by stage")),
        Table(
            [
                Column(_("Stage"), "text", width=30),
                Column(_("Open deals")),
                part.money(_("Sum")),
                Column(_("Probability"), "percent"),
                part.money(_("Likely sum")),
                Column(_("Closed deals it is judged by")),
            ],
            rows,
            total,
        ),
        chart(
            "bar",
            title=_("Open deals by stage"),
            categories=[stage.name for stage, _chance, _expected in shown],
            series=part.series(rows, [one.likely for one in every]),
            format="money",
            currency=part.currency,
            horizontal=True,
        ),
        _said([(stage.name, chance) for stage, chance, _expected in shown]),
    )


def _stage_row(part: _Part, stage: CompiledStage, chance: Chance, expected: Expected) -> list[Cell]:
    url = part.listed(stage=stage.code)
    return [
        Cell(stage.name),
        Cell(expected.deals, url),
        Cell(expected.amount, url),
        Cell(chance.share),
        Cell(expected.likely if chance.share is not None else None),
        Cell(chance.closed),
    ]


def _said(shown: list[tuple[str, Chance]]) -> str:
    """What the probability is; and where there is none, why, and what will give one."""
    said = _(
        "The probability is the share of the won among the company's deals that were closed in the last twelve months "
        "and had passed the stage."
    )
    silent = [
        _("“%(stage)s” (%(closed)s)") % {"stage": name, "closed": chance.closed}
        for name, chance in shown
        if chance.share is None
    ]
    if not silent:
        return said
    return " ".join(
        [
            said,
            _(
                "It is not shown where fewer than %(enough)s such deals were closed: %(stages)s. It appears by itself as soon as "
                "%(enough)s are, won or lost; until then these deals are in no month and in no likely sum."
            )
            % {"enough": ENOUGH, "stages": ", ".join(silent)},
        ]
    )


def _by_month(part: _Part, found: ByMonth) -> Section:
    months = sorted(month for month, code in found if code == part.currency)
    every = [found[month, part.currency] for month in months]
    rows = [
        [
            Cell(month),
            Cell(expected.deals, url := part.listed(expected=f"{month:%Y-%m}")),
            Cell(expected.amount, url),
            Cell(expected.likely),
        ]
        for month, expected in zip(months, every, strict=True)
    ]
    return Section(
        part.code("months"),
        part.title(_("By expected month")),
        Table(
            [
                Column(_("Month"), "month", width=18),
                Column(_("Open deals")),
                part.money(_("Sum")),
                part.money(_("Likely sum")),
            ],
            rows,
        ),
        chart(
            "bar",
            title=_("By expected month"),
            categories=[say_month(month) for month in months],
            series=part.series(rows, [one.likely for one in every]),
            format="money",
            currency=part.currency,
        ),
        _(
            "A deal is expected when the won ones of the last twelve months were closed, counted from its stage; a late one, this month."
        ),
    )
