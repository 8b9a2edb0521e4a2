"""Calls, forms, messages and letters that arrive by themselves: whose they are, once, whatever is in them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from crm.intake import taking as intake
from crm.models import Company, Contact, Deal, IntakeSource, Turn, User
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event
from tests.clauses.steps import HOUR, at_stage, fresh, refused
from tests.factories import NOON, UserFactory, make_deal

pytestmark = pytest.mark.django_db
NUMBER = "+375291112233"


def call(number: str = "8 029 111-22-33", **kwargs: Any) -> intake.Arrived:
    return intake.call(
        number, **{"answered": False, "now": NOON, "playbook": "axelerator"} | kwargs
    )


def form(**kwargs: Any) -> intake.Arrived:
    start = {"phone": NUMBER, "email": "ira@example.com", "name": "Ирина Мазур"}
    return intake.form(**start | {"now": NOON, "playbook": "axelerator"} | kwargs)


def message(**kwargs: Any) -> intake.Arrived:
    start = {"channel": "telegram", "address": "@irina", "text": "Здравствуйте"}
    return intake.message(**start | {"now": NOON, "playbook": "axelerator"} | kwargs)


def letter(**kwargs: Any) -> intake.Arrived:
    start = {"address": "Ira@example.com", "subject": "Нужна CRM", "text": "Здравствуйте"}
    return intake.letter(**start | {"now": NOON, "playbook": "axelerator"} | kwargs)


def one_deal() -> Deal:
    return Deal.objects.get()


# ── Somebody new ───────────────────────────────────────────────────────────────


def test_a_call_of_a_stranger_makes_a_contact_called_by_the_number_and_a_deal(alice: User) -> None:
    arrived = call()
    deal = one_deal()
    assert (arrived.deal, arrived.is_new, arrived.is_repeated) == (deal, True, False)
    assert (deal.stage.code, deal.arrival, deal.owner) == ("new", "call", alice)
    assert deal.contact is not None
    assert (deal.contact.name, deal.contact.point("phone"), deal.contact.owner) == (
        NUMBER,
        NUMBER,
        alice,
    )
    data = deal.events.get(verb="call.missed").data
    assert data == {"channel": "phone", "incoming": True, "address": NUMBER}


def test_who_answered_a_stranger_is_responsible(alice: User, bob: User) -> None:
    call(answered=True, user=bob, seconds=63, recording="https://rec.example/1")
    deal = one_deal()
    event = deal.events.get(verb="call.answered")
    assert (deal.owner, event.actor, event.data["seconds"]) == (bob, bob, 63)
    assert (deal.last_contact_at, deal.contact.owner) == (NOON, bob)


def test_a_call_of_ours_to_a_stranger_makes_nothing(alice: User) -> None:
    assert call(incoming=False, user=alice).deal is None
    assert not Deal.objects.exists()
    assert not Contact.objects.exists()


def test_a_form_makes_contact_company_and_deal_and_keeps_all_that_was_written(alice: User) -> None:
    form(
        company="ООО Мазур",
        tax_id="19 123-4567",
        text="Нужна CRM",
        values={
            "comment": "Десять менеджеров",
            "niche": "Пекарни",
            "utm": "ads",
            "platform": "Сайт",
        },
    )
    deal = one_deal()
    assert (deal.contact.name, deal.company.name, deal.company.tax_id) == (
        "Ирина Мазур",
        "ООО Мазур",
        "191234567",
    )
    assert deal.values == {"task_text": "Десять менеджеров", "niche": "Пекарни", "platform": "site"}
    data = deal.events.get(verb="form.submitted").data
    assert (data["text"], data["values"]["utm"]) == ("Нужна CRM", "ads")


def test_a_value_that_fits_no_field_does_not_lose_the_request(alice: User) -> None:
    values = {
        "platform": "марс",
        "start_wish": "когда-нибудь",
        "payment_received": "on",
        "refusal_evidence": "1",
        "sellers": {"a": 1},
        "niche": ["Пекарни", "Кафе\x00"],
        "budget": "-5",
        "name": "чужое",
    }
    form(values=values)
    assert one_deal().values == {"niche": "Пекарни, Кафе"}
    assert one_deal().events.get(verb="form.submitted").data["values"]["platform"] == "марс"


def test_a_message_and_a_letter_make_a_deal_of_their_own_way(alice: User) -> None:
    message()
    letter(address="other@example.com")
    told, written = Deal.objects.order_by("pk")
    assert (told.arrival, told.contact.point("telegram")) == ("form", "@irina")
    assert told.events.get(verb="message.received").data["channel"] == "telegram"
    assert (written.arrival, written.name) == ("letter", "Нужна CRM")
    assert written.events.get(verb="letter.received").data["subject"] == "Нужна CRM"
    assert written.last_contact_at == NOON


def test_a_call_is_taken_in_also_where_who_answered_may_change_nothing(alice: User) -> None:
    from django.contrib.auth.models import Group

    from pipelines.models import Pipeline, Stage, StageRight

    stage = Stage.objects.get(pipeline__code="leads", code="new")
    group = Group.objects.get_or_create(name="crm_admin")[0]
    StageRight.objects.create(stage=stage, ability="edit", group=group)
    Pipeline.objects.filter(code="leads").update(stamp=uuid4())
    catalog.refresh()
    arrived = call(answered=True, user=alice)
    assert arrived.deal is not None
    assert arrived.deal.events.get(verb="call.answered").actor == alice


# ── Somebody we know ───────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "arrive",
    [
        lambda: call(),
        lambda: form(email=""),
        lambda: form(phone="", email="LEAD@example.com"),
        lambda: message(channel="whatsapp", address="+375 29 111-22-33"),
        lambda: message(channel="sms", address="80291112233"),
        lambda: letter(address="lead@Example.com"),
    ],
)
def test_what_a_client_sends_is_added_to_his_open_deal(alice: User, bob: User, arrive) -> None:
    deal = at_stage(bob, "taken")
    arrived = arrive()
    assert (arrived.deal, arrived.is_new) == (deal, False)
    assert Deal.objects.count() == Contact.objects.count() == 1


def test_after_a_closed_deal_comes_a_new_one_of_the_same_contact_and_manager(
    alice: User, bob: User
) -> None:
    old = at_stage(bob, "refused")
    deal = call().deal
    assert deal is not None
    assert deal != old
    assert (deal.contact, deal.owner) == (old.contact, bob)


def test_of_several_open_deals_the_latest_is_added_to(alice: User) -> None:
    first = make_deal(alice)
    second = make_deal(alice, contact=first.contact, now=NOON + HOUR)
    assert call().deal == second


def test_a_deal_of_another_pipeline_is_taken_where_the_playbook_says_so(
    alice: User, anna: User
) -> None:
    deal = make_deal(anna, pipeline="production")
    assert call().deal == deal
    assert form().deal != deal


def test_a_client_without_a_manager_or_with_one_who_left_gets_a_new_one(alice: User) -> None:
    gone = UserFactory(is_active=False)
    deal = at_stage(alice, "refused")
    Contact.objects.update(owner=gone)
    arrived = call()
    assert arrived.deal is not None
    assert (arrived.deal.owner, fresh(deal.contact).owner) == (alice, alice)


def test_a_second_form_adds_what_was_not_known_and_overwrites_nothing(alice: User) -> None:
    deal = at_stage(alice, "taken", now=NOON)
    form(email="new@example.com", values={"platform": "social", "niche": "Пекарни"})
    deal = fresh(deal)
    assert (deal.values["platform"], deal.values["niche"]) == ("site", "Пекарни")
    assert set(deal.contact.points.values_list("value", flat=True)) >= {"new@example.com", NUMBER}


def test_an_address_of_somebody_else_is_not_taken_over(alice: User) -> None:
    deal = make_deal(alice)
    other = make_deal(alice, phone="+375 29 999-88-77", email="other@example.com")
    form(email="other@example.com")
    values = set(deal.contact.points.values_list("value", flat=True))
    assert "other@example.com" not in values
    assert other.contact.points.filter(value="other@example.com").exists()


def test_a_known_company_leads_to_its_manager(alice: User, bob: User) -> None:
    from crm.clients import people

    company = people.create_company(
        name="ООО «Мазур»", tax_id="191234567", owner=bob, by=Actor.person(bob), now=NOON
    )
    deal = form(tax_id="191 234 567").deal
    assert deal is not None
    assert (deal.owner, deal.company, deal.contact.company) == (bob, company, company)
    assert Company.objects.count() == 1


# ── Once ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("arrive", [call, form, message, letter])
def test_what_is_delivered_twice_is_one_request(alice: User, arrive) -> None:
    first = arrive(outside_id="a-1")
    again = arrive(outside_id="a-1", now=NOON + HOUR)
    assert (again.deal, again.is_repeated, again.is_new) == (first.deal, True, False)
    assert Deal.objects.count() == Contact.objects.count() == 1
    assert Event.objects.filter(outside_id="a-1").count() == 1
    assert arrive(outside_id="a-2").is_repeated is False


def test_a_call_told_first_as_missed_and_then_as_answered_is_one_call(alice: User) -> None:
    call(outside_id="a-1")
    assert call(outside_id="a-1", answered=True).is_repeated


def test_two_sources_may_count_alike(alice: User) -> None:
    pbx, other = (
        IntakeSource.objects.create(code=code, name=code, playbook="axelerator", kinds=["calls"])
        for code in ("pbx", "other")
    )
    call(outside_id="1", source=pbx)
    assert call(outside_id="1", source=other).is_repeated is False
    assert call(outside_id="1", source=pbx).is_repeated


def test_a_repetition_is_known_after_the_deal_was_closed(alice: User) -> None:
    deal = call(outside_id="a-1").deal
    from tests.clauses.steps import move

    assert deal is not None
    move(fresh(deal), "refused", refusal_reason="spam")
    assert call(outside_id="a-1").deal == deal


# ── Whose it becomes ───────────────────────────────────────────────────────────


def test_a_new_client_goes_to_the_least_busy_manager(alice: User, bob: User) -> None:
    make_deal(alice, phone="+375 29 999-88-77", email="")
    assert call().deal.owner == bob


def test_nobody_of_the_role_loses_no_request(olga: User) -> None:
    assert call().deal.owner == olga


def test_in_turn_everybody_gets_one_whoever_is_busy(alice: User, bob: User, charlie: User) -> None:
    from crm.models import IntakeRule

    IntakeRule.objects.filter(kind="calls").update(distribute="in_turn")
    owners = [call(f"+37529111220{digit}").deal.owner for digit in range(4)]
    assert owners == [alice, bob, charlie, alice]
    assert Turn.objects.get().last == alice


# ── From where ─────────────────────────────────────────────────────────────────


def test_a_source_has_its_own_tags_and_pipeline(alice: User) -> None:
    landing = IntakeSource.objects.create(
        code="landing", name="Лендинг", playbook="axelerator", kinds=["forms"], tags=["#лендинг"],
        pipeline="production",
    )  # fmt: skip
    deal = form(source=landing, playbook="", tags=("акция",)).deal
    assert deal.pipeline.code == "production"
    assert set(deal.tags.values_list("name", flat=True)) == {"#amoCRM", "#лендинг", "акция"}
    assert deal.events.get(verb="form.submitted").data["source"] == "Лендинг"


def test_where_no_playbook_takes_such_requests_it_is_said(alice: User) -> None:
    from crm.models import IntakeRule

    IntakeRule.objects.filter(kind="letters").delete()
    with refused(RegulationError):
        letter(playbook="")
    assert not Deal.objects.exists()


# ── Nonsense ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arrive", "fields"),
    [
        (lambda: call(""), ["number"]),
        (lambda: call("anonymous"), ["number"]),
        (lambda: call("1" * 400), ["number"]),
        (lambda: form(phone="abc", email="nonsense"), ["phone", "email"]),
        (lambda: form(phone="", email=""), ["phone"]),
        (lambda: form(text="я" * 20_000), ["text"]),
        (lambda: message(channel=""), ["channel"]),
        (lambda: message(channel="x" * 40), ["channel"]),
        (lambda: message(address=" "), ["address"]),
        (lambda: letter(address="nonsense"), ["address"]),
        (lambda: call(outside_id="x" * 300), ["id"]),
        (lambda: call(answered=True, recording="javascript:alert(1)"), ["recording"]),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(
    alice: User, arrive, fields
) -> None:
    with refused(BadAnswer) as caught:
        arrive()
    assert list(caught.value.errors) == fields
    assert not Deal.objects.exists()
    assert not Contact.objects.exists()


def test_what_no_database_holds_is_left_out(alice: User) -> None:
    form(name="Ира\x00 \ud800Мазур", text="да\x00", values={"a\x00": "б\x00", "c": ["\ud800"]})
    deal = one_deal()
    assert deal.contact.name == "Ира Мазур"
    assert deal.events.get(verb="form.submitted").data["values"] == {"a": "б"}


def test_names_too_long_are_cut_not_refused(alice: User) -> None:
    form(name="я" * 1000, company="ю" * 1000)
    assert (len(one_deal().contact.name), len(one_deal().company.name)) == (300, 300)


def test_the_deals_name_is_in_the_installations_language(alice: User) -> None:
    from django.utils.translation import override

    with override("en"):
        call(name="Ирина")
    assert one_deal().name == "Звонок: Ирина"


def test_the_pipelines_of_the_playbook_take_what_its_section_names(axelerator: None) -> None:
    from crm.intake import policies

    found = policies.destination("calls", playbook="axelerator", source=None)
    assert found is not None
    assert found.pipeline == catalog.by_code("leads")
    assert found.pipeline_ids == [catalog.by_code("leads").id, catalog.by_code("production").id]
