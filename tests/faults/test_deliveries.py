"""The fifth delivery entered twice at once, and cancelled and accepted at once: counted right, handed over once."""

from __future__ import annotations

from collections import Counter
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest

from crm import deliveries
from crm.models import Deal, Delivery, SoleDeal, User
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.models import RuleRun
from tests.clauses.pz_steps import cancel, days, deliver, deliver_times, life, offered, stage_of
from tests.clauses.steps import fresh
from tests.factories import NOON
from tests.faults.threads import PATIENCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def four(alice: User, clara: User) -> Deal:
    """A deal whose client has delivered four times."""
    deal = offered(alice)
    deliver_times(deal, 4)
    return deal


def regulars() -> int:
    return Deal.objects.filter(pipeline__code="regulars").count()


def kinds(results: list[Any]) -> Counter:
    return Counter(type(result).__name__ for result in results)


def accept(delivery: Delivery) -> Delivery:
    found = Delivery.objects.select_related("deal__owner").get(pk=delivery.pk)
    by = Actor.person(found.deal.owner)
    return deliveries.complete_delivery(found, by=by, now=NOON + days(4))


def nothing_failed() -> bool:
    return not RuleRun.objects.filter(status__in=["failed", "looped"]).exists()


@pytest.mark.clause("PZ-5.1")
def test_the_fifth_entered_by_two_people_at_once_hands_the_client_over_once(four: Deal) -> None:
    """Two trucks at once: whoever is second finds the deal won, and is told so."""
    results = at_once(*[lambda: deliver(four, now=NOON + days(4))] * 2)
    assert kinds(results) == {"Delivery": 1, "RegulationError": 1}
    assert (life(four), stage_of(four), regulars()) == (("client", 5), "regular", 1)
    assert nothing_failed()


@pytest.mark.clause("PZ-5.1")
def test_the_fifth_and_the_sixth_accepted_at_once_then_one_cancelled(four: Deal) -> None:
    expected = [deliver(four, accepted=False) for _each in range(2)]

    results = at_once(*[lambda item=item: accept(item) for item in expected])
    assert kinds(results) == {"Delivery": 2}
    assert (life(four), regulars()) == (("client", 6), 1)
    cancel(expected[0], now=NOON + days(5))
    assert (life(four), regulars()) == (("client", 5), 1)
    cancel(expected[1], now=NOON + days(5))
    assert (life(four), regulars(), stage_of(four)) == (("potential", 4), 1, "regular")
    assert nothing_failed()


def test_one_form_sent_twice_at_once_is_one_delivery(four: Deal) -> None:
    key = uuid4()
    results = at_once(*[lambda: deliver(four, now=NOON + days(4), key=key)] * 2)
    assert kinds(results) == {"Delivery": 2}
    assert len({result.pk for result in results}) == 1
    assert (life(four), regulars()) == (("client", 5), 1)


def test_one_delivery_accepted_and_cancelled_at_once_is_counted_as_it_ended(four: Deal) -> None:
    delivery = deliver(four, accepted=False)
    at_once(lambda: accept(delivery), lambda: cancel(delivery))
    state = Delivery.objects.get(pk=delivery.pk).state
    assert state == "cancelled"
    assert life(four) == ("potential", 4)


def test_two_deals_of_one_client_deliver_at_once_and_both_count(four: Deal, alice: User) -> None:
    """They have no row in common but the client's life, which is the lock."""
    other = offered(alice, contact=four.contact)
    results = at_once(
        lambda: deliver(four, now=NOON + days(4)), lambda: deliver(other, now=NOON + days(4))
    )
    assert kinds(results) == {"Delivery": 2}
    assert life(four) == ("client", 6)
    assert {stage_of(four), stage_of(other)} == {"regular"}
    assert regulars() == SoleDeal.objects.count() == 1
    assert nothing_failed()


def test_without_the_lock_of_the_client_two_deals_lose_a_delivery(
    four: Deal, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the lock is for: each counts before the other has committed, and the later one writes the smaller number."""
    other, both_have_counted = offered(alice, contact=four.contact), Barrier(2)
    count = deliveries._count

    def slow_count(*args: Any, **kwargs: Any) -> None:
        both_have_counted.wait(PATIENCE)
        count(*args, **kwargs)

    expected = [deliver(fresh(deal), accepted=False) for deal in (four, other)]
    monkeypatch.setattr(deliveries, "_lock", _without_the_lock)
    monkeypatch.setattr(deliveries, "_count", slow_count)
    at_once(*[lambda item=item: accept(item) for item in expected])
    done = Delivery.objects.filter(state="completed").count()
    assert (done, life(four)[1]) == (6, 5)


def _without_the_lock(delivery: Delivery, by: Actor) -> tuple[Delivery, Any]:
    found = Delivery.objects.select_related("deal__owner", "life").get(pk=delivery.pk)
    return found, catalog.pipeline(found.deal.pipeline_id)
