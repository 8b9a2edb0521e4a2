"""The list of tasks as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from crm import columns
from crm.export import sources
from crm.export.sources import Heading, Table
from crm.models import Task, User
from crm.planning.asked import TaskFilter
from crm.planning.listing import Order, known_columns

VALUES: dict[str, tuple[int, Callable[[Task], Any]]] = {
    "text": (50, lambda task: task.text),
    "due_at": (18, lambda task: task.due_day if task.all_day else task.due_at),
    "about": (30, lambda task: str(task.deal or task.contact or task.company or "")),
    "owner": (24, lambda task: str(task.owner)),
    "set_by": (
        24,
        lambda task: _("the regulation") if task.rule_id else str(task.created_by or ""),
    ),
    "kind": (14, lambda task: task.get_kind_display()),
    "state": (14, lambda task: task.get_state_display()),
    "created_at": (18, lambda task: task.created_at),
    "result": (50, lambda task: task.result),
}


@sources.source("tasks")
def tasks(user: User, query: QueryDict, *, everything: bool, now: datetime) -> Table:
    order = Order.parse(query.get("sort", ""))
    found = TaskFilter(query, user=user).apply(Task.objects.visible_to(user), now=now)
    sign = "-" if order.down else ""
    known = known_columns(user)
    shown = known if everything else columns.chosen(user, "tasks", "all", known).columns
    related = found.select_related("owner", "deal", "contact", "company", "created_by")
    return Table(
        title=_("Tasks"),
        headings=[Heading(column.label, VALUES[column.code][0]) for column in shown],
        records=related.order_by(f"{sign}{order.column}", f"{sign}id"),
        lines=_lines([column.code for column in shown]),
    )


def _lines(codes: list[str]) -> Callable[[Sequence[Any]], Iterator[Sequence[Any]]]:
    def lines(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
        for task in records:
            yield [VALUES[code][1](task) for code in codes]

    return lines
