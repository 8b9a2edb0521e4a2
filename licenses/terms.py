"""The arithmetic of terms: calendar months, month ends kept. Pure functions of dates."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

# Nobody sells for longer; a typing error must not make a licence that outlives us all.
LONGEST = 120


def add_months(day: date, months: int, *, anchor: int | None = None) -> date:
    """The same day so many months later, or the month's last day where it has no such day.

    `anchor` is the day of the month that the term is counted by, where `day` itself is a month's end standing in
    for it: 31 January + 1 month is 28 February, and one more month is 31 March again, not 28.
    Errors: ValueError for a negative number of months.
    """
    if months < 0:
        raise ValueError("A term does not run backwards.")
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(anchor or day.day, last))


def term_end(start: date, *, months: int, bonus: int = 0, anchor: int | None = None) -> date:
    """The end of a term bought on, or continued from, `start`: its months and the bonus months together."""
    return add_months(start, months + bonus, anchor=anchor)


def days_left(expires_on: date, today: date) -> int:
    """0 on the last day, negative after it."""
    return (expires_on - today).days


def proposed_budget(*, price: Decimal, users: int, users_now: int) -> Decimal:
    """What the next purchase will cost: the last one per user × the users there are now. Errors: ValueError."""
    if users < 1 or users_now < 1 or price < 0:
        raise ValueError("A price per user needs users.")
    return (price * users_now / users).quantize(Decimal("0.01"), ROUND_HALF_UP)
