"""When a task is due and when to remind of it: days by its owner's clock, moments in UTC.

Pure functions; now is a parameter.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import gettext_lazy

from crm.models import Task, User

Colour = Literal["overdue", "today", "later"]

# Whoever has a task for the whole day hears of it when the day's work begins.
MORNING = time(9)
DAY_BEFORE = 24 * 60
# How long before a task one is reminded: minutes, and in words.
REMINDERS: list[tuple[int, Any]] = [
    (0, gettext_lazy("when it is due")),
    (5, gettext_lazy("5 minutes before")),
    (15, gettext_lazy("15 minutes before")),
    (30, gettext_lazy("30 minutes before")),
    (60, gettext_lazy("an hour before")),
    (DAY_BEFORE, gettext_lazy("a day before")),
]
LENGTHS = (15, 30, 45, 60, 90, 120, 180, 240, 480)
LONGEST = 24 * 60


def zone_of(user: User) -> ZoneInfo:
    return ZoneInfo(user.time_zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The day's last minute: where clocks go back at midnight, the later of the two."""
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return midnight.astimezone(UTC) - timedelta(minutes=1)


def settled(due_at: datetime, *, all_day: bool, owner: User) -> datetime:
    """The moment by which it is due: of a task for a whole day the end of that day by its owner's clock."""
    if not all_day:
        return due_at
    zone = zone_of(owner)
    return end_of_day(timezone.localdate(due_at, zone), zone)


def reminder_at(
    due_at: datetime, *, all_day: bool, minutes: int | None, owner: User, now: datetime
) -> datetime | None:
    """When to remind of a task that is planned now; None where nothing is wanted or all of it is past.

    Of a task for a whole day in the morning, of that day or of the day before. Where the minutes before it have
    already begun, at the task's own hour: a task set for ten minutes from now is not one to be forgotten.
    """
    if minutes is None or due_at <= now:
        return None
    if all_day:
        zone = zone_of(owner)
        day = timezone.localdate(due_at, zone) - timedelta(days=minutes // DAY_BEFORE)
        at = datetime.combine(day, MORNING, zone).astimezone(UTC)
        return at if at > now else None
    at = due_at - timedelta(minutes=minutes)
    return at if at > now else due_at


def colour_of(task: Task, now: datetime) -> Colour:
    """Red when overdue, green today, grey later: as on the board. A whole day is not over before its end."""
    zone = zone_of(task.owner) if task.all_day else None
    today, day = timezone.localdate(now, zone), task.due_day
    if (day < today) if task.all_day else (task.due_at < now):
        return "overdue"
    return "today" if day == today else "later"
