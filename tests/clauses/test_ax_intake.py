"""Axelerator: calls and requests that arrive by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm import contacting, deals
from crm.intake import taking as intake
from crm.models import Contact, Deal, IntakeSource, Task, User
from notifications.models import Message
from pipelines.actor import SYSTEM, Actor
from tests.clauses.steps import HOUR, MINUTE, at_stage, fresh, minsk, move
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db
NUMBER = "+375291112233"


def missed(**kwargs: Any) -> Deal:
    return intake.call(NUMBER, **{"answered": False, "now": NOON} | kwargs).deal


def site_form(**kwargs: Any) -> Deal:
    given = {"name": "Ирина", "phone": NUMBER, "email": "ira@example.com", "now": NOON}
    return intake.form(**given | kwargs).deal


# ── AX-L1a: a missed call ──────────────────────────────────────────────────────


@pytest.mark.clause("AX-L1a")
def test_a_missed_call_of_an_unknown_number_is_a_request_with_a_task_to_call_back(
    alice: User,
) -> None:
    deal = missed()
    assert (deal.pipeline.code, deal.stage.code, deal.owner) == ("leads", "new", alice)
    assert (deal.contact.name, deal.contact.point("phone")) == (NUMBER, NUMBER)
    task = Task.objects.get(deal=deal)
    assert (task.code, task.kind, task.owner) == ("missed_call", "call", alice)
    assert task.due_at == NOON + 15 * MINUTE
    assert task.state == "open"
    assert fresh(deal).next_task_at == task.due_at


@pytest.mark.clause("AX-L1a")
def test_the_same_number_calling_again_is_added_to_the_open_deal(alice: User) -> None:
    deal = missed(outside_id="1")
    assert missed(outside_id="2", now=NOON + HOUR) == deal
    assert Deal.objects.count() == Contact.objects.count() == Task.objects.count() == 1
    assert deal.events.filter(verb="call.missed").count() == 2


@pytest.mark.clause("AX-L1a")
def test_after_the_deal_was_closed_the_number_makes_a_new_one_of_the_same_contact(
    alice: User,
) -> None:
    deal = missed()
    move(deal, "refused", refusal_reason="spam")
    again = missed(now=NOON + HOUR)
    assert again != deal
    assert again.contact == deal.contact


def test_a_client_in_work_who_was_missed_is_called_back_too(alice: User) -> None:
    deal = at_stage(alice, "discussed")
    assert missed() == deal
    assert Task.objects.open().get(deal=deal, code="missed_call").text.startswith("Перезвонить")


@pytest.mark.parametrize("stage", ["refused", "launched"])
def test_a_missed_call_put_on_a_closed_deal_by_hand_sets_no_task(
    alice: User, anna: User, stage: str
) -> None:
    deal = at_stage(alice, stage)
    contacting.record_contact(
        deal, verb=contacting.CALL_MISSED, incoming=True, by=Actor.person(alice), now=NOON
    )
    assert not Task.objects.filter(deal=deal, code="missed_call").exists()


@pytest.mark.parametrize(
    "again",
    [
        lambda: intake.form(phone=NUMBER, email="lead@example.com", now=NOON + HOUR),
        lambda: intake.form(email="lead@example.com", now=NOON + HOUR),
        lambda: intake.letter("lead@example.com", subject="Ещё", text="раз", now=NOON + HOUR),
        lambda: intake.message("chat", "7", "Добрый день", phone=NUMBER, now=NOON + HOUR),
    ],
)
def test_whoever_comes_again_after_his_deal_was_closed_stays_with_his_manager(
    alice: User, bob: User, again: Callable[[], intake.Arrived]
) -> None:
    closed = at_stage(bob, "refused", phone=NUMBER)
    make_deal(bob, phone="+375 29 999-99-99", email="")  # bob has more to do than alice
    arrived = again()
    assert arrived.is_new
    assert arrived.deal is not None
    assert (arrived.deal.contact, arrived.deal.owner) == (closed.contact, bob)
    assert arrived.deal.stage.code == "new"


# ── AX-L2: a form or a chat ────────────────────────────────────────────────────


@pytest.mark.clause("AX-L2")
def test_a_form_makes_contact_and_deal_with_phone_and_mail_and_a_call(alice: User) -> None:
    deal = site_form(text="Нужна CRM")
    assert (deal.stage.code, deal.contact.name) == ("new", "Ирина")
    assert (deal.contact.point("phone"), deal.contact.point("email")) == (NUMBER, "ira@example.com")
    task = Task.objects.get(deal=deal)
    assert (task.kind, task.due_at, task.owner) == ("call", NOON + 30 * MINUTE, alice)


@pytest.mark.clause("AX-L2")
def test_a_chat_with_phone_and_mail_does_the_same(alice: User) -> None:
    deal = intake.message(
        "chat", "visitor-7", "Перезвоните", phone=NUMBER, email="ira@example.com", now=NOON
    ).deal
    assert deal is not None
    assert (deal.contact.point("phone"), deal.contact.point("email")) == (NUMBER, "ira@example.com")
    assert Task.objects.get(deal=deal).kind == "call"
    assert deal.events.filter(verb="message.received", data__channel="chat").exists()


# ── AX-1.3: the welcome of a site form ─────────────────────────────────────────


def sent(deal: Deal, channel: str) -> list[Message]:
    found = Message.objects.filter(deal=deal, channel=channel).order_by("pk")
    return [
        message
        for message in found
        if message.template and message.template.code.startswith("welcome")
    ]


@pytest.mark.clause("AX-1.3")
def test_a_site_form_is_tagged_and_welcomed_by_sms_and_mail_with_the_nearest_working_time(
    alice: User,
) -> None:
    deal = site_form(now=minsk("2026-03-13 19:00"))
    assert list(deal.tags.values_list("name", flat=True)) == ["#amoCRM"]
    (sms,), (letter,) = sent(deal, "sms"), sent(deal, "email")
    assert (sms.to, letter.to) == (NUMBER, "ira@example.com")
    for said in (sms.text, letter.text):
        # Friday evening: nobody works before Monday at nine.
        assert "в понедельник, 16 марта, с 9:00" in said


@pytest.mark.clause("AX-1.3")
def test_the_welcome_goes_once_however_often_the_form_and_the_tag_come(alice: User) -> None:
    deal = site_form(outside_id="1")
    site_form(outside_id="1")
    site_form(outside_id="2", now=NOON + HOUR)
    deals.tag_deal(fresh(deal), remove=["#amoCRM"], by=SYSTEM, now=NOON)
    deals.tag_deal(fresh(deal), add=["#amoCRM"], by=SYSTEM, now=NOON)
    assert len(sent(deal, "sms")) == len(sent(deal, "email")) == 1


@pytest.mark.clause("AX-1.3")
def test_a_tag_put_on_by_hand_at_the_first_stage_welcomes_too(alice: User) -> None:
    deal = make_deal(alice)
    assert not sent(deal, "sms")
    deals.tag_deal(deal, add=["#amoCRM"], by=SYSTEM, now=NOON)
    assert len(sent(deal, "sms")) == len(sent(deal, "email")) == 1


@pytest.mark.clause("AX-1.3")
def test_neither_another_stage_nor_another_way_of_coming_is_welcomed(alice: User) -> None:
    deal = at_stage(alice, "taken")
    deals.tag_deal(deal, add=["#amoCRM"], by=SYSTEM, now=NOON)
    called = missed()
    assert not sent(deal, "sms")
    assert not sent(called, "sms")


@pytest.mark.clause("AX-1.3", "AX-L4")
def test_a_form_with_an_e_mail_alone_is_answered_by_one_letter_that_asks_for_the_rest(
    alice: User,
) -> None:
    deal = site_form(phone="")
    letters = Message.objects.filter(deal=deal)
    assert [letter.template.code for letter in letters if letter.template] == ["contact_request"]
    # The phone came: nothing more is asked, and a tag put on again welcomes.
    site_form(now=NOON + HOUR)
    deals.tag_deal(fresh(deal), remove=["#amoCRM"], by=SYSTEM, now=NOON + HOUR)
    deals.tag_deal(fresh(deal), add=["#amoCRM"], by=SYSTEM, now=NOON + HOUR)
    assert len(sent(deal, "sms")) == len(sent(deal, "email")) == 1


def test_a_form_of_a_source_with_its_secret_is_welcomed_like_any(alice: User) -> None:
    site = IntakeSource.objects.create(
        code="site", name="Сайт", playbook="axelerator", kinds=["forms"]
    )
    assert len(sent(site_form(source=site), "sms")) == 1
