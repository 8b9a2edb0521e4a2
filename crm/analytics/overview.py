"""The first page of analytics: the numbers of the period, and a small chart of each report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.analytics import breaches, funnel, registry, sales, work
from crm.analytics.asking import Question
from crm.analytics.shapes import Cell, Column, Key, chart, point, say_month

LENGTH = 10


@dataclass(frozen=True)
class Tile:
    """A small chart that leads to its report."""

    title: Any
    url: str
    chart: dict[str, Any]

    @property
    def chart_json(self) -> str:
        return json.dumps(self.chart, ensure_ascii=False)


@dataclass(frozen=True)
class Overview:
    keys: list[Key]
    tiles: list[Tile]

    @property
    def is_empty(self) -> bool:
        return not any(key.cell.value for key in self.keys)


def read(question: Question) -> Overview:
    rows, rows_before = sales.read(question), sales.read(question.before)
    return Overview(
        [
            *_deal_keys(question, sales.whole(rows), sales.whole(rows_before)),
            *_task_keys(question),
            _key(
                _("Calls"),
                work.talks_of(question).filter(kind="call").count(),
                work.talks_of(question.before).filter(kind="call").count(),
                work.calls_url(question),
            ),
            _key(
                _("Violations"),
                breaches.of(question).count(),
                breaches.of(question.before).count(),
                breaches.address(question),
                good=False,
            ),
        ],
        [*_funnels(question), *_sales(question, rows), *_violations(question)],
    )


def _deal_keys(question: Question, won: sales.Won, before: sales.Won) -> Iterator[Key]:
    """New, won, the sum of the won in each currency, lost."""
    days = question.period.code
    yield _key(
        _("New deals"),
        question.created().count(),
        question.before.created().count(),
        question.deals_url(created=days),
    )
    of_won = {"status": "won", "closed": days}
    yield _key(_("Won"), won.deals, before.deals, question.deals_url(**of_won))
    for currency, amount in sorted(won.sums.items(), key=lambda item: -item[1]):
        url = question.deals_url(**of_won, currency=currency if len(won.sums) > 1 else "")
        yield Key(
            _("Won, sum"),
            Column("", "money", currency),
            Cell(amount, url, before.sums.get(currency, Decimal(0))),
        )
    yield _key(
        _("Lost"),
        question.closed("lost").count(),
        question.before.closed("lost").count(),
        question.deals_url(status="lost", closed=days),
        good=False,
    )


def _task_keys(question: Question) -> Iterator[Key]:
    now, before = _summed(work.tasks(question)), _summed(work.tasks(question.before))
    for label, what, good in ((_("Tasks done"), "done", True), (_("of them late"), "late", False)):
        url = work.task_url(question, None, what)
        yield _key(label, now[what], before[what], url, good=good)


def _summed(tasks: dict[int, Counter[str]]) -> Counter[str]:
    return sum(tasks.values(), Counter())


def report_url(code: str, question: Question) -> str:
    return f"{reverse('crm:analytics_report', args=[code])}?{urlencode(question.parameters())}"


def _key(label: str, now: int, before: int | None, url: str, *, good: bool = True) -> Key:
    return Key(label, Column(""), Cell(now, url, before, good))


def _funnels(question: Question) -> list[Tile]:
    found = funnel.entries(question)
    url = report_url("funnel", question)
    tiles = []
    for pipeline in question.pipelines:
        way = [
            stage
            for stage in pipeline.stages
            if stage.kind != "lost" and stage.id in question.stages
        ]
        if any(found.get(stage.id) for stage in way):
            tiles.append(
                Tile(
                    _("Funnel") if len(question.pipelines) == 1 else pipeline.name,
                    url,
                    chart(
                        "funnel",
                        title=_("Funnel"),
                        categories=[stage.name for stage in way],
                        series=[
                            {
                                "name": _("Came"),
                                "points": [
                                    point(
                                        found.get(stage.id, 0),
                                        funnel.came_url(question, stage, pipeline.code),
                                    )
                                    for stage in way
                                ],
                            }
                        ],
                    ),
                )
            )
    return tiles


def _sales(question: Question, rows: list[sales.Row]) -> list[Tile]:
    if not rows:
        return []
    url = report_url("sales", question)
    main = max(sales.whole(rows).sums.items(), key=lambda item: item[1])[0]
    first, last = question.days
    long = last - first > timedelta(days=62)
    names = {} if long else sales.people.names(row[1] for row in rows)
    found = sales.summed(rows, (lambda row: row[0]) if long else (lambda row: row[1]))
    won = {"status": "won", "closed": question.period.code}

    def listed(key: Any) -> str:
        if long:
            return question.deals_url(**won | {"closed": sales.within(key, first, last).code})
        return question.deals_url(**won, owner=key)

    order = (
        sorted(found) if long else sorted(found, key=lambda key: -found[key].sums[main])[:LENGTH]
    )
    return [
        Tile(
            _("Sales"),
            url,
            chart(
                "bar",
                title=_("Sales"),
                categories=[say_month(key) if long else names.get(key, "—") for key in order],
                series=[
                    {
                        "name": _("Sum, %(currency)s") % {"currency": main},
                        "color": "green",
                        "points": [
                            point(found[key].sums.get(main, Decimal(0)), listed(key))
                            for key in order
                        ],
                    }
                ],
                format="money",
                currency=main,
                horizontal=not long,
            ),
        )
    ]


def _violations(question: Question) -> list[Tile]:
    found = breaches.counted(breaches.of(question), "clause")
    if not found:
        return []
    url = report_url("violations", question)
    order = sorted(found, key=lambda clause: -found[clause][0])[:LENGTH]
    return [
        Tile(
            _("Violations"),
            url,
            chart(
                "bar",
                title=_("Violations"),
                categories=order,
                series=[
                    {
                        "name": _("Violations"),
                        "color": "red",
                        "points": [
                            point(found[clause][0], breaches.address(question, clause=clause))
                            for clause in order
                        ],
                    }
                ],
                horizontal=True,
            ),
        )
    ]


def reports(question: Question | None) -> list[tuple[registry.Report, str]]:
    """Every report with its address under the same question."""
    return [
        (
            found,
            report_url(found.code, question)
            if question
            else reverse("crm:analytics_report", args=[found.code]),
        )
        for found in registry.reports()
    ]
