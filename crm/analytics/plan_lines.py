"""The goals of people and teams by months, unit by unit, with what was sold of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from crm.analytics import people
from crm.analytics.asking import ALL, Question
from crm.filters.asking import VALUES_LIMIT
from crm.goals import reading
from crm.goals.reading import Pace, Sold, first_of
from crm.models import Goal
from pipelines.catalog import CompiledPipeline

# Goals in numbers of deals stand beside those in currencies.
DEALS = ""
# A month of which fewer working days are over foretells nothing.
ENOUGH_DAYS = 3
ZERO = Decimal(0)


@dataclass
class Line:
    """A person, a team or all of them, in one unit: a currency, or DEALS. `plan` knows only the months with a goal."""

    name: str
    owners: frozenset[int] | None
    plan: dict[date, Decimal] = field(default_factory=dict)
    fact: dict[date, Decimal] = field(default_factory=dict)
    deals: dict[date, int] = field(default_factory=dict)

    def of(self, months: Iterable[date]) -> Line:
        """The same in some of the months."""
        kept = set(months)
        parts = (
            {month: value for month, value in part.items() if month in kept}
            for part in (self.plan, self.fact, self.deals)
        )
        return Line(self.name, self.owners, *parts)  # type: ignore[arg-type]

    @property
    def planned(self) -> Decimal | None:
        return sum(self.plan.values(), ZERO) if self.plan else None

    @property
    def done(self) -> Decimal:
        return sum(self.fact.values(), ZERO)

    @property
    def towards(self) -> Decimal:
        """What was sold in the months that have a goal."""
        return sum((self.fact.get(month, ZERO) for month in self.plan), ZERO)

    @property
    def remaining(self) -> Decimal | None:
        return None if self.planned is None else max(self.planned - self.towards, ZERO)


@dataclass(frozen=True)
class Plans:
    """The lines of a question, unit by unit."""

    question: Question
    pipeline: CompiledPipeline | None
    months: list[date]
    goals: list[Goal]
    sold: dict[tuple[int, date], Sold]

    @cached_property
    def names(self) -> dict[int, str]:
        """Those the reader answers for, by name; with the people who have left and whose sales remain."""
        asked, led = self.question.people, self.question.user.led_ids
        found = {person.pk: str(person) for person in self._people}
        gone = {owner for owner, _month in self.sold} - found.keys()
        found |= people.names(pk for pk in gone if led is None or pk in led)
        return {pk: name for pk, name in found.items() if not asked or pk in asked}

    @cached_property
    def _people(self) -> list[Any]:
        return reading.people_of(self.question.user)

    @cached_property
    def members(self) -> dict[int, tuple[str, frozenset[int]]]:
        """Of the teams asked about, by number: the name and the people, of the teams under it too."""
        teams, found = reading.teams_of(self.question.user), {}
        for team in teams:
            ids = reading.below(team, teams)
            mine = frozenset(person.pk for person in self._people if person.team_id in ids)
            if mine and mine <= self.names.keys():
                found[team.pk] = (team.name, mine)
        return found

    @property
    def units(self) -> list[str]:
        found = sorted({goal.currency for goal in self.goals if goal.amount})
        return [*found, *([DEALS] if any(goal.count for goal in self.goals) else [])]

    @cached_property
    def paces(self) -> dict[date, Pace]:
        calendar = reading.calendar_of(list(self.question.pipelines), self.pipeline)
        today = timezone.localdate(self.question.now)
        if calendar is None:
            return {}
        return {month: reading.pace_of(month, today, calendar) for month in self.months}

    @property
    def now(self) -> date | None:
        """This month, where it is asked about and old enough to foretell its end."""
        month = reading.now_month(self.question.now)
        pace = self.paces.get(month)
        return month if pace and pace.worked >= ENOUGH_DAYS else None

    def people(self, unit: str) -> list[Line]:
        lines = [self._line(unit, name, {pk}, user=pk) for pk, name in self.names.items()]
        return _in_order(lines, unit)

    def teams(self, unit: str) -> list[Line]:
        """A team without a goal of its own is to sell what its people are."""
        own = {pk: self._plan(unit, user=pk) for pk in self.names}
        lines = []
        for pk, (name, members) in self.members.items():
            line = self._line(unit, name, members, team=pk)
            for month in self.months:
                of_members = [own[one][month] for one in members if month in own[one]]
                if of_members and month not in line.plan:
                    line.plan[month] = sum(of_members, ZERO)
            lines.append(line)
        return _in_order(lines, unit)

    def whole(self, lines: list[Line], unit: str) -> Line:
        owners = frozenset[int]().union(*(line.owners or () for line in lines))
        # In money everybody who has sold has a line.
        is_all = unit != DEALS and self.question.user.led_ids is None and not self.question.people
        found = Line(_("Total"), None if is_all else owners)
        for line in lines:
            for mine, its in ((found.plan, line.plan), (found.fact, line.fact)):
                for month, value in its.items():
                    mine[month] = mine.get(month, ZERO) + value
            for month, number in line.deals.items():
                found.deals[month] = found.deals.get(month, 0) + number
        return found

    def _line(self, unit: str, name: str, owners: Iterable[int], **whose: int) -> Line:
        line = Line(name, frozenset(owners), self._plan(unit, **whose))
        for owner in line.owners or ():
            for month in self.months:
                if (owner, month) not in self.sold:
                    continue
                sold = self.sold[owner, month]
                number = sold.count if unit == DEALS else sold.counts.get(unit, 0)
                amount = Decimal(number) if unit == DEALS else sold.sums.get(unit, ZERO)
                line.deals[month] = line.deals.get(month, 0) + number
                line.fact[month] = line.fact.get(month, ZERO) + amount
        return line

    def _plan(self, unit: str, **whose: int) -> dict[date, Decimal]:
        """Several goals of a month, in several currencies, ask for their deals together."""
        ((kind, pk),) = whose.items()
        found: dict[date, Decimal] = {}
        for goal in self._goals.get((kind, pk), ()):
            asked = goal.count if unit == DEALS else goal.amount if goal.currency == unit else None
            if asked:
                found[goal.month] = found.get(goal.month, ZERO) + asked
        return found

    @cached_property
    def _goals(self) -> dict[tuple[str, int], list[Goal]]:
        """By whose they are."""
        found: dict[tuple[str, int], list[Goal]] = defaultdict(list)
        for goal in self.goals:
            key = ("user", goal.user_id) if goal.user_id else ("team", goal.team_id or 0)
            found[key].append(goal)
        return found

    def foretold(self, line: Line) -> Decimal | None:
        """By the end of this month, where it is the last of the months: what is sold, this month's by its working days."""
        if self.now is None or self.now != self.months[-1]:
            return None
        sold_now = line.fact.get(self.now, ZERO)
        return line.done - sold_now + sold_now / self.paces[self.now].share

    def tone(self, line: Line) -> str:
        """As the goals' page colours it: by what the working days that are over ask for."""
        expected = sum((plan * self.paces[month].share for month, plan in line.plan.items()), ZERO)
        if not line.plan:
            return "blue"
        if line.towards >= expected:
            return "green"
        return "yellow" if line.towards >= expected * reading.CLOSE else "red"

    def url(self, line: Line, unit: str) -> str:
        """The won deals behind a line; none where they are too many people's to name."""
        if line.owners is not None and not 0 < len(line.owners) <= VALUES_LIMIT:
            return ""
        months = sorted(line.deals)
        if not months:
            return ""
        return reading.list_of(
            line.owners or (), months[0], self.pipeline, until=months[-1], currency=unit
        )


def read(question: Question) -> Plans:
    """Of the pipeline's own goals; where it has none, of the goals over all pipelines."""
    chosen = None if question.pipeline_code == ALL else question.pipelines[0]
    first, until = first_of(question.days[0]), first_of(question.days[1], 1)
    asked = partial(reading.goals_of, question.user, first, until)
    goals = asked(chosen)
    if not goals and chosen is not None:
        chosen, goals = None, asked(None)
    months = [first]
    while first_of(months[-1], 1) < until:
        months.append(first_of(months[-1], 1))
    sold = reading.sold(question.user, first, until, chosen) if goals else {}
    return Plans(question, chosen, months, goals, sold)


def _in_order(lines: Sequence[Line], unit: str) -> list[Line]:
    """Those with a goal or, in money, with sales; the best first."""
    shown = [line for line in lines if line.plan or (unit != DEALS and any(line.deals.values()))]
    return sorted(shown, key=lambda line: (-line.done, line.name))
