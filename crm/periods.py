"""Periods of days as people name them: «this week», «last quarter», «2026-01-01..2026-01-31».

A period is asked in an address by its code word; by hand one may also write the words as either language of the
interface shows them («эта неделя»). Pure functions: today is a parameter.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines.fields import parse_day

BETWEEN = ".."
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """From one day to another, both of them in it; None on a side that is open. `label` is in the active language."""

    start: date | None
    end: date | None
    label: str

    def __contains__(self, day: date) -> bool:
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)

    @property
    def code(self) -> str:
        """The period as an address: «2026-01-01..2026-01-31»."""
        return f"{self.start or ''}{BETWEEN}{self.end or ''}"


# The words of the address, and what they are called.
CHOICES: list[tuple[str, Any]] = [
    ("today", gettext_lazy("today")),
    ("yesterday", gettext_lazy("yesterday")),
    ("tomorrow", gettext_lazy("tomorrow")),
    ("this_week", gettext_lazy("this week")),
    ("last_week", gettext_lazy("last week")),
    ("next_week", gettext_lazy("next week")),
    ("this_month", gettext_lazy("this month")),
    ("last_month", gettext_lazy("last month")),
    ("next_month", gettext_lazy("next month")),
    ("this_quarter", gettext_lazy("this quarter")),
    ("last_quarter", gettext_lazy("last quarter")),
    ("this_year", gettext_lazy("this year")),
    ("last_year", gettext_lazy("last year")),
    ("last_7_days", gettext_lazy("last 7 days")),
    ("last_30_days", gettext_lazy("last 30 days")),
    ("last_90_days", gettext_lazy("last 90 days")),
    ("next_7_days", gettext_lazy("next 7 days")),
    ("next_30_days", gettext_lazy("next 30 days")),
]
LABELS: dict[str, Any] = dict(CHOICES)


def parse(text: str, *, today: date) -> Period:
    """The period that a word or «from..to» means on the day `today`; either side may be left empty, a sole day is itself.

    Weeks begin on Monday; «last 7 days» end with today, «next 7 days» begin with it.
    Errors: ValueError with a sentence for people.
    """
    if found := word(text):
        return Period(*_BY_WORD[found](today), str(LABELS[found]))
    first, between, last = text.partition(BETWEEN)
    if not between:
        last = first
    start, end = (parse_day(side) if side.strip() else None for side in (first, last))
    if start is None and end is None:
        raise ValueError(_("Write a period: a word such as “this week”, or two dates."))
    if start and end and end < start:
        raise ValueError(_("The period ends before it begins."))
    return Period(start, end, _between(start, end))


def word(text: str) -> str:
    """The code word that the text says in any of the languages; empty for two dates and for nonsense."""
    return _words().get(" ".join(text.lower().replace("ё", "е").split()), "")


def previous(period: Period) -> Period:
    """The one just before it and as long: whole months before whole months, else as many days.

    Errors: ValueError for a period open on a side.
    """
    start, end = period.start, period.end
    if start is None or end is None:
        raise ValueError(_("An open period has none before it."))
    before = start - DAY
    if start.day == 1 and (end + DAY).day == 1:
        months = (end.year - start.year) * 12 + end.month - start.month + 1
        begin = _months_from(start, -months)
    else:
        begin = start - (end - start) - DAY
    return Period(begin, before, _between(begin, before))


def _between(start: date | None, end: date | None) -> str:
    shown = [f"{side:%d.%m.%Y}" if side else "" for side in (start, end)]
    if start == end:
        return shown[0]
    if start is None:
        return _("to %(day)s") % {"day": shown[1]}
    if end is None:
        return _("from %(day)s") % {"day": shown[0]}
    return f"{shown[0]} – {shown[1]}"


@cache
def _words() -> dict[str, str]:
    """The code words, and what every language of the interface calls them."""
    found = {code: code for code in LABELS}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found |= {str(label).lower().replace("ё", "е"): code for code, label in CHOICES}
    return found


Bounds = tuple[date, date]


def _days(first: int, last: int) -> Callable[[date], Bounds]:
    return lambda today: (today + first * DAY, today + last * DAY)


def _week(shift: int) -> Callable[[date], Bounds]:
    def bounds(today: date) -> Bounds:
        monday = today - today.weekday() * DAY + shift * 7 * DAY
        return monday, monday + 6 * DAY

    return bounds


def _months(size: int, shift: int) -> Callable[[date], Bounds]:
    """Months, quarters and years: the block of `size` months that today is in, `shift` blocks away."""

    def bounds(today: date) -> Bounds:
        first = today.replace(month=(today.month - 1) // size * size + 1, day=1)
        start, last = _months_from(first, size * shift), _months_from(first, size * (shift + 1) - 1)
        return start, last.replace(day=calendar.monthrange(last.year, last.month)[1])

    return bounds


def _months_from(first: date, months: int) -> date:
    """`first` is the first day of a month."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return date(year, month + 1, 1)


_BY_WORD: dict[str, Callable[[date], Bounds]] = {
    "today": _days(0, 0),
    "yesterday": _days(-1, -1),
    "tomorrow": _days(1, 1),
    "this_week": _week(0),
    "last_week": _week(-1),
    "next_week": _week(1),
    "this_month": _months(1, 0),
    "last_month": _months(1, -1),
    "next_month": _months(1, 1),
    "this_quarter": _months(3, 0),
    "last_quarter": _months(3, -1),
    "this_year": _months(12, 0),
    "last_year": _months(12, -1),
    "last_7_days": _days(-6, 0),
    "last_30_days": _days(-29, 0),
    "last_90_days": _days(-89, 0),
    "next_7_days": _days(0, 6),
    "next_30_days": _days(0, 29),
}
