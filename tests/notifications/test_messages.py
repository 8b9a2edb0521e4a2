"""Queueing SMS and chat messages: addresses, texts, templates, whose they are; and the actions that send them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from crm.clients import people
from crm.models import Contact, ContactPoint, Deal, User
from notifications import letters, messages, outbox, sms
from notifications.letters import LetterError, NoAddress
from notifications.models import Message, Template
from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.models import Event, Offer, Rule
from tests.factories import NOON, make_deal
from tests.notifications.test_actions import opened, rule

__all__ = ["rule"]

PHONE = "+375291112233"


@pytest.fixture(autouse=True)
def message_folder(settings, tmp_path) -> None:
    settings.GATEWAY_FILE_PATH = str(tmp_path / "messages")


@pytest.fixture
def welcome(axelerator: None) -> Template:
    return Template.objects.create(
        code="x-welcome",
        kind="sms",
        playbook="axelerator",
        name="Приветствие",
        body="Здравствуйте, {contact}! Позвоним {nearest_working_time}.",
    )


@pytest.fixture
def hello(axelerator: None) -> Template:
    return Template.objects.create(
        code="x-hello",
        kind="chat",
        playbook="axelerator",
        name="Не дозвонились",
        body="Это {manager}.",
    )


def queue(deal: Deal | None, channel: str = "sms", text: str = "Добрый день!", **given) -> Message:
    by = given.pop("by", None) or Actor.person(deal.owner if deal else None)
    return messages.queue_message(deal=deal, channel=channel, text=text, by=by, now=NOON, **given)


def reach(contact: Contact | None, **points: str) -> None:
    assert contact is not None
    for kind, value in points.items():
        ContactPoint.objects.create(contact=contact, kind=kind, value=value)


def test_an_sms_goes_to_the_contacts_phone_and_stands_in_the_feed(deal: Deal) -> None:
    message = queue(deal)
    assert (message.to, message.status, message.subject) == (PHONE, "queued", "")
    entry = deal.events.get(verb="message.queued")
    assert entry.data["text"] == "Добрый день!"
    assert entry.data["channel"] == "sms"
    assert entry.contact_id == deal.contact_id


@pytest.mark.parametrize(
    ("points", "channel", "address"),
    [
        ({}, "whatsapp", PHONE),
        ({"whatsapp": "+79001234567"}, "whatsapp", "+79001234567"),
        ({"telegram": "@lukashevich"}, "telegram", "@lukashevich"),
        ({"telegram": "123456789"}, "telegram", "123456789"),
        ({"whatsapp": "+79001234567"}, "sms", PHONE),
    ],
)
def test_each_channel_has_its_address(
    deal: Deal, points: dict[str, str], channel: str, address: str
) -> None:
    reach(deal.contact, **points)
    assert queue(deal, channel).to == address


def test_a_channel_without_an_address_is_refused(alice: User) -> None:
    deal = make_deal(alice, phone="")
    for channel in ("sms", "whatsapp", "telegram"):
        with pytest.raises(NoAddress):
            queue(deal, channel)
    assert messages.channels_of(deal.contact) == []
    assert not Message.objects.exists()


def test_the_known_channels_of_a_contact(deal: Deal) -> None:
    reach(deal.contact, telegram="@lukashevich")
    known = [(channel, address) for channel, _name, address in messages.channels_of(deal.contact)]
    assert known == [("telegram", "@lukashevich"), ("whatsapp", PHONE), ("sms", PHONE)]


@pytest.mark.parametrize(
    ("channel", "to"), [("sms", "завтра"), ("whatsapp", "lead@example.com"), ("telegram", "a b")]
)
def test_a_wrong_address_is_refused(deal: Deal, channel: str, to: str) -> None:
    with pytest.raises(LetterError):
        queue(deal, channel, to=to)


@pytest.mark.parametrize("text", ["", " \n ", "\x00"])
def test_an_empty_message_is_refused(deal: Deal, text: str) -> None:
    with pytest.raises(LetterError):
        queue(deal, text=text)


def test_a_message_that_is_too_long_is_refused(deal: Deal) -> None:
    with pytest.raises(LetterError, match="11"):
        queue(deal, text="ж" * 671)
    assert queue(deal, text="ж" * 670)
    with pytest.raises(LetterError):
        queue(deal, "whatsapp", text="ж" * 4097)


def test_a_message_of_an_archived_deal_is_refused(deal: Deal) -> None:
    Deal.objects.filter(pk=deal.pk).update(archived_at=NOON)
    with pytest.raises(RegulationError):
        queue(deal)


def test_the_same_key_makes_one_message(deal: Deal) -> None:
    assert queue(deal, dedupe_key="x") == queue(deal, dedupe_key="x")
    assert deal.events.filter(verb="message.queued").count() == 1


def test_a_message_may_wait(deal: Deal, settings) -> None:
    settings.GATEWAYS = {}
    later = NOON + timedelta(hours=1)
    queue(deal, not_before=later)
    assert not outbox.deliver_one_due(NOON)
    assert outbox.deliver_one_due(later)


def test_a_failed_message_is_sent_again_by_hand(deal: Deal, settings) -> None:
    settings.GATEWAYS = {}
    message = queue(deal)
    Message.objects.filter(pk=message.pk).update(status="failed")
    letters.retry_message(message, by=Actor.person(deal.owner), now=NOON)
    again = deal.events.filter(verb="message.queued").latest("pk")
    assert again.data["again"] is True
    assert outbox.deliver_one_due(NOON)


def test_a_message_and_a_letter_to_a_contact_need_no_deal(
    alice: User, bob: User, charlie: User, olga: User, settings
) -> None:
    settings.GATEWAYS = {}
    contact = people.create_contact(
        name="Ольга Сидоренко", phone=PHONE, email="o@example.com", owner=alice,
        by=Actor.person(alice), now=NOON,
    )  # fmt: skip
    message = queue(None, contact=contact, by=Actor.person(alice))
    letter = letters.queue_letter(
        contact=contact, subject="т", body="т", by=Actor.person(alice), now=NOON
    )
    for user in (alice, olga):
        assert set(Message.objects.visible_to(user)) == {message, letter}
    for stranger in (bob, charlie):
        assert not Message.objects.visible_to(stranger).exists()
    assert outbox.deliver_one_due(NOON)
    assert outbox.deliver_one_due(NOON)
    said = set(Event.objects.filter(contact=contact).values_list("verb", flat=True))
    assert {"message.queued", "message.sent", "letter.queued", "letter.sent"} <= said
    assert letters.retry_message  # the same verb for both
    with pytest.raises(ValueError):
        queue(None, by=Actor.person(alice))


def test_a_letter_to_a_contact_is_filled_in_without_a_deal(alice: User, template: Template) -> None:
    contact = people.create_contact(
        name="Ольга Сидоренко", phone="", email="o@example.com", owner=alice,
        by=Actor.person(alice), now=NOON,
    )  # fmt: skip
    subject, body = letters.render(template, None, alice, contact=contact, now=NOON)
    assert subject == "Здравствуйте, Ольга Сидоренко"
    assert "«» на ." in body


def test_the_database_keeps_a_chat_message_plain(deal: Deal) -> None:
    message = queue(deal)
    with pytest.raises(IntegrityError):
        Message.objects.filter(pk=message.pk).update(subject="т")


# ── Templates ──


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"subject": "Тема"}, "subject"),
        ({"body": "<p>Привет</p>"}, "body"),
        ({"body": " "}, "body"),
        ({"body": "{nobody}"}, "body"),
    ],
)
def test_a_template_of_a_message_is_plain_text(welcome: Template, given, field: str) -> None:
    for name, value in given.items():
        setattr(welcome, name, value)
    with pytest.raises(ValidationError) as error:
        welcome.full_clean()
    assert list(error.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (0, 1, 160)),
        ("a" * 160, (160, 1, 160)),
        ("a" * 161, (161, 2, 306)),
        ("a" * 307, (307, 3, 459)),
        ("€" * 80, (160, 1, 160)),
        ("a" * 152 + "€" + "a" * 152, (306, 3, 459)),
        ("ж" * 70, (70, 1, 70)),
        ("ж" * 71, (71, 2, 134)),
        ("ж" * 68 + "🙂", (70, 1, 70)),
        ("ж" * 69 + "🙂", (71, 2, 134)),
    ],
)
def test_the_length_of_an_sms(text: str, expected: tuple[int, int, int]) -> None:
    found = sms.measure(text)
    assert (found.signs, found.parts, found.room) == expected


# ── Actions ──


def test_a_rule_sends_an_sms_in_the_owners_name_once(
    alice: User, rule: Rule, welcome: Template
) -> None:
    deal, run = opened(alice, rule, "send_sms", {"template": "x-welcome", "once": True})
    message = Message.objects.get(deal=deal)
    assert run.status == "ok"
    assert run.result == {"message": message.pk, "to": PHONE, "channel": "sms"}
    assert message.text == "Здравствуйте, Алексей Лукашевич! Позвоним сегодня до 18:00."
    assert (message.speaker, message.template) == (alice, welcome)
    run.status = "failed"
    run.save()
    again = engine.retry(run, by=Actor.person(alice), now=NOON)
    assert again.result["skipped"]
    assert Message.objects.filter(deal=deal).count() == 1


@pytest.mark.parametrize(
    ("points", "params", "expected"),
    [
        ({}, {}, ("whatsapp", PHONE)),
        ({"telegram": "@lukashevich"}, {}, ("telegram", "@lukashevich")),
        ({"telegram": "@lukashevich"}, {"channel": "whatsapp"}, ("whatsapp", PHONE)),
    ],
)
def test_a_rule_sends_to_the_messenger_that_is_known(
    alice: User, rule: Rule, hello: Template, points, params, expected
) -> None:
    contact = people.create_contact(
        name="Ольга", phone=PHONE, email="", owner=alice, by=Actor.person(alice), now=NOON
    )
    reach(contact, **points)
    deal, run = opened(alice, rule, "send_chat", {"template": "x-hello", **params}, contact=contact)
    assert (run.result["channel"], run.result["to"]) == expected
    assert Message.objects.get(deal=deal).text == "Это Алиса Белова."


@pytest.mark.parametrize("name", ["send_sms", "send_chat"])
def test_a_rule_that_finds_no_address_is_a_skip(
    alice: User, rule: Rule, welcome: Template, hello: Template, name: str
) -> None:
    code = "x-welcome" if name == "send_sms" else "x-hello"
    deal, run = opened(alice, rule, name, {"template": code}, phone="")
    assert run.status == "ok"
    assert run.result["skipped"]
    assert not Message.objects.filter(deal=deal).exists()


@pytest.mark.parametrize(
    ("name", "code"),
    [("send_email", "x-welcome"), ("send_sms", "greeting"), ("send_chat", "x-welcome")],
)
def test_a_template_of_another_channel_is_a_failed_run(
    alice: User, rule: Rule, template: Template, welcome: Template, name: str, code: str
) -> None:
    _deal, run = opened(alice, rule, name, {"template": code})
    assert run.status == "failed"
    assert Template.objects.get(code=code).name in run.error


@pytest.mark.parametrize(
    ("code", "channel", "expected"),
    [
        ("x-welcome", "", "sms"),
        ("x-welcome", "sms", "sms"),
        ("x-hello", "", "whatsapp"),
        ("x-hello", "whatsapp", "whatsapp"),
    ],
)
def test_an_offered_message_goes_with_one_click_in_the_name_of_who_clicks(
    alice: User, bob: User, rule: Rule, welcome: Template, hello: Template, code, channel, expected
) -> None:
    deal, _run = opened(alice, rule, "offer_message", {"template": code, "channel": channel})
    assert not Message.objects.filter(deal=deal).exists()
    offer = Offer.objects.get(deal=deal)
    assert Template.objects.get(code=code).name in offer.text
    engine.take(offer, by=Actor.person(bob), now=NOON)
    message = Message.objects.get(deal=deal)
    assert (message.channel, message.speaker) == (expected, bob)


def test_an_offer_taken_for_a_contact_who_can_not_be_reached_still_stands(
    alice: User, rule: Rule, hello: Template
) -> None:
    deal, _run = opened(
        alice, rule, "offer_message", {"template": "x-hello", "text": "Написать"}, phone=""
    )
    with pytest.raises(NoAddress):
        engine.take(Offer.objects.get(deal=deal), by=Actor.person(alice), now=NOON)
    assert Offer.objects.get(deal=deal).state == Offer.State.OPEN
