"""Working time, rule by rule. Moments are written by the local clock: "2026-03-06 17:00"."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clock import (
    DEFAULT,
    MIDNIGHT,
    Duration,
    NoWorkingTime,
    StateDays,
    WorkCalendar,
    load_moved_days,
    parse_hours,
    standard,
    state_days,
)

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


# ── Durations ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "duration", "canonical"),
    [
        ("30m working", Duration(minutes=30, working=True), "30m working"),
        ("4h working", Duration(hours=4, working=True), "4h working"),
        ("1d", Duration(days=1), "1d"),
        ("1d working", Duration(days=1, working=True), "1d working"),
        ("3w", Duration(weeks=3), "3w"),
        ("56d", Duration(days=56), "56d"),
        ("15m", Duration(minutes=15), "15m"),
        ("90m", Duration(minutes=90), "90m"),
        ("1d 12h", Duration(days=1, hours=12), "1d 12h"),
        ("1d12h", Duration(days=1, hours=12), "1d 12h"),
        ("12h 1d", Duration(days=1, hours=12), "1d 12h"),
        ("  2 h   working ", Duration(hours=2, working=True), "2h working"),
        ("2H Working", Duration(hours=2, working=True), "2h working"),
        ("3653d", Duration(days=3653), "3653d"),
    ],
)
def test_a_duration_is_read_as_written_and_written_canonically(text, duration, canonical):
    assert Duration.parse(text) == duration
    assert str(duration) == canonical
    assert Duration.parse(canonical) == duration


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is not a duration"),
        ("   ", "is not a duration"),
        ("working", "is not a duration"),
        ("soon", "is not a duration"),
        ("30", "is not a duration"),
        ("h", "is not a duration"),
        ("-1d", "is not a duration"),
        ("1d -2h", "is not a duration"),
        ("1.5h", "is not a duration"),
        ("1d, 2h", "is not a duration"),
        ("working 1d", "is not a duration"),
        ("\u0661d", "is not a duration"),
        ("0m", "longer than nothing"),
        ("0d 0h working", "longer than nothing"),
        ("30s", "unknown unit “s”"),
        ("1y", "unknown unit “y”"),
        ("30 мин", "unknown unit “мин”"),
        ("1d holidays", "is not a duration"),
        ("1h 1h", "twice"),
        ("11000d", "ten years"),
        ("9" * 5000 + "h", "ten years"),
    ],
)
def test_what_is_not_a_duration_is_refused_with_a_reason(text, why):
    with pytest.raises(ValueError, match=why):
        Duration.parse(text)


def test_a_duration_cannot_be_made_negative_by_hand():
    with pytest.raises(ValueError, match="longer than nothing"):
        Duration(days=2, hours=-1)


def test_a_duration_tells_its_amounts_and_nominal_length():
    duration = Duration.parse("1d 12h working")
    assert duration.amounts == ((1, "d"), (12, "h"))
    assert duration.seconds == 36 * 3600


@given(
    st.builds(
        Duration,
        weeks=st.integers(0, 50),
        days=st.integers(0, 500),
        hours=st.integers(0, 500),
        minutes=st.integers(1, 500),
        working=st.booleans(),
    )
)
def test_any_duration_survives_being_written_and_read(duration):
    assert Duration.parse(str(duration)) == duration


# ── Hours ────────────────────────────────────────────────────────────────────────────────────


def test_hours_are_read_from_text():
    assert parse_hours("09:00 - 13:00,14:00-24:00") == (
        (time(9), time(13)),
        (time(14), MIDNIGHT),
    )
    assert parse_hours(" ") == ()


@pytest.mark.parametrize(
    "text",
    ["9", "09:00", "09:00-25:00", "18:00-09:00", "09:00-09:00", "22:00-06:00", "09:00-13:00,",
     "09:00-13:00, 12:00-18:00", "10:00-24:00, 12:00-18:00"],
)  # fmt: skip
def test_hours_that_make_no_sense_are_refused(text):
    with pytest.raises(ValueError):
        parse_hours(text)


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


# ── Public holidays and moved days ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("calendar", "start", "duration", "expected"),
    [
        # New Year: 31 December 2025 to 11 January 2026
        (RUSSIA, "2025-12-30 17:30", "1h working", "2026-01-12 09:30"),
        (RUSSIA, "2025-12-30 17:30", "1d working", "2026-01-12 17:30"),
        (RUSSIA, "2026-12-30 17:30", "1h working", "2027-01-11 09:30"),
        # 8 March: a Sunday in 2026, so Monday is off
        (RUSSIA, "2026-03-06 17:30", "1h working", "2026-03-10 09:30"),
        # 1 and 9 May
        (RUSSIA, "2026-04-30 17:30", "1h working", "2026-05-04 09:30"),
        (RUSSIA, "2026-05-08 17:30", "1h working", "2026-05-12 09:30"),
        (RUSSIA, "2025-05-07 17:30", "1h working", "2025-05-12 09:30"),
        (RUSSIA, "2026-06-11 17:30", "1h working", "2026-06-15 09:30"),
        # Belarus: 3 July 2025 and the Friday after it; Radunitsa 2026 and the Monday before it
        (BELARUS, "2025-07-02 17:30", "1h working", "2025-07-07 09:30"),
        (BELARUS, "2026-07-02 17:30", "1h working", "2026-07-06 09:30"),
        (BELARUS, "2026-04-17 17:30", "1h working", "2026-04-22 09:30"),
        (BELARUS, "2026-03-06 17:30", "1h working", "2026-03-09 09:30"),
        # Both: each country's holidays count
        (BOTH, "2026-07-02 17:30", "1h working", "2026-07-06 09:30"),
        (BOTH, "2026-06-11 17:30", "1h working", "2026-06-15 09:30"),
        # None: holidays are ordinary days
        (DEFAULT, "2025-12-30 17:30", "1h working", "2025-12-31 09:30"),
    ],
)
def test_public_holidays_are_not_worked(calendar, start, duration, expected):
    assert due(calendar, start, duration) == expected


@pytest.mark.parametrize(
    ("calendar", "start", "expected"),
    [
        (RUSSIA, "2025-10-31 17:30", "2025-11-01 09:30"),
        (RUSSIA, "2027-02-19 17:30", "2027-02-20 09:30"),
        (BELARUS, "2025-12-19 17:30", "2025-12-20 09:30"),
        (BELARUS, "2026-04-24 17:30", "2026-04-25 09:30"),
        # Russia's working Saturday is a day off in Belarus
        (BOTH, "2025-10-31 17:30", "2025-11-05 09:30"),
    ],
)
def test_a_saturday_made_a_working_day_is_worked(calendar, start, expected):
    assert due(calendar, start, "1h working") == expected


# Weekdays off and weekend days worked, as decreed: an upgrade of `holidays` must not lose them.
# Belarus: Council of Ministers No. 839 of 14 November 2024, No. 397 of 22 July 2025.
OFFICIAL = {
    ("RU", 2025): ("05-02 05-08 06-13 11-03 12-31", "11-01"),
    ("RU", 2026): ("01-09 03-09 05-11 12-31", ""),
    ("RU", 2027): ("02-22 05-03 05-10 06-14 11-05 12-31", "02-20"),
    ("BY", 2025): ("01-06 04-28 04-29 07-04 12-26", "01-11 04-26 07-12 12-20"),
    ("BY", 2026): ("04-20 04-21", "04-25"),
}


@pytest.mark.parametrize(("country", "year"), OFFICIAL)
def test_the_days_moved_by_decree_are_known(country, year):
    def days(text: str) -> set[date]:
        return {date.fromisoformat(f"{year}-{day}") for day in text.split()}

    moved_off, worked = map(days, OFFICIAL[country, year])
    assert state_days(country, year).off >= moved_off
    assert state_days(country, year).work == worked


def test_our_list_of_moved_days_corrects_the_package(tmp_path: Path, monkeypatch):
    path = tmp_path / "moved_days.yaml"
    path.write_text(
        "BY:\n"
        "- {day_off: 2029-05-11, work_day: 2029-05-19, source: test}\n"
        "- {day_off: 2030-01-03}\n"
        "- {work_day: 2029-07-03}\n"
    )
    moved = load_moved_days("BY", 2029, path=path)
    assert moved == StateDays(
        off=frozenset({date(2029, 5, 11)}),
        work=frozenset({date(2029, 5, 19), date(2029, 7, 3)}),
    )
    assert load_moved_days("BY", 2029, 2030, path=path).off > moved.off
    assert load_moved_days("RU", 2029, path=path) == StateDays(frozenset(), frozenset())

    monkeypatch.setattr("pipelines.clock.load_moved_days", lambda *_: moved)
    corrected = state_days.__wrapped__("BY", 2029)
    assert corrected.off >= moved.off
    assert date(2029, 7, 3) not in corrected.off
    assert corrected.work == moved.work


def test_the_list_that_ships_can_be_read():
    for country in ("RU", "BY"):
        moved = load_moved_days(country, 2025, 2026, 2027)
        assert not moved.off & moved.work


def test_the_companys_own_days_win_over_the_states():
    calendar = WorkCalendar(
        "Europe/Moscow",
        FIVE_DAYS,
        countries=("RU",),
        days_off=frozenset({date(2026, 3, 11), date(2026, 3, 12)}),
        work_days={
            date(2026, 3, 9): parse_hours("12:00-15:00"),  # off in Russia
            date(2026, 3, 12): (),  # in both lists
            date(2026, 3, 14): (),  # a Saturday: the hours of Monday
        },
    )
    assert due(calendar, "2026-03-06 18:00", "1h working") == "2026-03-09 13:00"
    assert due(calendar, "2026-03-10 17:30", "1h working") == "2026-03-12 09:30"
    assert due(calendar, "2026-03-13 17:30", "1h working") == "2026-03-14 09:30"


# ── Summer time ──────────────────────────────────────────────────────────────────────────────
# Kyiv: 03:00 → 04:00 on Sunday 29 March 2026, 04:00 → 03:00 on Sunday 25 October 2026.


@pytest.mark.parametrize(
    ("calendar", "start", "duration", "expected"),
    [
        (KYIV, "2026-03-28 12:00", "1d", "2026-03-29 12:00"),
        (KYIV, "2026-03-28 12:00", "24h", "2026-03-29 13:00"),
        (KYIV, "2026-03-28 03:30", "1d", "2026-03-29 04:30"),
        (KYIV, "2026-03-29 02:30", "1h", "2026-03-29 04:30"),
        (KYIV, "2026-03-27 17:00", "2h working", "2026-03-30 10:00"),
        (KYIV, "2026-03-27 17:00", "1d working", "2026-03-30 17:00"),
        (KYIV_ALWAYS, "2026-03-29 00:00", "4h working", "2026-03-29 05:00"),
        (KYIV, "2026-10-24 12:00", "1d", "2026-10-25 12:00"),
        (KYIV, "2026-10-24 12:00", "24h", "2026-10-25 11:00"),
        (KYIV, "2026-10-25 02:30", "2h", "2026-10-25 03:30"),
        (KYIV, "2026-10-23 17:00", "2h working", "2026-10-26 10:00"),
        (KYIV_ALWAYS, "2026-10-25 00:00", "4h working", "2026-10-25 03:00"),
    ],
)
def test_days_keep_the_clock_time_and_hours_their_length_when_the_clocks_change(
    calendar, start, duration, expected
):
    assert due(calendar, start, duration) == expected


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-07-01", 24)]
)
def test_a_day_has_as_many_hours_as_the_clock_gives_it(day, hours):
    start = moment(f"{day} 00:00", KYIV_ALWAYS)
    end = moment(f"{day} 00:00", KYIV_ALWAYS) + timedelta(days=1)
    assert KYIV_ALWAYS.elapsed(start, end) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "text",
    ["03:15-03:45", "03:30-04:00", "02:00-03:30, 04:00-06:00", "02:00-04:00, 04:15-05:00"],
)
def test_intervals_in_the_hour_left_out_neither_overlap_nor_run_backwards(text):
    calendar = WorkCalendar("Europe/Kyiv", {6: parse_hours(text)})
    edges = [edge for span in calendar.intervals(date(2026, 3, 29)) for edge in span]
    assert edges == sorted(edges)


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
