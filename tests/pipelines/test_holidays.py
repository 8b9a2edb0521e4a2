"""Days that are not like others: public holidays, days moved by decree, and the change to summer time."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from pipelines.clock import (
    DEFAULT,
    StateDays,
    WorkCalendar,
    load_moved_days,
    parse_hours,
    state_days,
)
from tests.pipelines.calendars import (
    BELARUS,
    BOTH,
    FIVE_DAYS,
    KYIV,
    KYIV_ALWAYS,
    RUSSIA,
    due,
    moment,
)

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
