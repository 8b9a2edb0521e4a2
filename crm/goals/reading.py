"""Plan and fact: what was sold in months, by whose deals they are, beside the goals; and the pace of the working days.

Sold is a deal on a stage of the kind «won», in the month in which it was closed by the reader's clock, for its budget.
It counts for whoever is responsible for it now: a deal given to a colleague goes with its sale, as in the reports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from crm import roles
from crm.day.queue import starts
from crm.filters import address
from crm.models import Deal, Goal, Team, User
from pipelines.catalog import CompiledPipeline
from pipelines.clock import WorkCalendar

# On the way, behind by little, behind.
CLOSE = Decimal("0.9")


def first_of(day: date, months: int = 0) -> date:
    """The first day of the month that is so many months from the day's."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


@dataclass
class Sold:
    count: int = 0
    # By currency, as the numbers of deals in each.
    sums: dict[str, Decimal] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, count: int, amount: Decimal | None, currency: str) -> None:
        self.count += count
        self.counts[currency] = self.counts.get(currency, 0) + count
        self.sums[currency] = self.sums.get(currency, Decimal(0)) + (amount or 0)


@dataclass(frozen=True)
class Pace:
    """How much of a month's working time is over: `share` is 0 before it, 1 after it."""

    worked: int
    all: int

    @property
    def share(self) -> Decimal:
        return Decimal(self.worked) / self.all if self.all else Decimal(1)


@dataclass(frozen=True)
class Progress:
    """A goal with what there is of it; `expected` is what the pace asks for by the end of today."""

    goal: Goal
    fact: Decimal
    plan: Decimal
    expected: Decimal
    is_money: bool

    @property
    def percent(self) -> int:
        return int(self.fact * 100 / self.plan)

    @property
    def tone(self) -> str:
        if self.fact >= self.expected:
            return "green"
        return "yellow" if self.fact >= self.expected * CLOSE else "red"


@dataclass
class Row:
    """A person or a team, with the goals and the sales of each month."""

    whose: User | Team
    # Himself, or the team's people whom the reader answers for: whose deals are counted.
    owners: frozenset[int]
    goals: dict[date, list[Goal]]
    sold: dict[date, Sold]
    may_set: bool = False


def pace_of(month: date, today: date, calendar: WorkCalendar) -> Pace:
    days = [month + timedelta(days=number) for number in range((first_of(month, 1) - month).days)]
    worked = [day for day in days if calendar.intervals(day)]
    return Pace(sum(day <= today for day in worked), len(worked))


def sold(
    user: User, first: date, until: date, pipeline: CompiledPipeline | None
) -> dict[tuple[int, date], Sold]:
    """By owner and month, of the deals the user sees that were won from `first` on, before `until`; one statement."""
    deals = Deal.objects.visible_to(user).filter(
        status="won", closed_at__gte=starts(first), closed_at__lt=starts(until)
    )
    if pipeline is not None:
        # The index of closed deals knows stages.
        won = [stage.id for stage in pipeline.stages if stage.kind == "won"]
        deals = deals.filter(stage__in=won)
    rows = (
        deals.order_by()
        .annotate(month=TruncMonth("closed_at", tzinfo=timezone.get_current_timezone()))
        .values_list("owner", "month", "currency")
        .annotate(Count("pk"), Sum("budget"))
    )
    found: dict[tuple[int, date], Sold] = defaultdict(Sold)
    for owner, month, currency, count, amount in rows:
        found[owner, month.date()].add(count, amount, currency)
    return found


def goals_of(user: User, first: date, until: date, pipeline: CompiledPipeline | None) -> list[Goal]:
    """Those of the people the user answers for, of his own team and of the teams he heads."""
    goals = Goal.objects.filter(month__gte=first, month__lt=until)
    goals = goals.filter(pipeline=pipeline.id if pipeline else None)
    if user.led_ids is not None:
        team = Q(team=user.team_id) if user.team_id else Q(pk=None)
        goals = goals.filter(Q(user__in=user.led_ids) | Q(team__head__in=user.led_ids) | team)
    return list(goals.select_related("user", "team").order_by("currency", "pk"))


def people_of(user: User) -> list[User]:
    people = User.objects.filter(is_active=True).exclude(groups__name=roles.ROBOT)
    if user.led_ids is not None:
        people = people.filter(pk__in=user.led_ids)
    return list(people.only("first_name", "last_name", "email", "team"))


def teams_of(user: User) -> list[Team]:
    teams = Team.objects.all()
    return list(teams if user.led_ids is None else teams.filter(head__in=user.led_ids))


def table(user: User, *, first: date, until: date, pipeline: CompiledPipeline | None) -> list[Row]:
    """The teams and the people of the user with their months; four statements, whatever the rows."""
    from crm.goals.verbs import may_set

    people, teams = people_of(user), teams_of(user)
    done = sold(user, first, until, pipeline)
    goals: dict[tuple[str, int], dict[date, list[Goal]]] = defaultdict(lambda: defaultdict(list))
    for goal in goals_of(user, first, until, pipeline):
        key = ("user", goal.user_id) if goal.user_id else ("team", goal.team_id or 0)
        goals[key][goal.month].append(goal)  # type: ignore[index]
    rows = []
    for team in teams:
        under = below(team, teams)
        members = frozenset(person.pk for person in people if person.team_id in under)
        of_team = goals["team", team.pk]
        rows.append(Row(team, members, of_team, _together(done, members), may_set(user, team)))
    for person in people:
        only, own = frozenset({person.pk}), goals["user", person.pk]
        rows.append(Row(person, only, own, _together(done, only), may_set(user, person)))
    return rows


def below(team: Team, teams: Iterable[Team]) -> set[int]:
    """The team and all teams under it; a circle of teams ends by itself."""
    found, edge = {team.pk}, {team.pk}
    while edge:
        edge = {item.pk for item in teams if item.parent_id in edge} - found
        found |= edge
    return found


def _together(done: dict[tuple[int, date], Sold], owners: frozenset[int]) -> dict[date, Sold]:
    found: dict[date, Sold] = defaultdict(Sold)
    for (owner, month), part in done.items():
        if owner in owners:
            for currency, amount in part.sums.items():
                found[month].add(part.counts[currency], amount, currency)
    return found


def progress(goal: Goal, done: Sold, pace: Pace) -> list[Progress]:
    """The goal's sum and its number, each beside what there is of it."""
    found = []
    for plan, fact, is_money in (
        (goal.amount, done.sums.get(goal.currency, Decimal(0)), True),
        (goal.count, Decimal(done.count), False),
    ):
        if plan:
            asked = Decimal(plan)
            found.append(Progress(goal, fact, asked, asked * pace.share, is_money))
    return found


def list_of(
    owners: Iterable[int],
    month: date,
    pipeline: CompiledPipeline | None,
    *,
    until: date | None = None,
    currency: str = "",
) -> str:
    """The address of the deals that were sold from the month on, `until` the end of another: the list behind a number."""
    last = first_of(until or month, 1) - timedelta(days=1)
    return address(
        "crm:table",
        pipeline=pipeline.code if pipeline else "all",
        status="won",
        owner=sorted(owners),
        closed=f"{month:%Y-%m-%d}..{last:%Y-%m-%d}",
        currency=currency,
    )


def calendar_of(
    pipelines: list[CompiledPipeline], chosen: CompiledPipeline | None
) -> WorkCalendar | None:
    """By which working days the pace is counted: the pipeline's, else those of the first."""
    found = chosen or next(iter(pipelines), None)
    return found.calendar if found else None


def now_month(now: datetime) -> date:
    return first_of(timezone.localdate(now))
