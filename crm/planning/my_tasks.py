"""«Мои задачи»: a person's open tasks by when they are due, and the deals that nobody planned anything for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.card.page import TASK_ICONS, OpenTask, due_colour
from crm.models import Deal, Task, User
from crm.planning.tasks import task_outcomes

# More than a person can do in a month: the list says that there are more instead of growing without end.
LIMIT = 300
FORGOTTEN = 50

GROUPS = {
    "overdue": _("Overdue"),
    "today": _("Today"),
    "tomorrow": _("Tomorrow"),
    "later": _("Later"),
}


@dataclass(frozen=True)
class Group:
    code: str
    label: str
    tasks: list[OpenTask]


def groups(viewer: User, owner: User, *, now: datetime) -> tuple[list[Group], bool]:
    """The owner's open tasks as far as the viewer sees them, the soonest first; and whether there are more."""
    tasks = Task.objects.visible_to(viewer).open().filter(owner=owner)
    found = list(
        tasks.select_related("deal", "contact", "company").order_by("due_at", "pk")[: LIMIT + 1]
    )
    by_code: dict[str, list[OpenTask]] = {code: [] for code in GROUPS}
    for task in found[:LIMIT]:
        colour = due_colour(task, now)
        shown_task = OpenTask(
            task, task_outcomes(task, task.deal), TASK_ICONS.get(task.kind, "checkbox"), colour
        )
        is_tomorrow = timezone.localdate(task.due_at) == timezone.localdate(now) + timedelta(days=1)
        by_code["tomorrow" if is_tomorrow else colour].append(shown_task)
    for tasks_of_group in by_code.values():
        # Those that the regulation puts first; the rest stays in its order.
        tasks_of_group.sort(key=lambda item: not item.task.on_top)
    shown = [
        Group(code, str(label), by_code[code]) for code, label in GROUPS.items() if by_code[code]
    ]
    return shown, len(found) > LIMIT


def without_task(viewer: User, owner: User) -> list[Deal]:
    """The owner's deals that should have a task and have none (AX-5.1), the longest on their stage first."""
    deals = Deal.objects.visible_to(viewer).without_task().filter(owner=owner)
    return list(deals.select_related("stage").order_by("stage_since", "pk")[:FORGOTTEN])
