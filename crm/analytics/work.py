"""Tasks and talks per employee: what was set, done and done late; calls, letters and messages."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import people, registry
from crm.analytics.asking import Question
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, share
from crm.models import Talk, Task

# Of a talk: its kind, who began it, whether the other side answered.
Sort = tuple[str, bool, bool]


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


def talks(question: Question) -> dict[int | None, dict[Sort, tuple[int, int]]]:
    """By the employee (None: the regulation by itself), by sort: how many, and how many seconds."""
    found: dict[int | None, dict[Sort, tuple[int, int]]] = defaultdict(dict)
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
    rows = []
    for pk in order:
        row, then = found[pk], before.get(pk, Counter())
        rows.append(
            [
                Cell(names.get(pk, "—")),
                Cell(row["set"], task_url(question, pk, "created")),
                Cell(row["done"], task_url(question, pk, "done"), then["done"]),
                Cell(row["late"], task_url(question, pk, "late"), good=False),
                Cell(share(row["late"], row["done"])),
                Cell(row["overdue"], task_url(question, pk, "overdue"), good=False),
            ]
        )
    columns = [
        Column(_("Employee"), "text", width=28),
        Column(_("Tasks set")),
        Column(_("Done")),
        Column(_("Done late")),
        Column(_("Share of late"), "percent"),
        Column(_("Overdue now")),
    ]
    points = [(found[pk], row) for pk, row in zip(order, rows, strict=True)]
    return [
        Section(
            "tasks",
            _("Tasks"),
            Table(columns, rows),
            chart(
                "bar",
                title=_("Tasks done"),
                categories=[row[0].value for row in rows],
                series=[
                    {
                        "name": _("In time"),
                        "color": "green",
                        "points": [
                            point(one["done"] - one["late"], row[2].url) for one, row in points
                        ],
                    },
                    {
                        "name": _("Late"),
                        "color": "red",
                        "points": [point(one["late"], row[3].url) for one, row in points],
                    },
                ],
                stacked=True,
                horizontal=True,
            ),
        )
    ]


def _talks(question: Question) -> list[Section]:
    found = talks(question)
    if not found:
        return []
    names = people.names(found)
    sorts: list[tuple[str, dict[str, Any], list[Sort]]] = [
        (_("Calls out"), {"kind": "call", "way": "out"}, _each("call", False)),
        (_("answered"), {"kind": "call", "way": "out", "answered": "1"}, [("call", False, True)]),
        (_("Calls in"), {"kind": "call", "way": "in"}, _each("call", True)),
        (_("missed"), {"kind": "call", "way": "in", "answered": "0"}, [("call", True, False)]),
        (_("Letters out"), {"kind": "letter", "way": "out"}, _each("letter", False)),
        (_("Letters in"), {"kind": "letter", "way": "in"}, _each("letter", True)),
        (_("Messages out"), {"kind": "message", "way": "out"}, _each("message", False)),
        (_("Messages in"), {"kind": "message", "way": "in"}, _each("message", True)),
    ]
    order = sorted(found, key=lambda pk: (pk is None, -_calls(found[pk]), names.get(pk or 0, "")))
    rows = []
    for pk in order:
        mine = found[pk]
        seconds = sum(length for _number, length in mine.values())
        numbers = [
            Cell(
                sum(mine.get(sort, (0, 0))[0] for sort in of),
                talk_url(question, pk, **asked),
            )
            for _heading, asked, of in sorts
        ]
        name = names.get(pk, "—") if pk is not None else _("by the regulation")
        rows.append(
            [
                Cell(name),
                *numbers[:4],
                Cell(timedelta(seconds=seconds) if seconds else None),
                *numbers[4:],
            ]
        )
    headings = [Column(heading) for heading, _asked, _of_it in sorts]
    callers = [row for row in rows if row[1].value or row[3].value]
    return [
        Section(
            "talks",
            _("Calls, letters and messages"),
            Table(
                [
                    Column(_("Employee"), "text", width=28),
                    *headings[:4],
                    Column(_("Talked"), "length", width=20),
                    *headings[4:],
                ],
                rows,
            ),
            chart(
                "bar",
                title=_("Calls"),
                categories=[row[0].value for row in callers],
                series=[
                    {
                        "name": name,
                        "color": color,
                        "points": [point(row[place].value, row[place].url) for row in callers],
                    }
                    for name, color, place in (
                        (_("Calls out"), "blue", 1),
                        (_("Calls in"), "cyan", 3),
                        (_("of them missed"), "red", 4),
                    )
                ],
                horizontal=True,
            )
            if callers
            else None,
            _(
                "A talk counts for who had it; where nobody is named, for the responsible of the deal then."
            ),
        )
    ]


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


def _calls(mine: dict[Sort, tuple[int, int]]) -> int:
    return sum(
        number for (kind, _in, _answered), (number, _length) in mine.items() if kind == "call"
    )
