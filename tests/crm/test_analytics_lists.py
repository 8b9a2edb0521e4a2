# ruff: noqa: F811
"""Every number of every report against the list behind it; plan and fact; what is said of the period before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db.models import Sum
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from crm import contacting, visibility
from crm.analytics import chances, forecast, histories, overview, plan_lines, plans, registry
from crm.analytics.asking import Filter
from crm.analytics.shapes import Cell, Column, Section, show
from crm.filters import DealFilter
from crm.goals import verbs
from crm.goals.verbs import Aim
from crm.models import Deal, Team, User
from crm.planning import tasks
from crm.registers import violations
from crm.registers.asking import RegisterFilter
from crm.views.registers.violations import STATES
from pipelines import catalog
from pipelines.actor import SYSTEM, Actor
from pipelines.violations import record
from tests.crm.analysed import MOSCOW, PERIOD, ask, year  # noqa: F401
from tests.factories import NOON

pytestmark = pytest.mark.django_db
FEBRUARY, MARCH = date(2026, 2, 1), date(2026, 3, 1)


def behind(user: User, url: str, column: Column) -> Any:
    """How many rows the list behind a number has; of money, their sum."""
    path, asked = urlsplit(url).path, QueryDict(urlsplit(url).query)
    if path == "/violations/":
        rows: Any = violations.visible_to(user)
        register = RegisterFilter(asked, rows=rows, person="culprit", states=STATES, now=NOON)
        assert register.is_valid(), register.errors
        return register.apply(rows).count()
    if path != "/deals/table/":
        filtered = Filter(user=user, now=NOON, data=asked)
        question = filtered.question
        assert question, filtered.errors
        if path == "/analytics/tasks/":
            return histories.tasks(question, asked["what"]).count()
        assert path == "/analytics/calls/"
        ways = {name: asked.get(name, "") for name in ("way", "answered")}
        return histories.talks(question, kind=asked["kind"], **ways).count()
    pipelines = [
        item for item in visibility.pipelines_of(user) if asked["pipeline"] in ("all", item.code)
    ]
    stages = [stage for item in pipelines for stage in visibility.stages_of(user, item)]
    filter_ = DealFilter(asked, user=user, stages=stages)
    assert not filter_.errors
    assert not filter_.gone
    found = filter_.apply(
        Deal.objects.visible_to(user).filter(pipeline__in=[item.id for item in pipelines]), now=NOON
    )
    return (
        found.aggregate(Sum("budget"))["budget__sum"] if column.kind == "money" else found.count()
    )


def linked(sections: Iterable[Section]) -> Iterable[tuple[Column, Cell]]:
    for section in sections:
        for row in [*section.table.rows, *([section.table.total] if section.table.total else [])]:
            for column, cell in zip(section.table.columns, row, strict=True):
                if cell.url and cell.value:
                    yield column, cell


def aim(olga: User, whose: User | Team, month: date, amount: int, count: int | None = None) -> None:
    verbs.set_goal(
        whose,
        month=month,
        pipeline=None,
        currency=catalog.by_code("lab").currency,
        aim=Aim(Decimal(amount), count),
        by=Actor.person(olga),
        now=NOON,
    )


@pytest.fixture
def busy(year: list[User], olga: User, team: Team, monkeypatch: pytest.MonkeyPatch) -> list[User]:
    """The same people with goals, tasks, talks and violations, and enough closed deals to foretell by."""
    monkeypatch.setattr(chances, "ENOUGH", 1)
    for number, person in enumerate(year[:2]):
        for month in (FEBRUARY, MARCH):
            aim(olga, person, month, 20_000 * (number + 1), 2)
        deal, by = Deal.objects.filter(owner=person, status="open")[0], Actor.person(person)
        due = NOON - timedelta(hours=number)
        task = tasks.create_task(
            text="Дело", due_at=due, owner=person, deal=deal, by=by, now=NOON - timedelta(days=1)
        )
        tasks.complete_task(task, result="да", by=by, now=NOON - timedelta(minutes=30))
        contacting.record_contact(deal, verb="call.answered", seconds=60, by=by, now=NOON)
        record(
            deal, clause=f"AX-{number}", culprit=person, occasion=f"t:{number}", text="", by=SYSTEM, now=NOON
        )  # fmt: skip
    return year


@pytest.mark.parametrize("more", [{}, {"cohort": "1", "arrival": "call"}, {"pipeline": "all", "who": "team"}])  # fmt: skip
def test_every_number_is_that_of_its_list(
    busy: list[User], olga: User, team: Team, more: dict[str, str]
) -> None:
    asked = more | ({"who": f"t{team.pk}"} if "who" in more else {})
    with timezone.override(MOSCOW):
        question = ask(olga, **({"period": "2026-02-10..2026-03-10"} | asked))
        found = {
            report.code: list(linked(report.sections(question))) for report in registry.reports()
        }
        found["overview"] = [
            (key.column, key.cell) for key in overview.read(question).keys if key.cell.value
        ]
        if not more:
            assert {code for code, cells in found.items() if not cells} == {"renewals"}
        for column, cell in (one for cells in found.values() for one in cells):
            assert behind(olga, cell.url, column) == cell.value, cell.url
        months = [cell for _column, cell in found["forecast"] if "expected=" in cell.url]
        assert months


def test_a_plan_is_compared_with_what_was_sold_in_its_months(
    year: list[User], olga: User, team: Team, client: Client
) -> None:
    alice, bob, _charlie = year
    for person, month, amount in ((alice, FEBRUARY, 8_000), (alice, MARCH, 10_000), (bob, MARCH, 50_000)):  # fmt: skip
        aim(olga, person, month, amount)
    won = list(Deal.objects.filter(owner=alice, status="won", closed_at__lt=NOON))
    assert won
    with timezone.override(MOSCOW):
        sold = {
            month: sum(
                (d.budget for d in won if timezone.localtime(d.closed_at).month == month.month), Decimal(0)
            )
            for month in (FEBRUARY, MARCH)
        }  # fmt: skip
        found = plan_lines.read(ask(olga, period="2026-02-10..2026-03-10"))
        assert found.months == [FEBRUARY, MARCH]
        # The pipeline has no goals of its own, so those over all pipelines are shown.
        assert found.pipeline is None
        (unit,) = found.units
        mine = next(line for line in found.people(unit) if line.name == str(alice))
        assert (mine.planned, mine.done) == (18_000, sum(sold.values()))
        assert mine.remaining == max(18_000 - mine.done, 0)
        pace = found.paces[MARCH]
        assert 0 < pace.share < 1
        assert found.foretold(mine) == sold[FEBRUARY] + sold[MARCH] / pace.share
        # Without a goal of its own a team is to sell what its people are; Bob has none in February.
        (whole,) = [line for line in found.teams(unit) if line.name == team.name]
        assert whole.plan == {FEBRUARY: 8_000, MARCH: 60_000}
        bobs = next(line for line in found.people(unit) if line.name == str(bob))
        assert bobs.towards == bobs.fact.get(MARCH, 0)
        codes = [section.code for section in plans.sections(found.question)]
        assert codes == [f"{code}-{unit}" for code in ("people", "teams", "months", "each")]
    client.force_login(olga)
    page = client.get(
        "/analytics/plan/?pipeline=all&period=2026-02-01..2026-03-31"
    ).content.decode()
    assert "18 000" in page.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2009", " ")
    assert 'href="/goals/"' in client.get("/analytics/plan/?period=last_year").content.decode()


def test_the_forecast_says_of_which_stages_it_says_nothing_and_why(
    year: list[User], olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with timezone.override(MOSCOW):
        (stages,) = forecast.sections(ask(olga))
        assert all(row[3].value is None for row in stages.table.rows)
        for row in stages.table.rows:
            assert f"«{row[0].value}» ({row[5].value})" in stages.note
        assert "меньше 20" in stages.note
        monkeypatch.setattr(chances, "ENOUGH", 1)
        (stages, _months) = forecast.sections(ask(olga))
        told = {row[0].value for row in stages.table.rows if row[3].value is not None}
        assert told
        assert not any(f"«{name}»" in stages.note for name in told)


@pytest.mark.parametrize(
    ("now", "before", "beside", "words", "tone"),
    [
        (6, 5, False, "+20\u202f%", "green"),
        (50, 1, False, "было 1", ""),
        (50, 1, True, "", ""),
        (50, 0, False, "было 0", ""),
        (0, 0, False, "", ""),
        (55, 5, False, "было 5", ""),
        (0, 8, False, "−100\u202f%", "red"),
        (7, None, False, "", ""),
    ],
)
def test_a_percent_is_said_where_it_says_something(
    now: int, before: int | None, beside: bool, words: str, tone: str
) -> None:
    shown = show(Column(""), Cell(now, before=before, beside=beside))
    assert (shown.change, shown.tone) == (words, tone)
