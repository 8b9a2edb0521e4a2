"""What counts as communication, what only as an attempt, and when silence begins."""

from __future__ import annotations

import pytest

from crm import contacting
from crm.models import User
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from tests.clauses.steps import DAY, HOUR, fresh, hear_from, refused, talk, try_to_reach
from tests.factories import NOON, make_deal


def record(deal, verb: str, **kwargs):
    return contacting.record_contact(
        deal, verb=verb, **({"by": Actor.person(deal.owner), "now": NOON} | kwargs)
    )


@pytest.mark.parametrize("verb", ["call.answered", "message.received"])
def test_communication_begins_the_count_anew(alice: User, verb: str) -> None:
    deal = make_deal(alice)
    try_to_reach(deal, 3)
    record(deal, verb, now=NOON + HOUR)
    assert (fresh(deal).attempts, fresh(deal).last_contact_at) == (0, NOON + HOUR)


@pytest.mark.parametrize("verb", ["call.unanswered", "message.sent"])
def test_an_attempt_is_counted_and_is_no_communication(alice: User, verb: str) -> None:
    deal = make_deal(alice)
    talk(deal, now=NOON)
    record(deal, verb, now=NOON + DAY)
    assert (fresh(deal).attempts, fresh(deal).last_contact_at) == (1, NOON)


def test_a_missed_call_is_neither(alice: User) -> None:
    deal = make_deal(alice)
    record(deal, "call.missed")
    assert (fresh(deal).attempts, fresh(deal).last_contact_at) == (0, None)
    assert deal.events.filter(verb="call.missed").exists()


@pytest.mark.parametrize("verb", ["note.written", "deal.moved", "rule.failed", "nonsense", ""])
def test_nothing_else_is_put_on_record_as_a_contact(alice: User, verb: str) -> None:
    deal = make_deal(alice)
    with refused(BadAnswer):
        record(deal, verb)


def test_what_is_typed_about_a_contact_breaks_nothing(alice: User) -> None:
    deal = make_deal(alice)
    with refused(BadAnswer) as caught:
        record(deal, "call.answered", text="я" * 10_001)
    assert list(caught.value.errors) == ["text"]
    with refused(BadAnswer) as caught:
        record(deal, "call.answered", recording="javascript:alert(1)")
    assert list(caught.value.errors) == ["recording"]
    assert fresh(deal).last_contact_at is None
    entry = hear_from(deal, text="да\x00\ud800")
    assert entry.data["text"] == "да"
