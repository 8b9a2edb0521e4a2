"""SMS and chat messages against a real HTTP gateway that accepts, refuses, hangs, dribbles and dies."""

from __future__ import annotations

import json
import ssl
import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crm.models import Deal
from notifications import letters, messages, outbox, tasks
from notifications.channels import gateway as channel
from notifications.models import Message
from pipelines.actor import Actor
from tests.factories import NOON
from tests.fixtures.gateway import TOKEN, Gateway, serve
from tests.fixtures.smtp import Postbox

MINUTE = timedelta(minutes=1)
PHONE = "+375291112233"


@pytest.fixture(autouse=True)
def message_folder(settings, tmp_path: Path) -> Path:
    settings.GATEWAY_FILE_PATH = str(tmp_path / "messages")
    return tmp_path / "messages"


def queue(deal: Deal, text: str = "Здравствуйте!", **given) -> Message:
    return messages.queue_message(
        deal=deal, channel=given.pop("channel", "sms"), text=text, by=Actor.person(deal.owner),
        now=NOON, **given,
    )  # fmt: skip


@pytest.fixture
def sms(deal: Deal) -> Message:
    return queue(deal)


def deliver(message: Message, now: datetime = NOON) -> Message:
    outbox.deliver_one_due(now)
    message.refresh_from_db()
    return message


def after_a_rest(message: Message, now: datetime) -> Message:
    """As `deliver`, when the channel has rested."""
    outbox.cache.clear()
    return deliver(message, now)


def test_an_accepted_message_is_sent_and_counts_as_an_attempt(
    sms: Message, gateway: Gateway
) -> None:
    deliver(sms)
    assert (sms.status, sms.sent_at, sms.error, sms.provider_id) == (
        "sent", NOON, "", "provider-1",
    )  # fmt: skip
    deal = Deal.objects.get(pk=sms.deal_id)
    assert deal.attempts == 1
    said = deal.events.get(verb="message.sent")
    assert (said.data["channel"], said.data["message"], said.data["incoming"]) == (
        "sms", sms.pk, False,
    )  # fmt: skip
    assert said.actor == deal.owner
    assert not outbox.deliver_one_due(NOON)
    assert gateway.texts == ["Здравствуйте!"]


def test_the_gateway_gets_what_was_said_signed_with_key_and_token(
    sms: Message, gateway: Gateway
) -> None:
    deliver(sms)
    [(headers, said)] = gateway.requests
    number = sms.message_id.strip("<>")
    assert said == {"id": number, "channel": "sms", "to": PHONE, "text": "Здравствуйте!"}
    assert headers["Idempotency-Key"] == number
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Content-Type"] == "application/json"
    assert gateway.forged == 0
    assert gateway.paths == ["/send"]


def test_a_gateway_that_does_not_know_our_secret_refuses(
    sms: Message, gateway: Gateway, settings
) -> None:
    settings.GATEWAY_SECRET = "another"
    deliver(sms)
    assert (sms.status, sms.uncertain) == ("failed", False)
    assert "401 who are you?" in sms.error
    assert gateway.accepted == {}
    assert gateway.forged == 1


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refused_message_fails_with_the_gateways_words(
    sms: Message, gateway: Gateway, status: int
) -> None:
    gateway.mode, gateway.answer = status, "номер не существует".encode()
    deliver(sms)
    assert (sms.status, sms.uncertain, sms.attempts) == ("failed", False, 1)
    assert f"{status} номер не существует" in sms.error
    assert sms.deal.events.get(verb="message.failed").data["error"] == sms.error
    assert Deal.objects.get(pk=sms.deal_id).attempts == 0


@pytest.mark.parametrize("status", [408, 425, 429])
def test_a_gateway_that_asks_for_patience_gets_it_again_later(
    sms: Message, gateway: Gateway, status: int
) -> None:
    gateway.mode = status
    deliver(sms)
    assert (sms.status, sms.next_try_at, sms.handed_at) == ("queued", NOON + MINUTE, None)
    gateway.mode = "accept"
    assert after_a_rest(sms, NOON).status == "queued"
    assert after_a_rest(sms, NOON + MINUTE).status == "sent"
    assert len(gateway.accepted) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_and_the_message_waits(
    sms: Message, gateway: Gateway, status: int
) -> None:
    gateway.mode = status
    deliver(sms)
    assert (sms.status, sms.uncertain) == ("queued", False)
    assert str(status) in sms.error
    assert gateway.paths == ["/send"]


@pytest.mark.parametrize(
    "mode", [500, 502, 503, 504, "hang", "hang_before", "die", "accept_then_die", "dribble"]
)
def test_a_gateway_that_fails_with_the_message_in_its_hands_leaves_the_decision_to_a_person(
    sms: Message, gateway: Gateway, mode: str | int
) -> None:
    gateway.mode = mode
    deliver(sms)
    assert (sms.status, sms.uncertain, sms.handed_at) == ("failed", True, NOON)
    assert sms.deal.events.get(verb="message.failed").data["uncertain"] is True
    gateway.mode = "accept"
    for later in (MINUTE, timedelta(days=1)):
        outbox.cache.clear()
        assert not outbox.deliver_one_due(NOON + later)
        assert outbox.sweep(NOON + later) == 0
    letters.retry_message(sms, by=Actor.person(sms.deal.owner), now=NOON + MINUTE)
    assert after_a_rest(sms, NOON + MINUTE).status == "sent"
    # The key is the same each time: a gateway that keeps keys has sent one.
    assert len(gateway.accepted) == 1


@pytest.mark.parametrize("mode", [500, "hang", "die", "accept_then_die"])
def test_where_the_gateway_sends_one_key_once_a_doubtful_message_is_repeated_by_itself(
    sms: Message, gateway: Gateway, settings, mode: str | int
) -> None:
    settings.GATEWAY_IDEMPOTENT = True
    gateway.mode = mode
    deliver(sms)
    assert (sms.status, sms.uncertain, sms.handed_at) == ("queued", False, None)
    gateway.mode = "accept"
    assert after_a_rest(sms, NOON + MINUTE).status == "sent"
    assert len(gateway.accepted) == 1
    assert sms.deal.events.filter(verb="message.sent").count() == 1


def test_a_doubtful_message_whose_tries_end_is_still_doubtful(
    sms: Message, gateway: Gateway, settings
) -> None:
    settings.GATEWAY_IDEMPOTENT = True
    gateway.mode, now = 500, NOON
    while after_a_rest(sms, now).status == "queued":
        now = sms.next_try_at
    assert (sms.status, sms.uncertain, sms.attempts) == ("failed", True, outbox.TRIES)


def test_a_gateway_that_is_away_holds_up_no_letters_and_no_other_channel(
    deal: Deal, gateway: Gateway, smtp_server: Postbox, settings
) -> None:
    settings.GATEWAYS = settings.GATEWAYS | {"sms": "http://127.0.0.1:1/send"}
    first, second = queue(deal, "первое"), queue(deal, "второе")
    chat = queue(deal, "в мессенджер", channel="whatsapp")
    letter = letters.queue_letter(
        deal=deal, subject="письмо", body="т", by=Actor.person(deal.owner), now=NOON
    )
    assert tasks.deliver() == 2
    for row in (first, second, chat, letter):
        row.refresh_from_db()
    assert [row.status for row in (first, second, chat, letter)] == [
        "queued", "queued", "sent", "sent",
    ]  # fmt: skip
    # One was tried, and then the channel rested.
    assert (first.attempts, second.attempts, first.handed_at) == (1, 0, None)
    assert outbox.resting() == {"sms"}
    assert "не принимает соединение" in first.error or "refuses" in first.error


def test_a_gateway_that_hangs_is_waited_for_once_and_then_rests(
    deal: Deal, gateway: Gateway, smtp_server: Postbox
) -> None:
    gateway.mode = "hang"
    queue(deal, "первое"), queue(deal, "второе")
    letters.queue_letter(
        deal=deal, subject="письмо", body="т", by=Actor.person(deal.owner), now=NOON
    )
    assert tasks.deliver() == 1
    assert len(gateway.requests) == 1
    assert len(smtp_server.letters) == 1


def test_without_a_cache_a_gateway_that_is_away_still_lets_a_letter_by(
    deal: Deal, smtp_server: Postbox, settings
) -> None:
    settings.GATEWAYS = {"sms": "http://127.0.0.1:1/send"}
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    queue(deal)
    letters.queue_letter(
        deal=deal, subject="письмо", body="т", by=Actor.person(deal.owner), now=NOON
    )
    assert outbox.deliver_one_due(NOON)
    assert len(smtp_server.letters) == 1


def test_without_a_gateway_a_message_becomes_a_file_and_counts_as_sent(
    sms: Message, settings, message_folder: Path
) -> None:
    settings.GATEWAYS = {}
    assert deliver(sms).status == "sent"
    [file] = (message_folder / "sms").iterdir()
    assert json.loads(file.read_text())["text"] == "Здравствуйте!"
    channel.send(sms, now=NOON, hand_over=lambda: None)
    assert len(list((message_folder / "sms").iterdir())) == 1


def test_it_is_committed_that_the_gateway_may_have_it_before_the_text_leaves(
    sms: Message, gateway: Gateway
) -> None:
    """At the hand-over the gateway has the headers at most; a worker that has lost its claim says no word of it."""
    seen: list[int] = []

    def lost() -> None:
        seen.append(len(gateway.requests))
        raise outbox.ClaimLost

    with pytest.raises(outbox.ClaimLost):
        channel.send(sms, now=NOON, hand_over=lost)
    assert seen == [0]
    assert not gateway.read.wait(0.2)
    assert gateway.requests == gateway.texts == []


@pytest.mark.parametrize(
    ("answer", "number"),
    [
        (b'{"id": 17}', "17"),
        (b'{"id": "' + b"x" * 200 + b'"}', "x" * 100),
        (b'{"id": {"a": 1}}', ""),
        (b'{"id": true}', ""),
        (b"[]", ""),
        (b"OK", ""),
        (b"\xff\xfe", ""),
        (b"[" * 20000, ""),
        (b'{"id": "' + b"x" * 200_000 + b'"}', ""),
    ],
)
def test_whatever_a_gateway_says_with_its_yes_the_message_is_sent(
    sms: Message, gateway: Gateway, answer: bytes, number: str
) -> None:
    gateway.answer = answer
    deliver(sms)
    assert (sms.status, sms.provider_id) == ("sent", number)


def test_a_certificate_that_nobody_vouches_for_gets_no_message(sms: Message, settings) -> None:
    # A key of this test alone, valid for a hundred years.
    own = Gateway()
    server = serve(own)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("selfsigned.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    settings.GATEWAYS = {"sms": own.url.replace("http:", "https:")}
    settings.GATEWAY_TIMEOUT = 5
    try:
        deliver(sms)
    finally:
        threading.Thread(target=server.shutdown).start()
    assert (sms.status, sms.handed_at) == ("queued", None)
    assert "ертификат" in sms.error or "certificate" in sms.error
    assert own.requests == []
