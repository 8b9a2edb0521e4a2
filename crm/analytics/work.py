"""Tasks and talks per employee: what was set, done and done late; calls, letters and messages."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import people, registry
from crm.analytics.asking import Question
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, series, share
from crm.models import Talk, Task

# Of a talk: its kind, who began it, whether the other side answered.
Sort = tuple[str, bool, bool]
# An employee's talks by sort: how many, and how many seconds.
Talked = dict[Sort, tuple[int, int]]


@registry.report(
    "work",
    title=gettext_lazy("Employees"),
    about=gettext_lazy("Tasks, calls, letters and messages of each employee"),
    icon="users",
    position=40,
    asks=(registry.PERIOD,),
)
def sections(question: Question) -> list[Section]:
    return [*_tasks(question), *_talks(question)]


def tasks(question: Question) -> dict[int, Counter[str]]:
    """By the employee: `set`, `done`, `late` (done after it was due) in the period, and `overdue` now."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    created = _of(question).filter(created_at__gte=question.since, created_at__lt=question.until)
    for owner, number in created.order_by().values_list("owner").annotate(number=Count("*")):
        found[owner]["set"] = number
    late = Count("owner", filter=Q(ended_at__gt=F("due_at")))
    for owner, number, after in (
        done(question).order_by().values_list("owner").annotate(number=Count("*"), late=late)
    ):
        found[owner] += Counter(done=number, late=after)
    overdue = _of(question).open().filter(due_at__lt=question.now)
    for owner, number in overdue.order_by().values_list("owner").annotate(number=Count("*")):
        found[owner]["overdue"] = number
    return found


def done(question: Question) -> QuerySet[Task]:
    return _of(question).filter(
        state=Task.State.DONE, ended_at__gte=question.since, ended_at__lt=question.until
    )


def talks(question: Question) -> dict[int | None, Talked]:
    """By the employee (None: the regulation by itself), by sort: how many, and how many seconds."""
    found: dict[int | None, Talked] = defaultdict(dict)
    rows = (
        talks_of(question)
        .order_by()
        .values_list("person", "kind", "incoming", "answered")
        .annotate(number=Count("*"), length=Sum("seconds"))
    )
    for person, kind, incoming, answered, number, seconds in rows:
        found[person][kind, incoming, answered] = (number, seconds)
    return found


def talks_of(question: Question) -> QuerySet[Talk]:
    """The talks of the period, of the people asked about."""
    found = Talk.objects.filter(at__gte=question.since, at__lt=question.until)
    return found if question.owners is None else found.filter(person__in=question.owners)


def _of(question: Question) -> Any:
    """The tasks of the people asked about: a person's work is his, on whosever deal it is."""
    found = Task.objects.all()
    return found if question.owners is None else found.filter(owner__in=question.owners)


def _tasks(question: Question) -> list[Section]:
    found, before = tasks(question), tasks(question.before)
    if not found:
        return []
    names = people.names(found)
    order = sorted(found, key=lambda pk: (-found[pk]["done"], names.get(pk, "")))
    rows = [
        _task_row(question, pk, names.get(pk, "—"), found[pk], before.get(pk, Counter()))
        for pk in order
    ]
    columns = [
        Column(_("Employee"), "text", width=28),
        Column(_("Tasks set")),
        Column(_("Done")),
        Column(_("Done late")),
        Column(_("Share of late"), "percent"),
        Column(_("Overdue now")),
    ]
    in_time = [found[pk]["done"] - found[pk]["late"] for pk in order]
    drawn = chart(
        "bar",
        title=_("Tasks done"),
        categories=[row[0].value for row in rows],
        series=[
            {
                "name": _("In time"),
                "color": "green",
                "points": [
                    point(number, row[2].url) for number, row in zip(in_time, rows, strict=True)
                ],
            },
            series(_("Late"), "red", rows, 3),
        ],
        stacked=True,
        horizontal=True,
    )
    return [Section("tasks", _("Tasks"), Table(columns, rows), drawn)]


def _task_row(
    question: Question, pk: int, name: str, now: Counter[str], before: Counter[str]
) -> list[Cell]:
    return [
        Cell(name),
        Cell(now["set"], task_url(question, pk, "created")),
        Cell(now["done"], task_url(question, pk, "done"), before["done"]),
        Cell(now["late"], task_url(question, pk, "late"), good=False),
        Cell(share(now["late"], now["done"])),
        Cell(now["overdue"], task_url(question, pk, "overdue"), good=False),
    ]


class _Counted(NamedTuple):
    """A column of talks: what it is called, the history behind it, the sorts it counts."""

    heading: str
    asked: dict[str, Any]
    sorts: list[Sort]


def _counted() -> list[_Counted]:
    """The first four are calls; the time talked stands behind them."""
    return [
        _Counted(_("Calls out"), {"kind": "call", "way": "out"}, _each("call", False)),
        _Counted(
            _("answered"), {"kind": "call", "way": "out", "answered": "1"}, [("call", False, True)]
        ),
        _Counted(_("Calls in"), {"kind": "call", "way": "in"}, _each("call", True)),
        _Counted(
            _("missed"), {"kind": "call", "way": "in", "answered": "0"}, [("call", True, False)]
        ),
        _Counted(_("Letters out"), {"kind": "letter", "way": "out"}, _each("letter", False)),
        _Counted(_("Letters in"), {"kind": "letter", "way": "in"}, _each("letter", True)),
        _Counted(_("Messages out"), {"kind": "message", "way": "out"}, _each("message", False)),
        _Counted(_("Messages in"), {"kind": "message", "way": "in"}, _each("message", True)),
    ]


CALLS = 4


def _talks(question: Question) -> list[Section]:
    found, columns = talks(question), _counted()
    if not found:
        return []
    names = people.names(found)
    order = sorted(found, key=lambda pk: (pk is None, -_calls(found[pk]), names.get(pk or 0, "")))
    rows = [
        _talk_row(
            question,
            pk,
            names.get(pk, "—") if pk is not None else _("by the regulation"),
            found[pk],
            columns,
        )
        for pk in order
    ]
    headings = [Column(column.heading) for column in columns]
    table = Table(
        [
            Column(_("Employee"), "text", width=28),
            *headings[:CALLS],
            Column(_("Talked"), "length", width=20),
            *headings[CALLS:],
        ],
        rows,
    )
    note = _(
        "A talk counts for who had it; where nobody is named, for the responsible of the deal then."
    )
    return [Section("talks", _("Calls, letters and messages"), table, _calls_chart(rows), note)]


def _talk_row(
    question: Question, pk: int | None, name: str, mine: Talked, columns: list[_Counted]
) -> list[Cell]:
    seconds = sum(length for _number, length in mine.values())
    numbers = [
        Cell(
            sum(mine.get(sort, (0, 0))[0] for sort in column.sorts),
            talk_url(question, pk, **column.asked),
        )
        for column in columns
    ]
    return [
        Cell(name),
        *numbers[:CALLS],
        Cell(timedelta(seconds=seconds) if seconds else None),
        *numbers[CALLS:],
    ]


def _calls_chart(rows: list[list[Cell]]) -> dict[str, Any] | None:
    """Of those who called or were called."""
    callers = [row for row in rows if row[1].value or row[3].value]
    if not callers:
        return None
    return chart(
        "bar",
        title=_("Calls"),
        categories=[row[0].value for row in callers],
        series=[
            series(_("Calls out"), "blue", callers, 1),
            series(_("Calls in"), "cyan", callers, 3),
            series(_("of them missed"), "red", callers, 4),
        ],
        horizontal=True,
    )


def task_url(question: Question, person: int | None, what: str) -> str:
    """The tasks behind a number: `created`, `done`, `late` of the period, or `overdue` now; of all asked about for None."""
    whose = {} if person is None else {"who": [str(person)]}
    return _asked("crm:analytics_tasks", question, what=what, **whose)


def calls_url(question: Question) -> str:
    return _asked("crm:analytics_calls", question, kind=Talk.Kind.CALL)


def talk_url(question: Question, person: int | None, **asked: Any) -> str:
    """The history behind a number; none for what nobody did."""
    if person is None:
        return ""
    return _asked("crm:analytics_calls", question, who=[str(person)], **asked)


def _asked(view: str, question: Question, **other: Any) -> str:
    return f"{reverse(view)}?{urlencode(question.parameters(**other))}"


def _each(kind: str, incoming: bool) -> list[Sort]:
    return [(kind, incoming, True), (kind, incoming, False)]


def _calls(mine: Talked) -> int:
    return sum(
        number for (kind, _in, _answered), (number, _length) in mine.items() if kind == "call"
    )
