"""Reminding of tasks at their minute: each reminder once, however many workers look."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from crm.leaves import standing
from crm.models import Task, User
from crm.notices import notify
from crm.notices.kinds import TASK_REMINDER
from pipelines.transactions import verb

AT_ONCE = 100
# A reminder later than this says so: after an outage nobody should believe that all is in time.
LATE = timedelta(minutes=5)


def remind_due(now: datetime) -> int:
    """Give every reminder that is due; returns how many tasks were reminded of."""
    total = 0
    while found := remind_some(now):
        total += found
    return total


@verb
def remind_some(now: datetime, limit: int = AT_ONCE) -> int:
    """A portion of them, which other workers pass over meanwhile: to the owner, and to who stands in for him."""
    due = Task.objects.open().filter(remind_at__lte=now).select_related("owner", "deal")
    tasks = list(
        due.select_for_update(of=("self",), skip_locked=True).order_by("remind_at", "pk")[:limit]
    )
    deputies = standing.deputies_of((task.owner_id for task in tasks), now=now) if tasks else {}
    for task in tasks:
        for person in filter(None, [task.owner, deputies.get(task.owner_id)]):
            tell(task, person, now)
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(remind_at=None)
    return len(tasks)


def tell(task: Task, person: User, now: datetime) -> None:
    """Give one reminder to one person; told of the same plan of the task twice, he is told once."""
    notify(
        person,
        TASK_REMINDER,
        text=lambda: _said(task, person, now),
        url=reverse("crm:task", args=[task.pk]),
        now=now,
        key=f"task.reminder:{task.pk}:{task.revision}",
    )


def _said(task: Task, person: User, now: datetime) -> str:
    """«15:00 Позвонить (Ромашка)», in the language and the zone of whoever is told."""
    if task.all_day:
        when = date_format(task.due_day, "SHORT_DATE_FORMAT")
    else:
        local, today = timezone.localtime(task.due_at), timezone.localdate(now)
        is_today = local.date() == today
        when = date_format(local, "H:i" if is_today else "SHORT_DATETIME_FORMAT")
    said = f"{when} {task.text}" + (f" ({task.deal.name})" if task.deal else "")
    if person.pk != task.owner_id:
        said = _("For %(person)s: %(task)s") % {"person": task.owner, "task": said}
    if task.remind_at is not None and now - task.remind_at > LATE:
        at = date_format(timezone.localtime(task.remind_at), "SHORT_DATETIME_FORMAT")
        said = _("Late, it was to be said at %(at)s: %(task)s") % {"at": at, "task": said}
    return said
