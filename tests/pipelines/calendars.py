"""Calendars for the tests of working time, and moments written by their clocks: "2026-03-06 17:00"."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pipelines.clock import DEFAULT, Duration, WorkCalendar, parse_hours

NINE_TO_SIX = parse_hours("09:00-18:00")
WITH_LUNCH = parse_hours("09:00-13:00, 14:00-18:00")
FIVE_DAYS = dict.fromkeys(range(5), NINE_TO_SIX)
ROUND_THE_CLOCK = {day: parse_hours("00:00-24:00") for day in range(7)}

RUSSIA = WorkCalendar("Europe/Moscow", FIVE_DAYS, countries=("RU",))
BELARUS = WorkCalendar("Europe/Minsk", FIVE_DAYS, countries=("BY",))
BOTH = WorkCalendar("Europe/Moscow", FIVE_DAYS, countries=("RU", "BY"))
LUNCH = WorkCalendar("Europe/Moscow", dict.fromkeys(range(5), WITH_LUNCH))
KYIV = WorkCalendar("Europe/Kyiv", FIVE_DAYS)
KYIV_ALWAYS = WorkCalendar("Europe/Kyiv", ROUND_THE_CLOCK)
NEVER = WorkCalendar("Europe/Moscow", {})


def moment(text: str, calendar: WorkCalendar = DEFAULT) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(calendar.zone))


def local(at: datetime, calendar: WorkCalendar) -> str:
    assert at.tzinfo is UTC
    return f"{at.astimezone(ZoneInfo(calendar.zone)):%Y-%m-%d %H:%M}"


def due(calendar: WorkCalendar, start: str, duration: str) -> str:
    at = calendar.add(moment(start, calendar), Duration.parse(duration))
    return local(at, calendar)


def begun(calendar: WorkCalendar, end: str, duration: str) -> str:
    at = calendar.before(moment(end, calendar), Duration.parse(duration))
    return local(at, calendar)
