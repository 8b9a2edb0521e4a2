"""The times that a task is usually put to, as buttons: worked out here, in the user's zone and by his working days."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.models import User
from pipelines import catalog
from pipelines.clock import Duration, NoWorkingTime, WorkCalendar, standard

MORNING, EVENING = 10, 18
HOUR = timedelta(hours=1)


def calendar_of(user: User) -> WorkCalendar:
    """The working time of the playbook that the user's team works by; of the first pipeline where none is named."""
    pipelines = catalog.pipelines()
    own = [item for item in pipelines if user.playbook in ("", item.playbook)]
    return own[0].calendar if own else standard()


def quick_dates(user: User, now: datetime) -> list[tuple[str, datetime]]:
    """What the buttons say and mean, full hours all of them, in the active zone."""
    local = timezone.localtime(now)
    morning = local.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    # The full hour nearest to «in an hour»: from half an hour to one and a half away.
    soon = (local + HOUR + HOUR / 2).replace(minute=0, second=0, microsecond=0)
    found = [(_("in an hour"), soon)]
    if local.hour < EVENING - 1:
        found.append((_("this evening"), morning.replace(hour=EVENING)))
    found.append((_("tomorrow morning"), morning + timedelta(days=1)))
    try:
        later = calendar_of(user).add(now, Duration(days=3, working=True))
    except NoWorkingTime:
        later = now + timedelta(days=3)
    day = timezone.localdate(later)
    found.append(
        (_("in 3 working days"), morning.replace(year=day.year, month=day.month, day=day.day))
    )
    found.append((_("next Monday"), morning + timedelta(days=7 - local.weekday())))
    return found
