"""`company.yaml`: what the pipelines of a playbook share: working time, roles, clauses, and other apps' sections."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from pipelines import clock, registry
from pipelines.models import Schedule, ScheduleDay, ScheduleHours

from .clauses import ClauseSpec, parse_clauses, parse_effective
from .cursor import Cursor, Problems
from .reading import COMPANY, plain
from .specs import Place

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Interval = tuple[int, time, time]
SpecialDay = tuple[date, time | None, time | None, str]


@dataclass
class ScheduleSpec:
    code: str
    name: str
    time_zone: str
    countries: list[str]
    hours: list[Interval] = field(default_factory=list)
    days: list[SpecialDay] = field(default_factory=list)


@dataclass
class CompanySpec:
    code: str
    name: str
    roles: list[str] = field(default_factory=list)
    effective: date | None = None
    clauses: list[ClauseSpec] = field(default_factory=list)
    schedule: ScheduleSpec | None = None
    sections: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)

    @property
    def templates(self) -> list[tuple[str, str]]:
        """The codes of the letter templates that the playbook brings, as far as its rows can be understood."""
        rows = self.sections.get("templates")
        found = (
            [row.get("template") for row in rows if isinstance(row, dict)]
            if isinstance(rows, list)
            else []
        )
        return [(str(code), str(code)) for code in found if code]


def parse_company(data: Any, *, problems: Problems) -> CompanySpec:
    """What can be understood of it; the rest is said in `problems`."""
    top = Cursor(data, file=COMPANY, path="", problems=problems)
    spec = CompanySpec(
        code=top.text("playbook", required=True),
        name=top.text("name", required=True),
        roles=top.words("roles"),
    )
    spec.effective, spec.clauses = parse_effective(top), parse_clauses(top)
    if schedule := top.inside("schedule"):
        spec.schedule = _schedule(schedule)
    for name in registry.sections:
        if name in top.data:
            spec.sections[name] = plain(top.take(name))
            spec.places[name] = top.place(name)
    top.known += registry.sections
    top.done()
    if spec.code and not re.fullmatch(r"[-a-zA-Z0-9_]{1,50}", spec.code):
        top.complain(_("a code has Latin letters, digits, - and _, at most 50"), "playbook")
    return spec


def _schedule(row: Cursor) -> ScheduleSpec:
    spec = ScheduleSpec(
        code=row.text("code", required=True),
        name=row.text("name", required=True),
        time_zone=row.text("time_zone", "Europe/Moscow"),
        countries=row.words("countries"),
    )
    if week := row.inside("week"):
        for key in week.data:
            try:
                spec.hours += [
                    (day, start, end) for day in weekdays(key) for start, end in _hours(week, key)
                ]
            except ValueError as error:
                week.complain(str(error), key)
    for day in row.rows("days", "date"):
        found, note = parse_special_day(day), day.text("note")
        if found:
            spec.days.append((*found, note))
        day.done()
    row.done()
    _try_out(spec, row)
    return spec


def _try_out(spec: ScheduleSpec, row: Cursor) -> None:
    """Whether the rows and the calendar made of them hold together."""
    week: dict[int, list[tuple[time, time]]] = {}
    for day, start, end in spec.hours:
        week.setdefault(day, []).append((start, end))
    dates = [day[0] for day in spec.days]
    for twice in sorted({day for day in dates if dates.count(day) > 1}):
        row.complain(_("the date %(date)s stands here twice") % {"date": twice}, "days")
    try:
        clock.WorkCalendar(
            zone=spec.time_zone,
            week={day: tuple(sorted(spans)) for day, spans in week.items()},
            countries=tuple(spec.countries),
        )
        Schedule(**_columns(spec)).clean_fields()
    except ValidationError as error:
        for sentence in error.messages:
            row.complain(sentence)
    except ValueError as error:
        row.complain(str(error))


def weekdays(key: str) -> list[int]:
    """`mon-fri`, `sat`, `mon, wed` as numbers from 0. Errors: ValueError."""
    found: list[int] = []
    for part in key.lower().split(","):
        first, _dash, last = (word.strip() for word in part.partition("-"))
        if first not in WEEKDAYS or (last and last not in WEEKDAYS):
            raise ValueError(_("days of the week are written mon, tue, … sun, or mon-fri"))
        start, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        if end < start:
            raise ValueError(
                _("the days “%(days)s” end before they begin") % {"days": part.strip()}
            )
        found += range(start, end + 1)
    return found


def _hours(row: Cursor, key: str) -> clock.Hours:
    return clock.parse_hours(row.text(key))


def parse_special_day(row: Cursor) -> tuple[date, time | None, time | None] | None:
    text = row.text("date", required=True)
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        row.complain(_("a date is written 2026-03-01, not “%(text)s”") % {"text": text}, "date")
        return None
    try:
        spans = _hours(row, "hours")
    except ValueError as error:
        row.complain(str(error), "hours")
        return None
    if len(spans) > 1:
        row.complain(_("a special day has one interval of hours"), "hours")
    return (day, *spans[0]) if spans else (day, None, None)


def _columns(spec: ScheduleSpec) -> dict[str, Any]:
    return {
        "code": spec.code,
        "name": spec.name,
        "time_zone": spec.time_zone,
        "countries": spec.countries,
    }


def load_roles(roles: list[str]) -> list[str]:
    """Create the groups that are missing; returns their names."""
    known = set(Group.objects.filter(name__in=roles).values_list("name", flat=True))
    missing = [role for role in dict.fromkeys(roles) if role not in known]
    for role in missing:
        # One by one: an app that gives new roles their rights hears of each.
        Group.objects.create(name=role)
    return missing


def load_schedule(spec: ScheduleSpec) -> tuple[Schedule, bool]:
    """Make the schedule's rows be these; returns it and whether anything had to change."""
    schedule, created = Schedule.objects.get_or_create(code=spec.code, defaults=_columns(spec))
    changed = created
    if any(getattr(schedule, name) != value for name, value in _columns(spec).items()):
        for name, value in _columns(spec).items():
            setattr(schedule, name, value)
        schedule.save()
        changed = True
    if sorted(schedule.hours.values_list("weekday", "start", "end")) != sorted(spec.hours):
        schedule.hours.all().delete()
        ScheduleHours.objects.bulk_create(
            [
                ScheduleHours(schedule=schedule, weekday=day, start=start, end=end)
                for day, start, end in spec.hours
            ]
        )
        changed = True
    if list(schedule.days.values_list("date", "start", "end", "note")) != sorted(
        spec.days, key=lambda day: day[0]
    ):
        schedule.days.all().delete()
        ScheduleDay.objects.bulk_create(
            [
                ScheduleDay(schedule=schedule, date=day, start=start, end=end, note=note)
                for day, start, end, note in spec.days
            ]
        )
        changed = True
    return schedule, changed


def check_sections(spec: CompanySpec, folder: Path, problems: Problems) -> None:
    for name, rows in spec.sections.items():
        for problem in registry.sections[name].check(rows, folder):
            problems.add(spec.places[name], str(problem))
