"""Plan and fact: the goals of the months that the period touches, beside what was sold in them, by whom."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import registry
from crm.analytics.asking import ALL, Question
from crm.analytics.plan_lines import DEALS, Line, Plans, read
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, say_month, share


@registry.report(
    "plan",
    title=gettext_lazy("Plan and fact"),
    about=gettext_lazy("What people and teams sold of their goals, month by month"),
    icon="target-arrow",
    position=25,
    asks=(registry.PIPELINE, registry.PERIOD),
    more=(gettext_lazy("Goals"), "crm:goals"),
    empty=gettext_lazy("No goal is set for these months. Set what each is to sell, and it is compared here."),
)  # fmt: skip
def sections(question: Question) -> list[Section]:
    plans = read(question)
    return [section for unit in plans.units for section in _of_unit(plans, unit)]


def _of_unit(plans: Plans, unit: str) -> Iterator[Section]:
    people_lines, teams = plans.people(unit), plans.teams(unit)
    named = unit or _("number of deals")
    yield from _totals(
        plans,
        unit,
        "people",
        _("Employees") + f", {named}",
        _("Employee"),
        people_lines,
        whole=True,
    )
    yield from _totals(plans, unit, "teams", _("Teams") + f", {named}", _("Team"), teams)
    if len(plans.months) > 1:
        if any(line.plan for line in people_lines):
            yield _months(plans, unit, named, plans.whole(people_lines, unit))
        yield from _each(plans, unit, named, [*people_lines, *teams])


def _totals(
    plans: Plans,
    unit: str,
    code: str,
    title: str,
    heading: str,
    lines: list[Line],
    *,
    whole: bool = False,
) -> Iterator[Section]:
    if not any(line.plan for line in lines):
        return
    rows = [_total_row(plans, unit, line) for line in lines]
    all_of_them = (
        _total_row(plans, unit, plans.whole(lines, unit)) if whole and len(lines) > 1 else None
    )
    yield Section(
        f"{code}-{unit or 'deals'}",
        title,
        Table(_total_columns(plans, unit, heading), rows, all_of_them),
        chart(
            "progress",
            title=title,
            categories=[line.name for line in lines],
            series=[
                {
                    "name": _("Fact"),
                    "color": "green",
                    "colors": [plans.tone(line) for line in lines],
                    "points": [point(line.done, plans.url(line, unit)) for line in lines],
                },
                {"name": _("Plan"), "points": [point(line.planned) for line in lines]},
            ],
            **_format(unit),
        ),
        _note(plans) if whole else "",
    )


def _foretells(plans: Plans) -> bool:
    """What this month promises is said where the period ends with it."""
    return plans.now is not None and plans.now == plans.months[-1]


def _total_columns(plans: Plans, unit: str, heading: str) -> list[Column]:
    columns = [Column(heading, "text", width=28), *_columns(unit)]
    if _foretells(plans):
        columns += [
            Column(_("By the month's end at this pace"), *_kind(unit), 18),
            Column(_("Of the plan at this pace"), "percent"),
        ]
    return columns


def _total_row(plans: Plans, unit: str, line: Line) -> list[Cell]:
    cells = [Cell(line.name), *_cells(plans, unit, line)]
    if _foretells(plans):
        aimed = plans.foretold(line.of(line.plan)) if line.planned else None
        cells += [
            Cell(_rounded(plans.foretold(line), unit)),
            Cell(share(float(aimed or 0), float(line.planned)) if line.planned else None),
        ]
    return cells


def _months(plans: Plans, unit: str, named: str, whole: Line) -> Section:
    of_months = [whole.of([month]) for month in plans.months]
    rows = [
        [Cell(month), *_cells(plans, unit, line)]
        for month, line in zip(plans.months, of_months, strict=True)
    ]
    return Section(
        f"months-{unit or 'deals'}",
        _("By month") + f", {named}",
        Table([Column(_("Month"), "month", width=18), *_columns(unit)], rows),
        chart(
            "bar",
            title=_("Plan and fact"),
            categories=[say_month(month) for month in plans.months],
            series=[
                {
                    "name": _("Fact"),
                    "color": "green",
                    "points": [point(line.done, plans.url(line, unit)) for line in of_months],
                },
                {
                    "name": _("Plan"),
                    "pale": True,
                    "points": [point(line.planned) for line in of_months],
                },
            ],
            **_format(unit),
        ),
    )


def _each(plans: Plans, unit: str, named: str, lines: list[Line]) -> Iterator[Section]:
    rows = [
        [Cell(month), Cell(line.name), *_cells(plans, unit, line.of([month]))]
        for month in reversed(plans.months)
        for line in lines
        if month in line.plan
    ]
    if rows:
        yield Section(
            f"each-{unit or 'deals'}",
            _("Each month of each") + f", {named}",
            Table(
                [
                    Column(_("Month"), "month", width=18),
                    Column(_("Who"), "text", width=28),
                    *_columns(unit),
                ],
                rows,
            ),
        )


def _columns(unit: str) -> list[Column]:
    return [
        Column(_("Plan"), *_kind(unit), 18),
        *([Column(_("Deals won"))] if unit != DEALS else []),
        Column(_("Fact"), *_kind(unit), 18),
        Column(_("Of the plan"), "percent"),
        Column(_("Remains"), *_kind(unit), 18),
    ]


def _cells(plans: Plans, unit: str, line: Line) -> list[Cell]:
    url, planned = plans.url(line, unit), line.planned
    return [
        Cell(_rounded(planned, unit)),
        *([Cell(sum(line.deals.values()), url)] if unit != DEALS else []),
        Cell(_rounded(line.done, unit), url),
        Cell(share(float(line.towards), float(planned)) if planned else None),
        Cell(_rounded(line.remaining, unit)),
    ]


def _kind(unit: str) -> tuple[Any, str]:
    return ("number", "") if unit == DEALS else ("money", unit)


def _rounded(value: Decimal | None, unit: str) -> Decimal | int | None:
    """Deals are whole."""
    return value if value is None or unit != DEALS else round(value)


def _format(unit: str) -> dict[str, Any]:
    found = {} if unit == DEALS else {"format": "money", "currency": unit}
    return found | {"legend": True}


def _note(plans: Plans) -> str:
    said = []
    if plans.pipeline is None and plans.question.pipeline_code != ALL:
        said.append(_("This pipeline has no goals of its own: these are over all pipelines."))
    said.append(
        _("Whole months are counted. The percent and the rest are of the months with a goal.")
    )
    return " ".join(said)
