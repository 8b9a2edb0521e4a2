"""KO-2.14 and KO-2.15: selling anew to a client long talked to, and what a reanimation may not have."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from crm import contacting, deals
from crm.card.actions import act, actions_of
from crm.guards.past import months_later
from crm.models import Deal, Payment, Task, User
from crm.money import payments
from pipelines import engine
from pipelines.actor import SYSTEM, Actor
from tests.clauses.steps import DAY, fresh, refused
from tests.factories import NOON
from tests.fixtures.school import lead, post, told

pytestmark = pytest.mark.usefixtures("school")

# A calendar month after NOON is over, by an hour.
LATER = NOON + 31 * DAY + timedelta(hours=1)


def called(deal: Deal, minutes: float, *, now: datetime = NOON) -> None:
    contacting.record_contact(
        fresh(deal),
        verb=contacting.CALL_ANSWERED,
        by=SYSTEM,
        now=now,
        seconds=int(minutes * 60),
    )


def against(deal: Deal, user: User, *, now: datetime = LATER) -> list[str]:
    """What the card says stands against selling the deal as a reanimation."""
    [found] = [
        item
        for item in actions_of(fresh(deal), user=user, now=now)
        if item.scenario.code == "sell_again"
    ]
    return [refusal.message for refusal in found.refusals]


def ripe(owner: User, **kwargs: object) -> Deal:
    """A deal that may be sold as a reanimation."""
    deal = lead(owner, "talks", **kwargs)
    called(deal, 30)
    called(deal, 21)
    return fresh(deal)


def sell_again(deal: Deal, by: User, *, now: datetime = LATER, **answers: object) -> Deal:
    act(fresh(deal), "sell_again", by=Actor.person(by), now=now, answers=answers)
    return Deal.objects.get(origin=deal)


@pytest.mark.clause("KO-2.14")
def test_one_action_closes_the_deal_and_opens_a_reanimation_with_all_its_data(
    alice: User, irina: User
) -> None:
    deal = ripe(alice, answers={"source": "webinar", "budget": "900"}, tags=["вебинар"])
    with refused(engine.MoveRefused) as caught:
        sell_again(deal, alice)
    # The first touch has been: its field is asked for here as on any other move (KO-2.6).
    assert caught.value.fields == ["contact.gender"]
    again = sell_again(deal, alice, **{"contact.gender": "female"})
    old = fresh(deal)
    assert (old.status, old.values["refusal_reason"]) == ("lost", "no_money")
    assert (again.stage.code, again.owner, again.contact) == ("reanimation", alice, deal.contact)
    assert again.values["temperature"] == "reanimation"
    assert (again.values["source"], again.values["package"], again.budget) == (
        "webinar",
        "full",
        Decimal(900),
    )
    assert [tag.name for tag in again.tags.all()] == ["вебинар"]
    task = Task.objects.get(deal=again, code="fill_reanimation")
    assert (task.owner, task.state) == (irina, "open")
    assert old.values["temperature"] == "warm"


@pytest.mark.clause("KO-2.14")
def test_it_is_done_once(alice: User, irina: User) -> None:
    deal = ripe(alice)
    sell_again(deal, alice, **{"contact.gender": "female"})
    with refused(match="такого сделать нельзя"):
        sell_again(deal, alice)
    assert Deal.objects.filter(origin=deal).count() == 1


@pytest.mark.clause("KO-2.14")
def test_before_a_calendar_month_is_over_it_says_when(alice: User) -> None:
    deal = ripe(alice)
    assert against(deal, alice) == []
    [sentence] = against(deal, alice, now=NOON + 30 * DAY)
    assert "10 апреля 2026" in sentence
    with refused(engine.MoveRefused):
        sell_again(deal, alice, now=NOON + 30 * DAY, **{"contact.gender": "female"})
    assert fresh(deal).status == "open"


@pytest.mark.clause("KO-2.14")
@pytest.mark.parametrize(("minutes", "enough"), [(19, False), (20, False), (20.1, True)])
def test_more_than_fifty_minutes_of_real_conversation_in_total(
    alice: User, minutes: float, enough: bool
) -> None:
    deal = lead(alice, "talks")
    called(deal, 30)
    contacting.record_contact(fresh(deal), verb=contacting.CALL_UNANSWERED, by=SYSTEM, now=NOON)
    called(deal, minutes, now=NOON + DAY)
    said = against(deal, alice)
    assert bool(said) is not enough
    if said:
        assert "50" in said[0]


@pytest.mark.clause("KO-2.14")
@pytest.mark.parametrize("temperature", ["autopay", "hot", "site"])
def test_not_for_the_three_hottest(alice: User, temperature: str) -> None:
    [sentence] = against(ripe(alice, answers={"temperature": temperature}), alice)
    assert "автооплата" in sentence


@pytest.mark.clause("KO-2.14")
def test_the_card_offers_it_when_it_may_be_done_else_says_what_is_missing(
    client: Client, alice: User
) -> None:
    deal = lead(alice, "talks")
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    address = f"/deals/{deal.pk}/action/sell_again/"
    assert "Продать как реанимацию" in page
    assert address not in page
    assert "0 мин" in page
    Deal.objects.filter(pk=deal.pk).update(created_at=NOON - 90 * DAY)
    called(deal, 51)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert address in page
    answer = client.post(address, {})
    assert answer.status_code == 422
    assert 'name="contact.gender"' in answer.content.decode()
    client.post(address, {"code": "contact.gender", "contact.gender": "male"})
    assert fresh(deal).status == "lost"


@pytest.mark.clause("KO-2.14")
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-01-31 12:00", "2026-02-28 12:00"),
        ("2028-01-31 12:00", "2028-02-29 12:00"),
        ("2026-12-15 09:00", "2027-01-15 09:00"),
        # The clocks go forward in between; the hour on the wall stays.
        ("2026-03-10 09:00", "2026-04-10 09:00"),
    ],
)
def test_a_month_is_a_calendar_month(start: str, end: str) -> None:
    kyiv = ZoneInfo("Europe/Kyiv")
    first, last = (
        datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=kyiv) for text in (start, end)
    )
    assert months_later(first, 1) == last


@pytest.mark.clause("KO-2.15")
@pytest.mark.parametrize(("discount", "allowed"), [("30", True), ("30.5", False), ("100", False)])
def test_a_reanimation_has_a_discount_of_thirty_percent_at_most(
    client: Client, alice: User, discount: str, allowed: bool
) -> None:
    deal = lead(alice, answers={"temperature": "reanimation"})
    client.force_login(alice)
    for headers in ({}, {"HX-Request": "true"}):
        client.post(
            f"/deals/{deal.pk}/field/", {"code": "discount", "discount": discount}, headers=headers
        )
    assert fresh(deal).values.get("discount") == (discount if allowed else None)


@pytest.mark.clause("KO-2.15")
def test_nor_by_the_form_of_a_move_nor_when_it_becomes_one_nor_from_the_start(alice: User) -> None:
    by = Actor.person(alice)
    warm = lead(alice, "talks", answers={"discount": "40"})
    with refused(engine.MoveRefused, match="30"):
        deals.edit_deal(warm, {"temperature": "reanimation"}, by=by, now=NOON)
    with refused(engine.MoveRefused, match="30"):
        lead(alice, answers={"temperature": "reanimation", "discount": "31"})
    deal = lead(alice, answers={"temperature": "reanimation"})
    with refused(engine.MoveRefused, match="30"):
        engine.move(deal, to="talks", by=by, now=NOON, answers={"discount": "31"})
    assert "discount" not in fresh(deal).values


@pytest.mark.clause("KO-2.15")
def test_what_is_bad_already_stops_no_other_edit(alice: User) -> None:
    deal = lead(alice, answers={"temperature": "reanimation"})
    Deal.objects.filter(pk=deal.pk).update(values=deal.values | {"discount": "50"})
    deals.edit_deal(fresh(deal), {"source": "webinar"}, by=Actor.person(alice), now=NOON)
    assert fresh(deal).values["source"] == "webinar"


@pytest.mark.clause("KO-2.15")
def test_a_second_payment_is_refused_by_hand(client: Client, alice: User) -> None:
    deal = lead(alice, answers={"temperature": "reanimation"})
    payments.enter_payment(
        deal, amount=Decimal(400), currency="USD", by=Actor.person(alice), now=NOON
    )
    client.force_login(alice)
    answer = client.post(
        f"/deals/{deal.pk}/payment/", {"amount": "500", "currency": "USD", "kind": "payment"}
    )
    assert answer.status_code == 422
    assert "одним платежом" in answer.content.decode()
    assert Payment.objects.filter(deal=deal).count() == 1


@pytest.mark.clause("KO-2.15")
def test_a_second_payment_told_by_the_robot_is_kept_and_looked_into(
    alice: User, irina: User, provider: object
) -> None:
    from pipelines.models import Violation

    deal = lead(alice, answers={"temperature": "reanimation"})
    post(told(deal, amount="400"))
    post(told(deal, event_id="evt-2", amount="500"))
    assert Payment.objects.filter(deal=deal).count() == 2
    assert Task.objects.get(deal=deal, code="second_payment").owner == irina
    assert Violation.objects.filter(deal=deal, clause="KO-2.15").exists()


@pytest.mark.clause("KO-2.15")
def test_others_may_pay_in_parts(alice: User) -> None:
    deal = lead(alice, "talks")
    by = Actor.person(alice)
    for amount in (100, 200, 600):
        payments.enter_payment(fresh(deal), amount=Decimal(amount), currency="USD", by=by, now=NOON)
    assert fresh(deal).status == "won"
