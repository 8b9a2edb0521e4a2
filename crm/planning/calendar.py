"""Tasks between two moments as a calendar shows them, and when nobody works.

Moments go out by the reader's clock and without a zone: the page draws them as they are written, whatever zone the
browser believes to be in.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import Task, User
from crm.planning import quick
from crm.planning.asked import TaskFilter
from crm.planning.kinds import look_of, minutes_of
from crm.planning.times import colour_of

# What one screen can show and a person can read; a month of a large team is asked for by a filter.
MOST = 1_000
# A month with the weeks around it, and some more.
LONGEST = timedelta(days=62)
# Within a week or so the hours are drawn, beyond it only whole days off.
WITH_HOURS = timedelta(days=9)


def read(
    user: User, asked: TaskFilter, *, start: datetime, end: datetime, now: datetime
) -> tuple[list[dict[str, Any]], bool]:
    """The tasks from one moment to another, as FullCalendar takes them, and whether there are more; one statement."""
    # The day of a task for a whole day ends in another zone's next day.
    wide = timedelta(hours=26)
    timed = Q(all_day=False, due_at__gte=start, due_at__lt=end)
    whole = Q(all_day=True, due_at__gte=start - wide, due_at__lt=end + wide)
    found = asked.apply(Task.objects.visible_to(user), now=now).filter(timed | whole)
    related = ("owner", "deal__contact", "deal__company", "contact", "company")
    tasks = list(found.select_related(*related).order_by("due_at", "pk")[: MOST + 1])
    absent = {absence.user_id: absence.name for absence in user.standing_for}
    shown = [_event(task, user, absent.get(task.owner_id, ""), now) for task in tasks[:MOST]]
    return shown, len(tasks) > MOST


def _event(task: Task, user: User, in_place_of: str, now: datetime) -> dict[str, Any]:
    is_open = task.state == Task.State.OPEN
    look = look_of(task.kind)
    colour = colour_of(task, now) if is_open else "over"
    # Whom one is to call says more than the name of a deal, which many share.
    of = task.deal or task
    about = [one.name for one in (task.deal, of.contact or of.company) if one]
    if in_place_of:
        about.append(_("for %(person)s") % {"person": in_place_of})
    elif task.owner_id != user.pk:
        about.append(str(task.owner))
    event: dict[str, Any] = {
        "id": str(task.pk),
        "title": task.text,
        "url": reverse("crm:task", args=[task.pk]),
        "allDay": task.all_day,
        "editable": is_open,
        "classNames": ["task-event", f"task-event-{look.colour}", f"task-event-{colour}"],
        "extendedProps": {
            "icon": look.icon,
            "kind": task.get_kind_display(),
            "about": " · ".join(about),
            "revision": task.revision,
        },
    }
    if task.all_day:
        return event | {"start": task.due_day.isoformat()}
    ends = task.due_at + timedelta(minutes=minutes_of(task))
    return event | {"start": _plain(task.due_at), "end": _plain(ends)}


def time_off(user: User, *, start: datetime, end: datetime) -> list[dict[str, Any]]:
    """What is shaded: the days without work, and of a week also the hours, by the schedule of the user's playbook."""
    calendar = quick.calendar_of(user)
    first, last = timezone.localdate(start), timezone.localdate(end)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    # A day of the schedule's zone may begin or end in the reader's day beside it.
    around = [days[0] - timedelta(days=1), *days, days[-1] + timedelta(days=1)]
    spans = sorted(span for day in around for span in calendar.intervals(day))
    worked = {timezone.localdate(moment) for span in spans for moment in span}
    found: list[dict[str, Any]] = [
        _shade(day.isoformat(), (day + timedelta(days=1)).isoformat(), whole=True)
        for day in days
        if day not in worked
    ]
    if end - start > WITH_HOURS:
        return found
    for day in worked.intersection(days):
        at = timezone.make_aware(datetime.combine(day, time()))
        midnight = timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))
        for opens, closes in spans:
            if closes <= at or opens >= midnight:
                continue
            if opens > at:
                found.append(_shade(_plain(at), _plain(opens)))
            at = closes
        if at < midnight:
            found.append(_shade(_plain(at), _plain(midnight)))
    return found


def _shade(start: str, end: str, *, whole: bool = False) -> dict[str, Any]:
    return {
        "start": start,
        "end": end,
        "allDay": whole,
        "display": "background",
        "classNames": ["task-off"],
        "editable": False,
    }


def _plain(moment: datetime) -> str:
    return timezone.localtime(moment).replace(tzinfo=None).isoformat(timespec="minutes")


def day_of(text: str, today: date) -> date:
    """A day of an address; today where nothing or nonsense is asked."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if 1900 < day.year < 2200 else today
