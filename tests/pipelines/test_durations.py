"""Durations and hours as they are written in a playbook."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.clock import (
    MIDNIGHT,
    Duration,
    parse_hours,
)

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
