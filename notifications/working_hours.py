"""When the company works next, in words for a client: «сегодня до 18:00», «в понедельник, 16 марта, с 9:00»."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.placeholders import Occasion
from pipelines import catalog, clock
from pipelines.clock import NoWorkingTime, WorkCalendar


def calendar_of(occasion: Occasion) -> WorkCalendar:
    """The working time of the deal's pipeline; outside a deal, that of the playbook's first pipeline."""
    if occasion.deal is not None:
        return catalog.pipeline(occasion.deal.pipeline_id).calendar
    own = (item for item in catalog.pipelines() if item.playbook == occasion.playbook)
    found = next(own, None)
    return found.calendar if found else clock.standard()


def in_words(calendar: WorkCalendar, now: datetime) -> str:
    """Now, if it is worked, until today's end; otherwise the next opening with its day. Times are the calendar's.

    An empty string where the calendar knows no working time: the letter is still sent.
    """
    try:
        opens = calendar.next_working(now)
    except NoWorkingTime:
        return ""
    zone = ZoneInfo(calendar.zone)
    today, day = now.astimezone(zone).date(), opens.astimezone(zone).date()
    if calendar.is_working(now):
        closes = calendar.intervals(today)[-1][1].astimezone(zone)
        if closes.date() > today:
            return pgettext("we work", "today")
        return pgettext("we work", "today until %(time)s") % {"time": _clock(closes)}
    clocked = opens.astimezone(zone)
    words = {"date": date_format(clocked, "j E"), "time": _clock(clocked)}
    if day == today:
        return pgettext("we work", "today from %(time)s") % words
    if day == today + timedelta(days=1):
        return pgettext("we work", "tomorrow, %(date)s, from %(time)s") % words
    words["weekday"] = _weekdays()[day.weekday()]
    return pgettext("we work", "%(weekday)s, %(date)s, from %(time)s") % words


def _clock(moment: datetime) -> str:
    return f"{moment.hour}:{moment:%M}"


def _weekdays() -> list[str]:
    return [
        _("on Monday"),
        _("on Tuesday"),
        _("on Wednesday"),
        _("on Thursday"),
        _("on Friday"),
        _("on Saturday"),
        _("on Sunday"),
    ]
