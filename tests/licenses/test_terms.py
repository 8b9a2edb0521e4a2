"""Months are calendar months and month ends are kept: tables with short months, leap days and bonus months."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from licenses import terms


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-03-10", 0, "2026-03-10"),
        ("2026-03-10", 1, "2026-04-10"),
        ("2026-03-10", 12, "2027-03-10"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2026-11-30", 3, "2027-02-28"),
        # Month ends.
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-30", 1, "2026-02-28"),
        ("2026-01-31", 3, "2026-04-30"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-04-30", 1, "2026-05-30"),
        # Leap days.
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2028-02-29", 1, "2028-03-29"),
        ("2027-02-28", 12, "2028-02-28"),
        # 2100 is no leap year, 2000 was one.
        ("2096-02-29", 48, "2100-02-28"),
        ("1999-02-28", 12, "2000-02-28"),
    ],
)
def test_months_are_added_by_the_calendar(day: str, months: int, expected: str) -> None:
    assert terms.add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("day", "months", "anchor", "expected"),
    [
        ("2026-02-28", 1, 31, "2026-03-31"),
        ("2026-02-28", 1, 30, "2026-03-30"),
        ("2026-04-30", 1, 31, "2026-05-31"),
        ("2029-02-28", 36, 29, "2032-02-29"),
        ("2026-03-10", 1, 10, "2026-04-10"),
    ],
)
def test_a_month_end_that_stood_in_for_a_day_gives_the_day_back(
    day: str, months: int, anchor: int, expected: str
) -> None:
    found = terms.add_months(date.fromisoformat(day), months, anchor=anchor)
    assert found == date.fromisoformat(expected)


def test_monthly_terms_do_not_wander_through_a_year() -> None:
    day, ends = date(2027, 1, 31), []
    for _month in range(12):
        day = terms.add_months(day, 1, anchor=31)
        ends.append(day.day)
    assert ends == [28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]


def test_bonus_months_are_added_to_the_bought_ones() -> None:
    assert terms.term_end(date(2028, 2, 29), months=12, bonus=2) == date(2029, 4, 29)
    assert terms.term_end(date(2026, 1, 31), months=12, bonus=1) == date(2027, 2, 28)
    assert terms.term_end(date(2026, 8, 31), months=6) == date(2027, 2, 28)


def test_a_term_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        terms.add_months(date(2026, 3, 10), -1)


@pytest.mark.parametrize(
    ("today", "left"),
    [("2027-03-10", 0), ("2027-03-09", 1), ("2027-03-11", -1), ("2026-03-10", 365)],
)
def test_days_left_are_none_on_the_last_day(today: str, left: int) -> None:
    assert terms.days_left(date(2027, 3, 10), date.fromisoformat(today)) == left


@pytest.mark.parametrize(
    ("price", "users", "now", "expected"),
    [
        ("1500", 5, 8, "2400.00"),
        ("1000", 3, 1, "333.33"),
        ("0", 3, 4, "0.00"),
        ("10.01", 2, 1, "5.01"),
    ],
)
def test_the_budget_is_the_last_price_of_a_user_times_the_users(
    price: str, users: int, now: int, expected: str
) -> None:
    found = terms.proposed_budget(price=Decimal(price), users=users, users_now=now)
    assert found == Decimal(expected)


@pytest.mark.parametrize(("price", "users", "now"), [("100", 0, 1), ("100", 1, 0), ("-1", 1, 1)])
def test_without_users_there_is_no_price_of_one(price: str, users: int, now: int) -> None:
    with pytest.raises(ValueError, match="users"):
        terms.proposed_budget(price=Decimal(price), users=users, users_now=now)
