"""Violations of the period: by clause, by person, by month, with how many were explained and excused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import people, registry
from crm.analytics.asking import ALL, Question
from crm.analytics.shapes import Cell, Column, Section, Table, chart, say_month, series
from crm.registers import violations
from pipelines.models import Violation

# Total, explained and not excused, excused.
Counts = tuple[int, int, int]
NO: Counts = (0, 0, 0)


@registry.report(
    "violations",
    title=gettext_lazy("Violations"),
    about=gettext_lazy("What was broken, by clause, person and month"),
    icon="alert-octagon",
    position=50,
    asks=(registry.PIPELINE, registry.PERIOD),
)
def sections(question: Question) -> list[Section]:
    return [*_by_clause(question), *_by_person(question), *_by_month(question)]


def of(question: Question) -> QuerySet[Violation]:
    """Those of the period that the reader may see, of the people and the pipelines asked about."""
    found = violations.visible_to(question.user).filter(
        at__gte=question.since,
        at__lt=question.until,
    )
    if question.pipeline_code != ALL:
        found = found.filter(pipeline=question.pipelines[0].id)
    return found.filter(culprit__in=question.people) if question.people else found


def counted(found: QuerySet[Violation], key: Any) -> dict[Any, Counts]:
    explained = Count("clause", filter=Q(explained_at__isnull=False, excused_at=None))
    excused = Count("clause", filter=Q(excused_at__isnull=False))
    rows = (
        found.order_by()
        .values_list(key)
        .annotate(number=Count("*"), explained=explained, excused=excused)
    )
    return {row[0]: row[1:] for row in rows}


def _by_clause(question: Question) -> Iterator[Section]:
    yield from _section(
        question,
        "clause",
        _("By clause"),
        Column(_("Clause"), "text", width=14),
        counted(of(question), "clause"),
        counted(of(question.before), "clause"),
        name=str,
        asked=lambda clause: {"clause": clause},
    )


def _by_person(question: Question) -> Iterator[Section]:
    found = counted(of(question), "culprit")
    names = people.names(found)
    yield from _section(
        question,
        "person",
        _("By person"),
        Column(_("Employee"), "text", width=28),
        found,
        counted(of(question.before), "culprit"),
        name=lambda pk: names.get(pk, "—"),
        asked=lambda pk: {"person": pk},
    )


def _by_month(question: Question) -> Iterator[Section]:
    zone = timezone.get_current_timezone()
    found = {
        timezone.localtime(month, zone).date(): counts
        for month, counts in counted(of(question), TruncMonth("at", tzinfo=zone)).items()
    }
    first, last = question.days

    def days(month: date) -> dict[str, Any]:
        after = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
        ends = date.fromordinal(after.toordinal() - 1)
        return {"since": max(month, first), "until": min(ends, last)}

    yield from _section(
        question,
        "month",
        _("By month"),
        Column(_("Month"), "month", width=18),
        found,
        None,
        name=say_month,
        asked=days,
        in_order=True,
    )


def _section(
    question: Question,
    code: str,
    title: str,
    first: Column,
    found: dict[Any, Counts],
    before: dict[Any, Counts] | None,
    *,
    name: Callable[[Any], str],
    asked: Callable[[Any], dict[str, Any]],
    in_order: bool = False,
) -> Iterator[Section]:
    """A line a key of `found`, most violations first or `in_order` of the keys. Nothing where there were none."""
    if not found:
        return
    order = (
        sorted(found) if in_order else sorted(found, key=lambda key: (-found[key][0], name(key)))
    )
    rows = [
        [
            Cell(key if in_order else name(key)),
            *_cells(
                question,
                found[key],
                before.get(key, NO) if before is not None else None,
                asked(key),
            ),
        ]
        for key in order
    ]
    compared = [Column(_("The period before"))] if before is not None else []
    columns = [
        first,
        Column(_("Violations")),
        *compared,
        Column(_("Explained")),
        Column(_("Excused")),
        Column(_("Not explained")),
    ]
    yield Section(
        code,
        title,
        Table(columns, rows),
        chart(
            "bar",
            title=title,
            categories=[name(key) for key in order],
            series=[
                series(_("Not explained"), "red", rows, -1),
                series(_("Explained"), "yellow", rows, -3),
                series(_("Excused"), "green", rows, -2),
            ],
            stacked=True,
            horizontal=not in_order,
        ),
    )


def _cells(
    question: Question, counts: Counts, before: Counts | None, asked: dict[str, Any]
) -> list[Cell]:
    """Behind the name: all, those of the period before where it is compared, and what became of them."""
    total, explained, excused = counts
    was = before[0] if before is not None else None
    return [
        Cell(total, address(question, **asked), was, good=False, beside=True),
        *([Cell(was)] if was is not None else []),
        Cell(explained, address(question, **asked, state="explained")),
        Cell(excused, address(question, **asked, state="excused")),
        Cell(total - explained - excused, address(question, **asked, state="open")),
    ]


def address(question: Question, **other: Any) -> str:
    asked: dict[str, Any] = {"since": question.period.start, "until": question.period.end}
    if question.pipeline_code != ALL:
        asked["pipeline"] = question.pipelines[0].id
    if question.people:
        asked["people"] = ",".join(map(str, sorted(question.people)))
    return f"{reverse('crm:violations')}?{urlencode(asked | other)}"
