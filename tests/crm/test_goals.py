"""Goals: set by heads for their people, with who changed what; what was sold beside them, by the working days."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from crm.goals import reading, verbs
from crm.goals.verbs import Aim
from crm.models import Deal, Goal, Team, User
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.models import Event
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
MILLION = Aim(Decimal(1_000_000), 5)


def set_goal(by: User, whose: User | Team, aim: Aim = MILLION, month: date = MARCH) -> Goal | None:
    return verbs.set_goal(
        whose, month=month, pipeline=None, currency="BYN", aim=aim, by=Actor.person(by), now=NOON
    )


def won(owner: User, amount: int, at: datetime) -> Deal:
    """A deal closed with success; how it got there is the engine's business."""
    deal = make_deal(owner, name=f"{amount}")
    stage = next(item for item in catalog.by_code("leads").stages if item.kind == "won")
    from pipelines import door

    with door.opened():
        Deal.objects.filter(pk=deal.pk).update(
            stage=stage.id, status="won", closed_at=at, budget=amount, currency="BYN"
        )
    return deal


def test_a_head_sets_goals_of_her_people_and_teams_and_nobody_his_own(
    alice: User, bob: User, olga: User, charlie: User, administrator: User, team: Team
) -> None:
    assert set_goal(olga, alice)
    assert set_goal(olga, team)
    assert set_goal(administrator, charlie)
    for by, whose in ((alice, alice), (alice, bob), (olga, olga), (olga, charlie)):
        with pytest.raises(PermissionDenied):
            set_goal(by, whose)
    assert Goal.objects.count() == 3


def test_a_change_is_one_row_and_the_audit_keeps_from_what_to_what(alice: User, olga: User) -> None:
    set_goal(olga, alice)
    set_goal(olga, alice, Aim(None, 7))
    set_goal(olga, alice, Aim(None, 7))
    assert Goal.objects.get().count == 7
    assert set_goal(olga, alice, verbs.NOTHING) is None
    assert not Goal.objects.exists()
    kept = Event.objects.filter(verb="goal.set").order_by("pk").values_list("data", flat=True)
    assert [(row["from"], row["to"]) for row in kept] == [
        (None, {"amount": "1000000", "count": 5}),
        ({"amount": "1000000.00", "count": 5}, {"amount": None, "count": 7}),
        ({"amount": None, "count": 7}, None),
    ]


@pytest.mark.parametrize("aim", [Aim(Decimal(0), None), Aim(Decimal(10) ** 13, None), Aim(None, 0)])
def test_a_goal_out_of_reason_is_refused(alice: User, olga: User, aim: Aim) -> None:
    with pytest.raises(BadAnswer):
        set_goal(olga, alice, aim)


def test_the_month_before_is_copied_where_there_is_no_goal_yet(
    alice: User, bob: User, olga: User
) -> None:
    set_goal(olga, alice)
    set_goal(olga, bob)
    set_goal(olga, bob, Aim(None, 1), month=APRIL)
    goals = reading.goals_of(olga, MARCH, APRIL, None)
    for copied in (1, 0):
        assert verbs.copy_month(goals, to=APRIL, by=Actor.person(olga), now=NOON) == copied
    counts = Goal.objects.filter(month=APRIL).values_list("user", "count")
    assert dict(counts) == {alice.pk: 5, bob.pk: 1}


def test_sold_is_what_was_won_in_the_month_by_the_readers_clock_and_the_team_is_its_people(
    alice: User, bob: User, olga: User, charlie: User, team: Team
) -> None:
    timezone.activate("Europe/Minsk")
    won(alice, 300, datetime(2026, 3, 5, 12, tzinfo=UTC))
    # Midnight of the first of April in Minsk is 21:00 UTC of the day before.
    won(alice, 50, datetime(2026, 3, 31, 20, 59, tzinfo=UTC))
    won(alice, 7, datetime(2026, 3, 31, 21, 0, tzinfo=UTC))
    won(bob, 1000, datetime(2026, 3, 1, 12, tzinfo=UTC))
    won(charlie, 9999, datetime(2026, 3, 1, 12, tzinfo=UTC))
    table = reading.table(olga, first=MARCH, until=APRIL, pipeline=None)
    sums = {row.whose: dict(row.sold[MARCH].sums) for row in table}
    assert sums[alice] == {"BYN": Decimal(350)}
    assert sums[bob] == {"BYN": Decimal(1000)}
    assert sums[team] == {"BYN": Decimal(1350)}
    assert charlie not in sums


def test_the_pace_is_of_working_days(alice: User, olga: User) -> None:
    calendar = catalog.by_code("leads").calendar
    pace = reading.pace_of(MARCH, date(2026, 3, 10), calendar)
    assert 0 < pace.worked < pace.all < 31
    assert reading.pace_of(MARCH, date(2026, 4, 1), calendar).share == 1
    assert reading.pace_of(APRIL, date(2026, 3, 10), calendar).share == 0
    goal = set_goal(olga, alice, Aim(Decimal(1000), None))
    assert goal is not None
    tones = {}
    for fact in (1000, int(1000 * pace.share) - 20, 1):
        sold = reading.Sold(1, {"BYN": Decimal(fact)})
        [item] = reading.progress(goal, sold, pace)
        tones[item.percent] = item.tone
    assert list(tones.values()) == ["green", "yellow", "red"]


def test_the_page_of_goals_for_a_head_and_for_a_manager(
    alice: User, olga: User, client: Client
) -> None:
    client.force_login(olga)
    address = f"/goals/person/{alice.pk}/?month=2026-11"
    assert client.post(address, {"amount": "-5", "currency": "BYN"}).status_code == 422
    assert client.post(address, {"amount": "пять", "currency": "BYN"}).status_code == 422
    currency = catalog.pipelines()[0].currency
    answer = client.post(address, {"amount": "12 000", "currency": currency, "count": "3"})
    assert answer.status_code == 302, answer.content.decode()
    shown = client.get("/goals/?month=2026-11").content.decode()
    assert f'/goals/person/{alice.pk}/?month=2026-11"' in shown
    client.force_login(alice)
    shown = client.get("/goals/?month=2026-11&pipeline=nonsense").content.decode()
    assert "0 %" in shown
    assert "/goals/person/" not in shown
    assert client.post(address, {"amount": "1", "currency": "BYN"}).status_code == 403
    assert client.get("/goals/?month=12345-99").status_code == 200
