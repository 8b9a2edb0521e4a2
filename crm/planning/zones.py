"""A person moves to another time zone: the whole days of his tasks stay the days that he means."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone

from crm.models import Deal, Task, User
from crm.planning import times
from crm.planning.keeping import keep_next_task, plan_reminder
from pipelines.transactions import verb


@verb
def change_zone(user: User, zone: str, *, now: datetime) -> None:
    """Write the user's zone. His open tasks for a whole day end with the same day there and remind in its morning.

    Tasks with an hour stay at their moment: a call is when the client expects it.
    """
    before = ZoneInfo(user.time_zone)
    user.time_zone = zone
    user.save(update_fields=["time_zone"])
    days = Task.objects.open().filter(owner=user, all_day=True)
    touched = Deal.objects.filter(pk__in=days.exclude(deal=None).values("deal"))
    # The deals first, as whoever plans a task of theirs does.
    deals = list(touched.select_for_update(of=("self",), no_key=True).order_by("pk"))
    for task in days.select_for_update(of=("self",)).order_by("pk"):
        task.owner = user
        task.due_at = times.end_of_day(timezone.localdate(task.due_at, before), ZoneInfo(zone))
        # What has been reminded of is not reminded of again.
        if task.remind_at is not None:
            plan_reminder(task, now)
        task.save(update_fields=["due_at", "remind_at"])
    for deal in deals:
        keep_next_task(deal)
