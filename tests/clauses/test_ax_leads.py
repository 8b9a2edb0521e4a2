"""Axelerator: how a lead arrives and what happens until somebody speaks with it."""

from __future__ import annotations

from datetime import datetime

import pytest

from crm import contacting, deals
from crm.clients import people
from crm.models import Deal, Task, User
from notifications.models import Message
from pipelines import catalog, engine
from pipelines.actor import SYSTEM, Actor
from pipelines.models import Offer
from tests.clauses.steps import (
    DAY,
    HOUR,
    MINUTE,
    at_stage,
    call_task,
    choose,
    fresh,
    hear_from,
    move,
    offers,
    refused,
    take,
    talk,
    task_of,
)
from tests.factories import NOON, make_deal


def letter_lead(owner: User, *, phone: str = "", now: datetime = NOON) -> Deal:
    """A request that came by letter: the address is known, a phone perhaps."""
    return make_deal(owner, phone=phone, arrival=Deal.Arrival.LETTER, by=SYSTEM, now=now)


# ── AX-L1b: «Не поднял» moves the call by an hour, a day, an hour ──────────────


@pytest.mark.clause("AX-L1b")
@pytest.mark.parametrize(("tries", "later"), [(1, HOUR), (2, DAY), (3, HOUR), (4, DAY)])
def test_a_call_not_answered_is_moved_by_an_hour_then_a_day_then_an_hour(
    alice: User, tries: int, later
) -> None:
    deal = make_deal(alice)
    task = task_of(deal, "first_call")
    now = NOON
    for _try in range(tries):
        now += 5 * MINUTE
        choose(task, "no_answer", now=now)
    task = fresh(task)
    assert (task.due_at, task.state, task.result) == (now + later, "open", "не поднял")
    assert fresh(deal).next_task_at == task.due_at
    assert deal.events.filter(verb="call.unanswered").count() == tries == fresh(deal).attempts


@pytest.mark.clause("AX-L1b")
def test_not_answered_is_counted_anew_after_a_conversation(alice: User) -> None:
    deal = make_deal(alice)
    task = task_of(deal, "first_call")
    choose(task, "no_answer", now=NOON)
    talk(deal, now=NOON + MINUTE)
    choose(task, "no_answer", now=NOON + 2 * MINUTE)
    assert fresh(task).due_at == NOON + 2 * MINUTE + HOUR


@pytest.mark.clause("AX-L1b")
def test_a_note_of_ones_own_takes_the_place_of_not_answered(alice: User) -> None:
    deal = make_deal(alice)
    task = choose(task_of(deal, "first_call"), "no_answer", result="сбросил")
    assert (task.result, deal.events.get(verb="call.unanswered").data["text"]) == (
        "сбросил",
        "сбросил",
    )


def test_not_answered_is_no_outcome_of_a_letter(alice: User) -> None:
    deal = at_stage(alice, "qualified")
    with refused():
        choose(task_of(deal, "send_kp"), "no_answer")


# ── AX-L1c: after the fourth try the close is offered ──────────────────────────


def not_answered(deal: Deal, times: int) -> None:
    for number in range(times):
        choose(task_of(deal, "first_call"), "no_answer", now=NOON + number * MINUTE)


def closing_offers(deal: Deal) -> list[Offer]:
    return [offer for offer in offers(deal) if offer.action == "move"]


@pytest.mark.clause("AX-L1c")
def test_the_close_is_offered_after_the_fourth_try_and_not_after_the_third(alice: User) -> None:
    deal = make_deal(alice)
    not_answered(deal, 3)
    assert not closing_offers(deal)
    choose(task_of(deal, "first_call"), "no_answer", now=NOON + HOUR)
    assert [offer.text for offer in closing_offers(deal)] == ["Закрыть – не дозвонился"]


@pytest.mark.clause("AX-L1c")
def test_one_click_closes_the_lead_that_was_never_reached_and_control_follows(
    alice: User, olga: User
) -> None:
    deal = make_deal(alice)
    not_answered(deal, 4)
    take(closing_offers(deal)[0], by=alice, now=NOON + HOUR)
    deal = fresh(deal)
    assert (deal.stage.code, deal.status, deal.values["refusal_reason"]) == (
        "refused",
        "lost",
        "unreached",
    )
    assert task_of(deal, "control_closing").owner == olga


@pytest.mark.clause("AX-L1c")
def test_a_client_who_was_reached_is_not_offered_to_be_closed(alice: User) -> None:
    deal = make_deal(alice)
    talk(deal, now=NOON - HOUR)
    not_answered(deal, 5)
    assert not closing_offers(deal)


@pytest.mark.clause("AX-L1c")
def test_the_close_is_offered_once_however_many_tries_follow(alice: User) -> None:
    deal = make_deal(alice)
    not_answered(deal, 6)
    assert len(closing_offers(deal)) == 1


# ── AX-L3: «Не могу дозвониться» after the first try ───────────────────────────


@pytest.mark.clause("AX-L3")
def test_the_letter_is_offered_after_the_first_try_and_one_click_sends_it(alice: User) -> None:
    deal = make_deal(alice)
    not_answered(deal, 1)
    (offer,) = offers(deal)
    assert (offer.action, offer.params) == ("send_email", {"template": "cannot_reach"})
    take(offer, by=alice)
    letter = Message.objects.get(deal=deal)
    assert (letter.to, letter.template.code, letter.author) == (
        "lead@example.com",
        "cannot_reach",
        alice,
    )


@pytest.mark.clause("AX-L3")
def test_the_letter_is_not_offered_where_there_is_no_email(alice: User) -> None:
    deal = make_deal(alice, email="")
    not_answered(deal, 1)
    assert not offers(deal)


@pytest.mark.clause("AX-L3")
def test_the_letter_is_not_offered_again_after_the_second_try(alice: User) -> None:
    deal = make_deal(alice)
    not_answered(deal, 1)
    take(offers(deal)[0], by=alice)
    choose(task_of(deal, "first_call"), "no_answer", now=NOON + HOUR)
    assert not offers(deal)


# ── AX-L4: a request with an e-mail only ───────────────────────────────────────


def letters_asking(deal: Deal) -> int:
    return Message.objects.filter(deal=deal, template__code="contact_request").count()


@pytest.mark.clause("AX-L4")
def test_a_request_with_an_email_only_is_asked_for_a_phone_at_once_and_again_the_next_day(
    alice: User,
) -> None:
    deal = letter_lead(alice)
    assert letters_asking(deal) == 1
    assert engine.fire_due(NOON + DAY - MINUTE) == 0
    engine.fire_due(NOON + DAY)
    assert letters_asking(deal) == 2
    engine.fire_due(NOON + 3 * DAY)
    assert letters_asking(deal) == 2


@pytest.mark.clause("AX-L4")
def test_an_answer_stops_the_second_letter(alice: User) -> None:
    deal = letter_lead(alice)
    hear_from(deal, now=NOON + HOUR)
    engine.fire_due(NOON + DAY)
    assert letters_asking(deal) == 1


@pytest.mark.clause("AX-L4")
def test_a_lead_taken_up_is_not_asked_again(alice: User) -> None:
    deal = letter_lead(alice)
    move(deal, "taken", platform="site", now=NOON + HOUR)
    assert engine.fire_due(NOON + DAY) == 0
    assert letters_asking(deal) == 1


@pytest.mark.clause("AX-L4")
def test_a_request_with_a_phone_is_called_and_not_asked_by_letter(alice: User) -> None:
    deal = letter_lead(alice, phone="+375 29 111-22-33")
    engine.fire_due(NOON + DAY)
    assert letters_asking(deal) == 0


@pytest.mark.clause("AX-L4")
def test_by_hand_the_request_for_contacts_is_offered_and_sent_by_one_click(alice: User) -> None:
    deal = make_deal(alice, phone="")
    assert letters_asking(deal) == 0
    (offer,) = offers(deal)
    take(offer, by=alice)
    assert letters_asking(deal) == 1


def test_by_hand_with_a_phone_no_letter_is_offered(alice: User) -> None:
    assert not offers(make_deal(alice))


# ── AX-L6: a deal made by hand ─────────────────────────────────────────────────


@pytest.mark.clause("AX-L6")
def test_a_deal_made_by_hand_with_contact_and_company_gets_its_first_call(alice: User) -> None:
    by = Actor.person(alice)
    company = people.create_company(name="ООО «Хлеб»", by=by, now=NOON, owner=alice)
    contact = people.create_contact(
        name="Пётр", by=by, now=NOON, owner=alice, phone="+375291112233", company=company
    )
    deal = deals.open_deal(
        pipeline=catalog.by_code("leads"),
        name="Внедрение",
        owner=alice,
        by=by,
        now=NOON,
        contact=contact,
        company=company,
    )
    task = Task.objects.get(deal=deal)
    assert (task.kind, task.owner, task.due_at) == ("call", alice, NOON + 30 * MINUTE)
    assert (deal.contact, deal.company) == (contact, company)


@pytest.mark.clause("AX-L6")
def test_a_company_alone_is_enough_for_a_deal_by_hand(alice: User) -> None:
    company = people.create_company(
        name="ООО «Хлеб»", by=Actor.person(alice), now=NOON, owner=alice
    )
    deal = make_deal(alice, contact=None, company=company)
    assert task_of(deal, "first_call").state == "open"


@pytest.mark.clause("AX-L6")
@pytest.mark.parametrize("arrival", ["form", "letter", "import", "hand_over"])
def test_a_deal_that_came_otherwise_has_no_task_of_this_rule(alice: User, arrival: str) -> None:
    deal = make_deal(alice, arrival=arrival, by=SYSTEM)
    assert not deal.tasks.filter(text="Позвонить новому лиду").exists()


def test_a_call_planned_by_hand_can_end_with_not_answered_too(alice: User) -> None:
    deal = at_stage(alice, "attempts")
    task = choose(call_task(deal), "no_answer")
    assert (task.state, task.due_at) == ("open", NOON + HOUR)
    assert contacting.CALL_UNANSWERED in deal.events.values_list("verb", flat=True)
