"""Receipts of gateways: signed, taken once, and the end of a doubt."""

from __future__ import annotations

import json

import pytest

from crm.intake import hooks
from crm.models import Deal
from notifications import messages, outbox
from notifications.models import Message
from pipelines.actor import Actor
from tests.factories import NOON
from tests.fixtures.gateway import SECRET, Gateway


@pytest.fixture
def sms(deal: Deal, gateway: Gateway) -> Message:
    message = messages.queue_message(
        deal=deal, channel="sms", text="т", by=Actor.person(deal.owner), now=NOON
    )
    outbox.deliver_one_due(NOON)
    message.refresh_from_db()
    return message


def post(client, said: object, *, channel: str = "sms", secret: str = SECRET):
    body = json.dumps(said).encode()
    return client.post(
        f"/hooks/receipts/{channel}/",
        body,
        content_type="application/json",
        headers={"X-Signature": hooks.sign(body, secret)},
    )


@pytest.mark.parametrize("state", ["delivered", "read"])
def test_a_receipt_stands_in_the_feed_once(client, sms: Message, state: str) -> None:
    for number, taken in ((sms.message_id.strip("<>"), True), ("provider-1", False)):
        answer = post(client, {"id": number, "state": state})
        assert (answer.status_code, answer.json()) == (200, {"taken": taken})
    entry = sms.deal.events.get(verb=f"message.{state}")
    assert entry.data["channel"] == "sms"
    assert Deal.objects.get(pk=sms.deal_id).attempts == 1


def test_a_receipt_ends_a_doubt(client, deal: Deal, gateway: Gateway) -> None:
    gateway.mode = "accept_then_die"
    sms = messages.queue_message(
        deal=deal, channel="sms", text="т", by=Actor.person(deal.owner), now=NOON
    )
    outbox.deliver_one_due(NOON)
    sms.refresh_from_db()
    assert (sms.status, sms.uncertain) == ("failed", True)
    assert post(client, {"id": sms.message_id.strip("<>"), "state": "delivered"}).status_code == 200
    sms.refresh_from_db()
    assert (sms.status, sms.uncertain, sms.error) == ("sent", False, "")
    assert deal.events.filter(verb="message.sent").count() == 1


@pytest.mark.parametrize(
    ("said", "given", "status"),
    [
        ({"id": "provider-1", "state": "read"}, {"secret": "another"}, 401),
        ({"id": "provider-1", "state": "read"}, {"channel": "whatsapp"}, 404),
        ({"id": "provider-2", "state": "read"}, {}, 404),
        ({"id": "", "state": "read"}, {}, 404),
        ({"state": "read"}, {}, 404),
        ({"id": ["provider-1"], "state": "read"}, {}, 404),
        ({"id": "provider-1", "state": "burnt"}, {}, 400),
        ({"id": "provider-1", "state": ["read"]}, {}, 400),
        (["read"], {}, 400),
    ],
)
def test_what_is_no_receipt_of_ours_changes_nothing(
    client, sms: Message, said: object, given: dict[str, str], status: int
) -> None:
    assert post(client, said, **given).status_code == status
    assert not sms.deal.events.filter(verb__in=["message.read", "message.delivered"]).exists()


def test_without_a_secret_nobody_is_believed(client, sms: Message, settings) -> None:
    settings.GATEWAY_SECRET = ""
    assert post(client, {"id": "provider-1", "state": "read"}, secret="").status_code == 401


def test_a_receipt_for_an_archived_deal_is_answered_and_told_nobody(client, sms: Message) -> None:
    Deal.objects.filter(pk=sms.deal_id).update(archived_at=NOON)
    answer = post(client, {"id": sms.message_id.strip("<>"), "state": "read"})
    assert (answer.status_code, answer.json()) == (200, {"taken": False})
    assert not sms.deal.events.filter(verb="message.read").exists()
