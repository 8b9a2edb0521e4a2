"""Working time, rule by rule. Moments are written by the local clock: "2026-03-06 17:00"."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clock import (
    DEFAULT,
    Duration,
    NoWorkingTime,
    WorkCalendar,
    parse_hours,
    standard,
)
from tests.pipelines.calendars import (
    BELARUS,
    BOTH,
    FIVE_DAYS,
    KYIV,
    KYIV_ALWAYS,
    LUNCH,
    NEVER,
    NINE_TO_SIX,
    RUSSIA,
    begun,
    due,
    local,
    moment,
)

# ── Hours and minutes of working time ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        # 2026-03-06 is a Friday
        ("2026-03-05 10:00", "30m working", "2026-03-05 10:30"),
        ("2026-03-05 07:00", "30m working", "2026-03-05 09:30"),
        ("2026-03-05 17:45", "30m working", "2026-03-06 09:15"),
        ("2026-03-06 17:45", "30m working", "2026-03-09 09:15"),
        ("2026-03-06 20:00", "30m working", "2026-03-09 09:30"),
        ("2026-03-07 12:00", "4h working", "2026-03-09 13:00"),
        ("2026-03-06 17:30", "30m working", "2026-03-06 18:00"),
        ("2026-03-06 18:00", "30m working", "2026-03-09 09:30"),
        ("2026-03-06 09:00", "9h working", "2026-03-06 18:00"),
        ("2026-03-06 09:00", "18h working", "2026-03-09 18:00"),
        ("2026-01-30 17:00", "2h working", "2026-02-02 10:00"),
        ("2025-12-31 17:00", "2h working", "2026-01-01 10:00"),
        ("2028-02-28 17:00", "2h working", "2028-02-29 10:00"),
        ("2028-02-29 17:00", "2h working", "2028-03-01 10:00"),
    ],
)
def test_working_time_runs_only_in_working_hours(start, duration, expected):
    assert due(DEFAULT, start, duration) == expected


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-03-05 12:30", "1h working", "2026-03-05 14:30"),
        ("2026-03-05 12:30", "30m working", "2026-03-05 13:00"),
        ("2026-03-05 13:20", "30m working", "2026-03-05 14:30"),
        ("2026-03-06 12:00", "6h working", "2026-03-09 10:00"),
        ("2026-03-05 13:30", "1d working", "2026-03-06 14:00"),
    ],
)
def test_the_lunch_break_does_not_count(start, duration, expected):
    assert due(LUNCH, start, duration) == expected


def test_a_shift_until_midnight_goes_on_in_the_next_day():
    late = WorkCalendar(
        "Europe/Moscow", {0: parse_hours("20:00-24:00"), 1: parse_hours("00:00-04:00")}
    )
    assert due(late, "2026-03-09 23:00", "2h working") == "2026-03-10 01:00"
    assert late.is_working(moment("2026-03-09 23:59"))
    assert late.is_working(moment("2026-03-10 00:00"))


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-06 10:15", "2026-03-06 10:15"),
        ("2026-03-06 09:00", "2026-03-06 09:00"),
        ("2026-03-06 18:00", "2026-03-09 09:00"),
        ("2026-03-08 10:00", "2026-03-09 09:00"),
    ],
)
def test_the_next_working_moment_is_now_or_the_next_opening(at, expected):
    assert local(DEFAULT.next_working(moment(at)), DEFAULT) == expected
    assert DEFAULT.is_working(moment(at)) is (at == expected)


def test_every_answer_is_in_utc_whatever_the_zone_of_the_question():
    at = datetime(2026, 3, 6, 23, 0, tzinfo=ZoneInfo("Asia/Tokyo"))  # 17:00 in Moscow
    assert DEFAULT.is_working(at)
    assert DEFAULT.next_working(at).tzinfo is UTC
    assert due(DEFAULT, "2026-03-06 17:00", "2h working") == local(
        DEFAULT.add(at, Duration(hours=2, working=True)), DEFAULT
    )


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        DEFAULT.add(datetime(2026, 3, 6, 17), Duration(hours=1))


# ── Days ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-03-05 11:20", "1d working", "2026-03-06 11:20"),
        ("2026-03-06 11:20", "1d working", "2026-03-09 11:20"),
        ("2026-03-06 20:00", "1d working", "2026-03-09 18:00"),
        ("2026-03-06 07:00", "1d working", "2026-03-09 09:00"),
        ("2026-03-07 12:00", "1d working", "2026-03-09 12:00"),
        ("2026-03-05 11:20", "5d working", "2026-03-12 11:20"),
        ("2026-03-05 11:20", "1w working", "2026-03-12 11:20"),
        ("2026-03-06 17:00", "1d 2h working", "2026-03-10 10:00"),
        ("2026-12-31 11:20", "1d working", "2027-01-01 11:20"),
        ("2028-02-28 11:20", "2d working", "2028-03-01 11:20"),
    ],
)
def test_a_working_day_ends_at_the_same_clock_time_on_the_next_working_day(
    start, duration, expected
):
    assert due(DEFAULT, start, duration) == expected


@pytest.mark.parametrize(
    ("start", "duration", "expected"),
    [
        ("2026-03-06 20:00", "1d", "2026-03-07 20:00"),
        ("2026-03-06 20:00", "1d 12h", "2026-03-08 08:00"),
        ("2026-03-06 20:00", "15m", "2026-03-06 20:15"),
        ("2026-01-31 10:00", "1d", "2026-02-01 10:00"),
        ("2026-12-31 23:50", "15m", "2027-01-01 00:05"),
        ("2026-12-31 10:00", "3w", "2027-01-21 10:00"),
        ("2026-03-06 10:00", "56d", "2026-05-01 10:00"),
        ("2028-02-28 10:00", "1d", "2028-02-29 10:00"),
        ("2028-02-28 10:00", "2d", "2028-03-01 10:00"),
        ("2027-02-28 10:00", "1d", "2027-03-01 10:00"),
    ],
)
def test_calendar_time_runs_day_and_night(start, duration, expected):
    assert due(DEFAULT, start, duration) == expected


# ── Before and elapsed ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("calendar", "end", "duration", "expected"),
    [
        (DEFAULT, "2026-03-31 10:00", "30d", "2026-03-01 10:00"),
        (DEFAULT, "2028-03-30 10:00", "30d", "2028-02-29 10:00"),
        (DEFAULT, "2027-01-07 10:00", "7d", "2026-12-31 10:00"),
        (DEFAULT, "2026-03-09 08:00", "1d 12h", "2026-03-07 20:00"),
        (DEFAULT, "2026-03-09 10:00", "2h working", "2026-03-06 17:00"),
        (DEFAULT, "2026-03-08 10:00", "2h working", "2026-03-06 16:00"),
        (DEFAULT, "2026-03-09 18:00", "9h working", "2026-03-09 09:00"),
        (DEFAULT, "2026-03-09 11:20", "1d working", "2026-03-06 11:20"),
        (DEFAULT, "2026-03-09 07:00", "1d working", "2026-03-06 09:00"),
        (LUNCH, "2026-03-05 14:30", "1h working", "2026-03-05 12:30"),
        (RUSSIA, "2026-01-12 10:00", "2h working", "2025-12-30 17:00"),
        (KYIV, "2026-03-30 12:00", "2d", "2026-03-28 12:00"),
        (KYIV, "2026-03-29 13:00", "24h", "2026-03-28 12:00"),
    ],
)
def test_a_moment_before_a_date_is_counted_back(calendar, end, duration, expected):
    assert begun(calendar, end, duration) == expected


@pytest.mark.parametrize(
    ("calendar", "start", "end", "expected"),
    [
        (DEFAULT, "2026-03-05 10:00", "2026-03-05 11:30", "1:30"),
        (DEFAULT, "2026-03-06 17:00", "2026-03-09 10:00", "2:00"),
        (DEFAULT, "2026-03-06 19:00", "2026-03-08 10:00", "0:00"),
        (DEFAULT, "2026-03-05 11:30", "2026-03-05 10:00", "0:00"),
        (LUNCH, "2026-03-05 08:00", "2026-03-05 20:00", "8:00"),
        (RUSSIA, "2025-12-30 17:00", "2026-01-12 10:00", "2:00"),
        (NEVER, "2026-03-05 10:00", "2026-03-09 11:30", "0:00"),
    ],
)
def test_elapsed_counts_only_working_time(calendar, start, end, expected):
    hours, minutes = map(int, expected.split(":"))
    elapsed = calendar.elapsed(moment(start, calendar), moment(end, calendar))
    assert elapsed == timedelta(hours=hours, minutes=minutes)


calendars = st.sampled_from([DEFAULT, RUSSIA, BELARUS, BOTH, LUNCH, KYIV, KYIV_ALWAYS])
moments = st.datetimes(datetime(2024, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC))
exact = st.builds(
    Duration, hours=st.integers(0, 60), minutes=st.integers(1, 600), working=st.just(True)
)


@settings(deadline=None)  # the first question about a year reads its holidays
@given(calendars, moments, exact)
def test_elapsed_gives_back_the_working_hours_added(calendar, at, duration):
    end = calendar.add(at, duration)
    assert calendar.elapsed(at, end) == duration.exact
    assert calendar.elapsed(calendar.before(at, duration), at) == duration.exact


@settings(deadline=None)
@given(calendars, moments, exact)
def test_counting_back_what_was_added_arrives_at_the_working_moment_it_began(
    calendar, at, duration
):
    began = calendar.next_working(at)
    assert calendar.before(calendar.add(at, duration), duration) == began


@settings(deadline=None)
@given(calendars, moments, moments, exact)
def test_who_starts_later_is_never_due_earlier(calendar, one, other, duration):
    earlier, later = sorted((one, other))
    assert calendar.add(earlier, duration) <= calendar.add(later, duration)


# ── Calendars ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "ask",
    [
        lambda at: NEVER.next_working(at),
        lambda at: NEVER.add(at, Duration(minutes=30, working=True)),
        lambda at: NEVER.add(at, Duration(days=1, working=True)),
        lambda at: NEVER.add(at, Duration(weeks=1, working=True)),
        lambda at: NEVER.before(at, Duration(minutes=30, working=True)),
    ],
)
def test_a_calendar_without_hours_says_so(ask):
    with pytest.raises(NoWorkingTime, match="no working hours within two years"):
        ask(moment("2026-03-05 10:00"))


def test_a_calendar_without_hours_still_counts_calendar_time():
    assert due(NEVER, "2026-03-06 20:00", "1d 1h") == "2026-03-07 21:00"
    assert not NEVER.is_working(moment("2026-03-05 10:00"))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"zone": "Europe/Atlantis"}, "time zone"),
        ({"zone": ""}, "time zone"),
        ({"zone": "../secrets"}, "time zone"),
        ({"week": {7: NINE_TO_SIX}}, "0 .Monday. to 6"),
        ({"week": {0: ((time(18), time(9)),)}}, "end before they start"),
        ({"countries": ("XX",)}, "not known"),
        ({"work_days": {date(2026, 3, 9): ((time(9), time(9)),)}}, "end before they start"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(change, why):
    settings = {"zone": "Europe/Moscow", "week": FIVE_DAYS}
    with pytest.raises(ValueError, match=why):
        WorkCalendar(**settings | change)


def test_calendars_are_values():
    week = dict(FIVE_DAYS)
    calendar = WorkCalendar("Europe/Moscow", week)
    week.clear()
    assert calendar == DEFAULT == standard()
    assert {calendar: "found"}[DEFAULT] == "found"
