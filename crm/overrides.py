"""What becomes of a passed guard among the records: a task to put it right."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator

from crm import tasks
from crm.models import Task, User
from pipelines import overrides
from pipelines.actor import Actor


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
