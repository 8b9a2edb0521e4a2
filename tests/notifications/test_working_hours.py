"""{nearest_working_time}: when the company works next, in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest
from django.utils import translation

from notifications import placeholders, working_hours
from pipelines import clock
from pipelines.clock import WorkCalendar
from tests.factories import NOON

NINE_TO_SIX = ((time(9), time(18)),)
OFFICE = WorkCalendar(
    zone="Europe/Minsk",
    week=dict.fromkeys(range(5), NINE_TO_SIX),
    countries=("BY",),
)
WITH_LUNCH = WorkCalendar(
    zone="Europe/Minsk",
    week=dict.fromkeys(range(5), ((time(9), time(13)), (time(14), time(18)))),
)
ALWAYS = WorkCalendar(
    zone="Europe/Minsk", week=dict.fromkeys(range(7), ((time(0), clock.MIDNIGHT),))
)


def minsk(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour - 3, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "now", "said"),
    [
        (OFFICE, minsk(3, 12, 14, 5), "сегодня до 18:00"),
        (OFFICE, minsk(3, 12, 7, 30), "сегодня с 9:00"),
        (OFFICE, minsk(3, 12, 18), "завтра, 13 марта, с 9:00"),
        (OFFICE, minsk(3, 13, 23, 30), "в понедельник, 16 марта, с 9:00"),
        (OFFICE, minsk(3, 14, 12), "в понедельник, 16 марта, с 9:00"),
        (OFFICE, minsk(3, 15, 12), "завтра, 16 марта, с 9:00"),
        # Victory Day and Labour Day: the first of May is a Friday.
        (OFFICE, minsk(4, 30, 19), "в понедельник, 4 мая, с 9:00"),
        (OFFICE, minsk(7, 2, 18, 30), "в понедельник, 6 июля, с 9:00"),
        (WITH_LUNCH, minsk(3, 12, 12), "сегодня до 18:00"),
        (WITH_LUNCH, minsk(3, 12, 13, 30), "сегодня с 14:00"),
        (ALWAYS, minsk(3, 12, 3), "сегодня"),
    ],
)
def test_when_we_work_next(calendar: WorkCalendar, now: datetime, said: str) -> None:
    with translation.override("ru"):
        assert working_hours.in_words(calendar, now) == said


def test_the_day_is_the_companys_and_not_the_servers() -> None:
    """22:30 UTC on Thursday is Friday, half past one in the night, in Minsk."""
    with translation.override("ru"):
        said = working_hours.in_words(OFFICE, datetime(2026, 3, 12, 22, 30, tzinfo=UTC))
    assert said == "сегодня с 9:00"


@pytest.mark.parametrize("weekday", range(7))
def test_every_weekday_has_its_words(weekday: int) -> None:
    names = ["понедельник", "вторник", "среду", "четверг", "пятницу", "субботу", "воскресенье"]
    only = WorkCalendar(zone="Europe/Minsk", week={weekday: NINE_TO_SIX})
    with translation.override("ru"):
        # Three days before that weekday.
        said = working_hours.in_words(only, minsk(3, 9 + (weekday - 3) % 7, 12))
    assert said.split(",")[0].endswith(names[weekday])


def test_a_company_that_never_works_says_nothing() -> None:
    never = WorkCalendar(zone="Europe/Minsk", week={}, days_off=frozenset({date(2026, 1, 1)}))
    assert working_hours.in_words(never, NOON) == ""


def test_it_is_filled_in_by_the_deals_pipeline_and_the_moment(deal, alice) -> None:
    occasion = placeholders.Occasion(deal=deal, manager=alice, now=minsk(3, 14, 12))
    assert placeholders.fill_in("Позвоним {nearest_working_time}.", occasion) == (
        "Позвоним в понедельник, 16 марта, с 9:00."
    )


def test_outside_a_deal_it_is_the_playbooks(alice) -> None:
    occasion = placeholders.Occasion(
        deal=None, manager=alice, playbook="axelerator", now=minsk(3, 12, 12)
    )
    assert placeholders.fill_in("{nearest_working_time}", occasion) == "сегодня до 18:00"
