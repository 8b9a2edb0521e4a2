"""Who may hear what, what was missed, and that a transaction tells once and only when it is committed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from crm import deals
from crm.live import publish, publishing, readers
from crm.live.hub import WAITING, Ear, Hub
from crm.live.readers import Reader
from crm.live.stream import Streams
from crm.models import User
from pipelines import catalog
from pipelines.actor import SYSTEM, Actor
from tests.factories import make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[dict[str, Any]]]:
    """What went to Redis, a list a message."""
    sent: list[list[dict[str, Any]]] = []
    monkeypatch.setattr(publishing, "send", sent.append)
    return sent


@pytest.mark.django_db(transaction=True)
def test_a_transaction_tells_once_after_its_commit_and_a_lost_one_tells_nothing(
    told: list[Any], alice: User, bob: User
) -> None:
    deal = make_deal(alice)
    told.clear()
    with transaction.atomic():
        deals.assign_deal(deal, owner=bob, by=Actor.person(alice), now=timezone.now())
        assert told == []
    [messages] = told
    by_topic = {message["topic"]: message for message in messages}
    assert by_topic[f"user:{bob.pk}"]["data"]["what"] == "notice"
    # Both boards look at it: the one it left and the one it came to.
    assert by_topic[f"pipeline:{deal.pipeline_id}"]["owners"] == sorted([alice.pk, bob.pk])
    assert deal.name not in json.dumps(messages)
    told.clear()
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        deals.assign_deal(deal, owner=alice, by=SYSTEM, now=timezone.now())
        raise ZeroDivisionError
    assert told == []
    publish("user:1", {"what": "read"})
    assert told[-1][-1]["topic"] == "user:1"


def test_a_topic_is_heard_by_those_who_may_see_its_record(
    alice: User, bob: User, olga: User
) -> None:
    deal = make_deal(alice)
    asked = readers.parse(
        f"deal:{deal.pk},contact:{deal.contact_id},pipeline:{deal.pipeline_id},user:{bob.pk},x,deal:0,deal:'1"
    )
    assert len(asked) == 4
    everything = asked - {f"user:{bob.pk}"}
    assert readers.allowed(alice, asked) == everything | {f"user:{alice.pk}"}
    assert readers.allowed(olga, asked) == everything | {f"user:{olga.pk}"}
    assert readers.allowed(bob, asked) == {f"user:{bob.pk}", f"pipeline:{deal.pipeline_id}"}


def test_a_board_hears_of_the_deals_of_its_own_people_alone(alice: User) -> None:
    async def listen() -> list[int]:
        ears = [
            Ear(Reader(number, "", frozenset({"pipeline:1"}), owners))
            for number, owners in enumerate([frozenset({1}), frozenset({2, 3}), None])
        ]
        hub = Hub()
        for ear in ears:
            hub.add(ear)
        hub.deliver([{"topic": "pipeline:1", "data": {"what": "deals"}, "owners": [1, 4]}])
        hub.remove(ears[0])
        hub.deliver([{"topic": "*", "data": {"what": "many"}}])
        return [ear.queue.qsize() for ear in ears]

    assert asyncio.run(listen()) == [1, 1, 2]


def test_who_reads_too_slowly_is_dropped_and_who_signs_out_hears_no_more() -> None:
    async def listen() -> list[str]:
        slow, leaving, staying = (
            Ear(Reader(1, session, frozenset({"user:1"}), None)) for session in ("a", "b", "c")
        )
        hub = Hub()
        hub.add(slow)
        for _message in range(WAITING + 1):
            hub.deliver([{"topic": "user:1", "data": {"what": "notice"}}])
        hub.add(leaving)
        hub.add(staying)
        hub.deliver([{"topic": "user:1", "data": {"what": "signed-out", "session": "b"}}])
        return [slow.ended, leaving.ended, staying.ended]

    assert asyncio.run(listen()) == ["slow", "signed-out", ""]


def test_a_poll_tells_what_was_missed_and_no_more(client: Client, alice: User, bob: User) -> None:
    deal = make_deal(alice, now=timezone.now() - timedelta(hours=1))
    foreign = make_deal(bob, phone="", email="", now=timezone.now())
    client.force_login(alice)
    asked = f"deal:{deal.pk},deal:{foreign.pk},pipeline:{deal.pipeline_id}"
    before = readers.milliseconds(timezone.now() - timedelta(minutes=1))

    def poll(since: int) -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/live/poll/?since={since}&topics={asked}").json()
        return found

    assert poll(before)["changes"] == []
    deals.write_note(deal, text="Тайна", by=SYSTEM, now=timezone.now())
    deals.assign_deal(foreign, owner=alice, by=Actor.person(bob), now=timezone.now())
    answer = poll(before)
    changed = {change["topic"]: change["data"] for change in answer["changes"]}
    assert changed[f"deal:{deal.pk}"]["verbs"] == ["note.written"]
    assert set(changed[f"pipeline:{deal.pipeline_id}"]["deals"]) == {deal.pk, foreign.pk}
    assert answer["unread"] == "1"
    assert "Тайна" not in json.dumps(answer)
    later = readers.milliseconds(timezone.now() + timedelta(seconds=5))
    assert poll(later)["changes"] == []
    deals.assign_deal(deal, owner=bob, by=SYSTEM, now=timezone.now())
    assert (
        deal.pk
        in {change["topic"]: change["data"] for change in poll(before)["changes"]}[
            f"pipeline:{deal.pipeline_id}"
        ]["deals"]
    ), "the board that lost it looks for it"


@pytest.mark.parametrize("since", ["", "x", "9" * 30, "-1", "\x00"])
def test_an_address_by_hand_is_answered(client: Client, alice: User, since: str) -> None:
    client.force_login(alice)
    assert client.get("/live/poll/", {"since": since, "topics": "deal:99,'"}).status_code == 200
    assert client.get("/live/board/", {"deals": f"{since},1"}).status_code == 200
    assert Client().get("/live/poll/").status_code == 401
    assert Client().get("/live/").status_code == 204


def test_a_board_is_given_the_cards_that_belong_on_it(
    client: Client, alice: User, bob: User
) -> None:
    mine, foreign = make_deal(alice), make_deal(bob, phone="", email="", name="Чужая")
    client.force_login(alice)
    asked = f"{mine.pk},{foreign.pk}"
    code = catalog.pipeline(mine.pipeline_id).code
    html = client.get(f"/live/board/?pipeline={code}&deals={asked}").content.decode()
    assert f'id="deal-{mine.pk}"' in html
    assert "Чужая" not in html
    assert "Базовое" not in client.get(f"/live/board/?q=zzz&deals={asked}").content.decode()


def test_without_a_session_a_stream_is_refused() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    for method, status in (("GET", 401), ("POST", 405)):
        scope = {"type": "http", "method": method, "headers": [], "query_string": b""}
        asyncio.run(Streams()(scope, receive, send))
        assert sent[-2]["status"] == status
