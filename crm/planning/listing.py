"""The list of tasks: a page by key, in groups while it goes by time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import columns
from crm.columns import Column
from crm.filters.asking import Pairs
from crm.models import Deal, Task, User
from crm.planning.asked import TaskFilter
from crm.planning.kinds import Look, look_of
from crm.planning.tasks import only_by_outcome, task_outcomes
from crm.planning.times import colour_of
from pipelines.catalog import CompiledScenario
from pipelines.numbers import whole

SIZES = (50, 100, 200)
SORTS = ("due_at", "created_at", "text")
# Where there are more, counting them would cost more than the page.
COUNT_CAP = 1_000
FORGOTTEN = 50
GROUPS = {
    "overdue": gettext_lazy("Overdue"),
    "today": gettext_lazy("Today"),
    "tomorrow": gettext_lazy("Tomorrow"),
    "later": gettext_lazy("Later"),
}


@dataclass(frozen=True)
class Order:
    """A column to sort by, and which way; the task's number breaks ties the same way."""

    column: str = "due_at"
    down: bool = False

    @classmethod
    def parse(cls, text: str) -> Order:
        """«-due_at» or «due_at»; the soonest first where nothing or nonsense is asked."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in SORTS else cls()

    def __str__(self) -> str:
        return f"{'-' if self.down else ''}{self.column}"

    def mark(self, task: Task) -> str:
        value = getattr(task, self.column)
        return f"{value.isoformat() if isinstance(value, datetime) else value}~{task.pk}"

    def parse_mark(self, text: str) -> tuple[Any, int]:
        """Errors: ValueError for a mark that no page of this order gave out."""
        raw, _tilde, pk = text.rpartition("~")
        if whole(pk) is None or "\x00" in raw:
            raise ValueError(text)
        if self.column == "text":
            return raw, int(pk)
        moment = datetime.fromisoformat(raw)
        if timezone.is_naive(moment):
            raise ValueError(text)
        return moment, int(pk)

    def beyond(self, mark: str, *, down: bool) -> Q:
        value, pk = self.parse_mark(mark)
        way = "lt" if down else "gt"
        further = Q(**{f"{self.column}__{way}": value}) | Q(**{f"id__{way}": pk})
        return Q(**{f"{self.column}__{way}e": value}) & further


def size_of(text: str) -> int:
    return int(text) if text in map(str, SIZES) else SIZES[0]


def kept(order: Order, size: int) -> Pairs:
    """What an address says of the order and the size, where they are not as usual."""
    found = [] if order == Order() else [("sort", str(order))]
    return found if size == SIZES[0] else [*found, ("size", str(size))]


@dataclass(frozen=True)
class Line:
    """A task with all that its line says."""

    task: Task
    look: Look
    colour: str
    # The heading that stands above it; empty where the line before is of the same group.
    heading: str
    outcomes: list[CompiledScenario]
    only_by_outcome: bool
    # Whom one stands in for with it.
    in_place_of: str
    # The reader may open what it is about.
    deal_is_seen: bool

    @property
    def client(self) -> str:
        """Who is called or written to: two deals of one name are told apart by it."""
        deal = self.task.deal
        found = (deal.contact or deal.company) if deal else None
        return found.name if found else ""


@dataclass(frozen=True)
class Page:
    lines: list[Line]
    before: str
    after: str
    total: int
    is_more: bool


def read_page(
    user: User, asked: TaskFilter, *, order: Order, size: int, now: datetime, **marks: str
) -> Page:
    """One page of what is asked, and how many there are: three statements.

    `after` and `before` are marks of a page read earlier. Errors: ValueError for a mark that no page gave out.
    """
    found = asked.apply(Task.objects.visible_to(user), now=now)
    after, before = marks.get("after", ""), marks.get("before", "")
    backwards = bool(before) and not after
    down = order.down is not backwards
    tasks = found.select_related(
        "owner", "deal__contact", "deal__company", "contact", "company", "created_by", "rule"
    )
    if mark := after or before:
        tasks = tasks.filter(order.beyond(mark, down=down))
    sign = "-" if down else ""
    rows = list(tasks.order_by(f"{sign}{order.column}", f"{sign}id")[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if backwards:
        rows.reverse()
    has_before, has_after = (more, True) if backwards else (bool(after), more)
    if mark or more:
        total = found.order_by()[: COUNT_CAP + 1].count()
    else:
        total = len(rows)
    return Page(
        _lines(user, rows, grouped=order == Order() and asked.is_of_open, now=now),
        before=order.mark(rows[0]) if rows and has_before else "",
        after=order.mark(rows[-1]) if rows and has_after else "",
        total=min(total, COUNT_CAP),
        is_more=total > COUNT_CAP,
    )


def group_of(task: Task, colour: str, now: datetime) -> str:
    is_tomorrow = task.due_day == timezone.localdate(now) + timedelta(days=1)
    return "tomorrow" if is_tomorrow and colour == "later" else colour


def without_task(viewer: User, owner: User) -> list[Deal]:
    """The owner's deals that should have a task and have none (AX-5.1), the longest on their stage first."""
    deals = Deal.objects.visible_to(viewer).without_task().filter(owner=owner)
    return list(deals.select_related("stage").order_by("stage_since", "pk")[:FORGOTTEN])


def _lines(user: User, tasks: list[Task], *, grouped: bool, now: datetime) -> list[Line]:
    """The headings follow the tasks: each once, where its first task stands."""
    of_deals = {task.deal_id for task in tasks if task.deal_id}
    seen = set(Deal.objects.visible_to(user).filter(pk__in=of_deals).values_list("pk", flat=True)) if of_deals else set()  # fmt: skip
    absent = {absence.user_id: absence.name for absence in user.standing_for}
    colours = {
        task.pk: colour_of(task, now) if task.state == Task.State.OPEN else "" for task in tasks
    }
    groups = {task.pk: group_of(task, colours[task.pk], now) if grouped else "" for task in tasks}
    if grouped:
        # Those that the regulation puts first; the rest stays in its order.
        order = list(GROUPS)
        tasks = sorted(tasks, key=lambda task: (order.index(groups[task.pk]), not task.on_top))
    lines, last = [], ""
    for task in tasks:
        group = groups[task.pk]
        lines.append(
            Line(
                task=task,
                look=look_of(task.kind),
                colour=colours[task.pk],
                heading=str(GROUPS[group]) if group and group != last else "",
                outcomes=task_outcomes(task, task.deal),
                only_by_outcome=only_by_outcome(task, task.deal),
                in_place_of=absent.get(task.owner_id, "") if colours[task.pk] else "",
                deal_is_seen=task.deal_id in seen,
            )
        )
        last = group
    return lines


def known_columns(user: User, scope: str = "all") -> list[Column]:
    """Errors: LookupError for an unknown scope."""
    if scope != "all":
        raise LookupError(scope)
    return [
        Column("text", _("What is to be done"), is_sortable=True, is_fixed=True),
        Column("due_at", _("Until"), is_sortable=True),
        Column("about", _("About")),
        Column("owner", _("Responsible"), at_first=user.leads or bool(user.standing_for)),
        Column("set_by", _("Set by")),
        Column("kind", _("Kind"), at_first=False),
        Column("state", _("State"), at_first=False),
        Column("created_at", _("Created"), is_sortable=True, at_first=False),
        Column("result", _("Result"), at_first=False),
    ]


columns.register("tasks", known_columns)
