"""Periods in words: a table of days that includes the ends of years and quarters, leap days and Mondays."""

from datetime import date, timedelta

import pytest
from django.utils import translation

from crm import periods
from crm.periods import Period


def d(text):
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("word", "today", "start", "end"),
    [
        ("today", "2026-03-10", "2026-03-10", "2026-03-10"),
        ("yesterday", "2024-03-01", "2024-02-29", "2024-02-29"),
        ("tomorrow", "2026-12-31", "2027-01-01", "2027-01-01"),
        ("this_week", "2026-03-09", "2026-03-09", "2026-03-15"),
        ("this_week", "2026-03-15", "2026-03-09", "2026-03-15"),
        ("last_week", "2027-01-01", "2026-12-21", "2026-12-27"),
        ("next_week", "2026-12-31", "2027-01-04", "2027-01-10"),
        ("this_month", "2024-02-29", "2024-02-01", "2024-02-29"),
        ("last_month", "2026-03-31", "2026-02-01", "2026-02-28"),
        ("last_month", "2026-01-15", "2025-12-01", "2025-12-31"),
        ("next_month", "2027-12-31", "2028-01-01", "2028-01-31"),
        ("next_month", "2028-01-31", "2028-02-01", "2028-02-29"),
        ("this_quarter", "2026-05-31", "2026-04-01", "2026-06-30"),
        ("last_quarter", "2026-01-01", "2025-10-01", "2025-12-31"),
        ("last_quarter", "2026-12-31", "2026-07-01", "2026-09-30"),
        ("this_year", "2024-02-29", "2024-01-01", "2024-12-31"),
        ("last_year", "2024-02-29", "2023-01-01", "2023-12-31"),
        ("last_7_days", "2026-03-03", "2026-02-25", "2026-03-03"),
        ("last_30_days", "2024-03-01", "2024-02-01", "2024-03-01"),
        ("last_90_days", "2026-03-31", "2026-01-01", "2026-03-31"),
        ("next_7_days", "2024-02-28", "2024-02-28", "2024-03-05"),
        ("next_30_days", "2026-12-15", "2026-12-15", "2027-01-13"),
    ],
)
def test_a_word_means_these_days(word, today, start, end):
    found = periods.parse(word, today=d(today))
    assert (found.start, found.end) == (d(start), d(end))


def test_every_word_is_understood_and_called_something():
    for word, label in periods.CHOICES:
        assert periods.parse(word, today=d("2026-03-10")).label == str(label)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-01-01..2026-01-31", "2026-01-01", "2026-01-31"),
        ("01.02.2026 .. 05.02.2026", "2026-02-01", "2026-02-05"),
        ("2026-01-01..", "2026-01-01", None),
        ("..2026-01-31", None, "2026-01-31"),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("Эта неделя", "2026-03-09", "2026-03-15"),
        ("this  week", "2026-03-09", "2026-03-15"),
    ],
)
def test_two_dates_or_words_by_hand_are_a_period(text, start, end):
    found = periods.parse(text, today=d("2026-03-10"))
    assert (found.start, found.end) == (start and d(start), end and d(end))


@pytest.mark.parametrize(
    "text",
    ["", "..", "soon", "2026-02-30", "2026-01-31..2026-01-01", "0001-01-01..", "..9999-12-31", "a..b", "1..2..3", "\x00"],
)  # fmt: skip
def test_nonsense_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        periods.parse(text, today=d("2026-03-10"))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("this_month", "2026-02-01", "2026-02-28"),
        ("this_quarter", "2025-10-01", "2025-12-31"),
        ("this_year", "2025-01-01", "2025-12-31"),
        ("this_week", "2026-03-02", "2026-03-08"),
        ("last_7_days", "2026-02-25", "2026-03-03"),
        ("2026-01-01..2026-02-28", "2025-11-01", "2025-12-31"),
        ("2026-01-01..2026-01-30", "2025-12-02", "2025-12-31"),
        ("today", "2026-03-09", "2026-03-09"),
    ],
)
def test_the_period_before_is_as_long_and_ends_where_this_begins(text, start, end):
    now = periods.parse(text, today=d("2026-03-10"))
    before = periods.previous(now)
    assert (before.start, before.end) == (d(start), d(end))
    assert before.end == now.start - timedelta(days=1)


def test_an_open_period_has_none_before_it():
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        periods.previous(Period(None, d("2026-01-01"), ""))


def test_a_period_says_itself_in_words_and_as_an_address():
    parsed = periods.parse("2026-01-01..2026-01-31", today=d("2026-03-10"))
    assert parsed.label == "01.01.2026 – 31.01.2026"
    assert periods.parse(parsed.code, today=d("2026-03-10")) == parsed
    assert d("2026-01-31") in parsed
    assert d("2026-02-01") not in parsed
    with translation.override("en"):
        assert periods.parse("2026-01-01..", today=d("2026-03-10")).label == "from 01.01.2026"
