"""Working time: how long a duration lasts in a company's schedule, time zone and holidays.

Moments come in aware, in any zone, and go out in UTC. Nothing here reads the present time.
Days off and working Saturdays come from the package `holidays`, from `moved_days.yaml` for what
the package lacks, and from the calendar's own lists, which win. The shortened day before a public
holiday is out of scope: where it matters, list it in `work_days` with its hours.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, cached_property
from itertools import islice, pairwise
from pathlib import Path
from typing import NamedTuple, Self
from zoneinfo import ZoneInfo

import holidays
import yaml

Hours = tuple[tuple[time, time], ...]
"""The working intervals of a day by the local clock; an end of 00:00 is midnight, "24:00"."""
Span = tuple[datetime, datetime]

MIDNIGHT = time(0)
ONE_DAY = timedelta(days=1)
LOOK_AHEAD = 731
"""So many idle days in a row, two years, mean that nobody will ever work."""
MOVED_DAYS = Path(__file__).with_name("moved_days.yaml")


class NoWorkingTime(ValueError):
    """The calendar has no working hours within two years: check its week and its days off."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.__doc__)


# ── Durations ────────────────────────────────────────────────────────────────────────────────

UNITS = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes"}
SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60}
LONGEST = 3_653 * SECONDS["d"]
AMOUNT = re.compile(r"([0-9]+)\s*([^\W\d_]+)\s*")


@dataclass(frozen=True)
class Duration:
    """A length of time as the regulation writes it: "30m working", "1d 12h", "56d".

    Hours and minutes are exact. A calendar day ends at the same local clock time on the next day.
    A working day ends at the same clock time on the next working day, kept within its hours;
    a working week is as many working days as the calendar's week has.
    """

    weeks: int = 0
    days: int = 0
    hours: int = 0
    minutes: int = 0
    working: bool = False

    def __post_init__(self) -> None:
        if min(self.weeks, self.days, self.hours, self.minutes) < 0 or not self.amounts:
            raise ValueError("A duration must be longer than nothing.")
        if self.seconds > LONGEST:
            raise ValueError("A duration may not be longer than ten years.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "30m working" and the like, spaces and order being free; ValueError otherwise."""
        amounts = text.strip().casefold()
        working = amounts.endswith("working")
        amounts = amounts.removesuffix("working").strip()
        if not amounts or AMOUNT.sub("", amounts):
            raise ValueError(
                f"“{text}” is not a duration: write “30m”, “4h”, “1d 12h” or “3w”, "
                "and “working” after it for working time."
            )
        found: dict[str, int] = {}
        for number, unit in AMOUNT.findall(amounts):
            if unit not in UNITS:
                raise ValueError(f"“{text}” has an unknown unit “{unit}”: use m, h, d or w.")
            if UNITS[unit] in found:
                raise ValueError(f"“{text}” names the unit “{unit}” twice.")
            if len(number) > 9:
                raise ValueError(f"“{text}”: a duration may not be longer than ten years.")
            found[UNITS[unit]] = int(number)
        try:
            return cls(**found, working=working)
        except ValueError as error:
            raise ValueError(f"“{text}”: {error}") from None

    @property
    def amounts(self) -> tuple[tuple[int, str], ...]:
        """What it is made of, largest unit first: ((1, "d"), (12, "h"))."""
        pairs = ((getattr(self, name), unit) for unit, name in UNITS.items())
        return tuple((number, unit) for number, unit in pairs if number)

    @property
    def seconds(self) -> int:
        """The nominal length, a day being 24 hours: for comparing, not for finding a due moment."""
        return sum(number * SECONDS[unit] for number, unit in self.amounts)

    @property
    def exact(self) -> timedelta:
        """The hours and minutes, without the days."""
        return timedelta(hours=self.hours, minutes=self.minutes)

    def __str__(self) -> str:
        text = " ".join(f"{number}{unit}" for number, unit in self.amounts)
        return f"{text} working" if self.working else text


# ── Hours of a day ───────────────────────────────────────────────────────────────────────────


def parse_hours(text: str) -> Hours:
    """Read "09:00-13:00, 14:00-18:00"; an end of "24:00" is midnight, no text is a day off."""
    hours = []
    for interval in text.split(",") if text.strip() else ():
        try:
            start, end = map(str.strip, interval.split("-"))
            closes = MIDNIGHT if end == "24:00" else time.fromisoformat(end)
            hours.append((time.fromisoformat(start), closes))
        except ValueError:
            raise ValueError(f"“{interval.strip()}” is not like “09:00-18:00”.") from None
    return check_hours(tuple(hours))


def check_hours(hours: Hours) -> Hours:
    """The same hours, or ValueError: each interval ends after it starts, none overlaps the next."""
    for start, end in hours:
        if start.tzinfo or end.tzinfo:
            raise ValueError("Working hours are local clock times without a zone.")
        if end != MIDNIGHT and end <= start:
            raise ValueError(f"Working hours {start:%H:%M}-{end:%H:%M} end before they start.")
    for (_, end), (start, _) in pairwise(hours):
        if end == MIDNIGHT or start < end:
            raise ValueError(f"Working hours from {start:%H:%M} overlap the ones before them.")
    return hours


# ── What the state decides ───────────────────────────────────────────────────────────────────


class StateDays(NamedTuple):
    """The days off, and the weekend days that are worked."""

    off: frozenset[date]
    work: frozenset[date]


def load_moved_days(country: str, *years: int, path: Path = MOVED_DAYS) -> StateDays:
    """What `moved_days.yaml` moves in these years; shortened pre-holiday days are out of scope."""
    moves = yaml.safe_load(path.read_text(encoding="utf-8")).get(country) or []

    def on(kind: str) -> frozenset[date]:
        return frozenset(move[kind] for move in moves if kind in move and move[kind].year in years)

    return StateDays(off=on("day_off"), work=on("work_day"))


@cache
def state_days(country: str, year: int) -> StateDays:
    """A country's public holidays and moved days; our list corrects the package."""
    # A Saturday can be worked for a day off of the next year, and is then listed there.
    official = holidays.country_holidays(country, years=(year, year + 1))
    worked: set[date] = getattr(official, "weekend_workdays", set())
    moved = load_moved_days(country, year)
    return StateDays(
        off=frozenset(day for day in official if day.year == year) - moved.work | moved.off,
        work=frozenset(day for day in worked if day.year == year) - moved.off | moved.work,
    )


# ── The calendar ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class WorkCalendar:
    """When a company works.

    A day is worked when every listed country works it. `days_off` and `work_days` are the company's
    own lists: they win over the countries, and a work day over a day off. A day worked out of turn
    keeps the hours given with it; without any, its weekday's hours or else the week's first ones.
    """

    zone: str
    week: Mapping[int, Hours]
    countries: tuple[str, ...] = ()
    days_off: frozenset[date] = frozenset()
    work_days: Mapping[date, Hours] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"“{self.zone}” is not a time zone like “Europe/Moscow”.") from None
        if not set(self.week) <= set(range(7)):
            raise ValueError("The days of the week are 0 (Monday) to 6 (Sunday).")
        for hours in (*self.week.values(), *self.work_days.values()):
            check_hours(hours)
        for country in self.countries:
            try:
                holidays.country_holidays(country)
            except NotImplementedError:
                raise ValueError(f"The public holidays of “{country}” are not known.") from None
        # Copies, so that a dict changed by its maker cannot contradict the days already worked out.
        object.__setattr__(self, "week", dict(self.week))
        object.__setattr__(self, "work_days", dict(self.work_days))

    def __hash__(self) -> int:
        return hash((self.zone, self.countries, self.days_off))

    def is_working(self, at: datetime) -> bool:
        """Whether this moment is worked; an interval's end no longer is."""
        at = _utc(at)
        return any(start <= at < end for start, end in self.intervals(self._local(at).date()))

    def intervals(self, day: date) -> tuple[Span, ...]:
        """The working intervals of a local day, in order, in UTC; none on a day off."""
        spans = self._known.get(day)
        if spans is None:
            spans = self._known[day] = tuple(self._spans(day))
        return spans

    def next_working(self, at: datetime) -> datetime:
        """The first working moment from `at` on, `at` itself if it is one."""
        return next(self._ahead(_utc(at)))[0]

    def add(self, at: datetime, duration: Duration) -> datetime:
        """The moment a duration counted from `at` ends: first its days pass, then its hours.

        Working hours that run out at closing time end then, not at the next opening. A clock time
        that the change to summer time leaves out is moved on by the hour that is left out.
        """
        at = self._add_days(_utc(at), duration, step=1)
        if not duration.working:
            return at + duration.exact
        left = duration.exact
        if left:
            for start, end in self._ahead(at):
                if left <= end - start:
                    return start + left
                left -= end - start
        return at

    def before(self, at: datetime, duration: Duration) -> datetime:
        """The latest moment from which the duration lasts until `at`: hours first, then days."""
        at = _utc(at)
        if not duration.working:
            return self._add_days(at - duration.exact, duration, step=-1)
        left = duration.exact
        if left:
            for start, end in self._behind(at):
                if left <= end - start:
                    at = end - left
                    break
                left -= end - start
        return self._add_days(at, duration, step=-1)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two moments; none when `end` is not after `start`."""
        start, end = _utc(start), _utc(end)
        total = timedelta()
        day, last = self._local(start).date(), self._local(end).date()
        while day <= last:
            for opens, closes in self.intervals(day):
                total += max(min(closes, end) - max(opens, start), timedelta())
            day += ONE_DAY
        return total

    # The rest is how.

    @cached_property
    def _tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @cached_property
    def _known(self) -> dict[date, tuple[Span, ...]]:
        """The days worked out so far: every move asks for the same few."""
        return {}

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self._tz)

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self._tz).astimezone(UTC)

    def _hours(self, day: date) -> Hours:
        usual = self.week.get(day.weekday(), ())
        out_of_turn = usual or next((self.week[d] for d in sorted(self.week) if self.week[d]), ())
        if day in self.work_days:
            return self.work_days[day] or out_of_turn
        if day in self.days_off:
            return ()
        states = [state_days(country, day.year) for country in self.countries]
        if any(day in state.off for state in states):
            return ()
        if states and all(day in state.work for state in states):
            return out_of_turn
        return usual

    def _spans(self, day: date) -> Iterator[Span]:
        earliest = self._moment(day, MIDNIGHT)
        for start, end in self._hours(day):
            opens = max(self._moment(day, start), earliest)
            closes = self._moment(day + ONE_DAY if end == MIDNIGHT else day, end)
            if opens < closes:  # an interval inside the hour left out in spring is nothing
                yield opens, closes
                earliest = closes

    def _days(self, day: date, step: int) -> Iterator[tuple[date, tuple[Span, ...]]]:
        """Working days from `day` on, forwards or backwards, until NoWorkingTime."""
        idle = 0
        while idle < LOOK_AHEAD:
            spans = self.intervals(day)
            if spans:
                yield day, spans
            idle = 0 if spans else idle + 1
            day += ONE_DAY * step
        raise NoWorkingTime

    def _ahead(self, at: datetime) -> Iterator[Span]:
        for _, spans in self._days(self._local(at).date(), 1):
            for start, end in spans:
                if end > at:
                    yield max(start, at), end

    def _behind(self, at: datetime) -> Iterator[Span]:
        for _, spans in self._days(self._local(at).date(), -1):
            for start, end in reversed(spans):
                if start < at:
                    yield start, min(end, at)

    def _add_days(self, at: datetime, duration: Duration, step: int) -> datetime:
        local = self._local(at)
        if not duration.working:
            days = duration.weeks * 7 + duration.days
            return self._moment(local.date() + ONE_DAY * days * step, local.time()) if days else at

        days = duration.weeks * sum(map(bool, self.week.values())) + duration.days
        if not days:
            if duration.weeks:
                raise NoWorkingTime
            return at
        others = self._days(local.date() + ONE_DAY * step, step)
        day, spans = next(islice(others, days - 1, None))
        wish = self._moment(day, local.time())
        for start, end in spans:
            if wish <= end:
                return max(wish, start)
        return spans[-1][1]


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError(f"The moment {at} has no time zone.")
    return at.astimezone(UTC)


NINE_TO_SIX: Hours = ((time(9), time(18)),)
DEFAULT = WorkCalendar(zone="Europe/Moscow", week=dict.fromkeys(range(5), NINE_TO_SIX))


def standard() -> WorkCalendar:
    """Monday to Friday, 09:00 to 18:00 in Moscow, without public holidays."""
    return DEFAULT
