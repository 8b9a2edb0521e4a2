"""What becomes of a passed guard among the records: a task to put it right."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.text import Truncator

from crm.models import Task, User
from crm.planning import tasks
from pipelines import overrides
from pipelines.actor import Actor
from pipelines.models import Override


@overrides.sets_tasks
def set_task(deal: Any, *, text: str, on: date, owner: User, by: Actor, now: datetime) -> Task:
    """A task for the whole day `on`, in the day of whoever promised."""
    return tasks.create_task(
        text=Truncator(text).chars(tasks.TEXT_LIMIT),
        due_at=timezone.make_aware(datetime.combine(on, time(23, 59))),
        all_day=True,
        owner=owner,
        deal=deal,
        by=by,
        now=now,
    )


DONE = Q(task__state=Task.State.DONE)


def visible_to(user: User) -> QuerySet[Override]:
    """What the user and his people passed; everybody's for administrators."""
    if user.led_ids is None:
        return Override.objects.all()
    return Override.objects.filter(by__in=user.led_ids)


def overdue(today: date) -> Q:
    """Promised for a day that is over, and not put right."""
    return ~DONE & Q(until__lt=today)


def state_of(override: Override, today: date) -> str:
    """`done` when its task is, else `waiting` until the promised day is over, then `overdue`."""
    if override.task is not None and override.task.state == Task.State.DONE:
        return "done"
    return "overdue" if override.until < today else "waiting"
