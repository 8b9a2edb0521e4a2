"""iDrive: the touches of a client who does not answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm.models import Deal, User
from tests.clauses.idrive import (
    broken,
    lead,
    on_stage,
    open_task,
    stage_of,
    we_write,
    writes,
)
from tests.clauses.steps import (
    DAY,
    HOUR,
    choose,
    fresh,
    offers,
)
from tests.factories import NOON

pytestmark = pytest.mark.usefixtures("idrive")

# ── ID-3.0 … 3.7 ───────────────────────────────────────────────────────────────


def touch(deal: Deal, times: int = 1, *, after: timedelta = DAY) -> None:
    for number in range(times):
        choose(open_task(deal), "no_answer", now=NOON + number * after)


@pytest.mark.clause("ID-3.0")
@pytest.mark.parametrize("stage", ["new", "taken"])
def test_no_answer_moves_the_deal_and_sets_the_next_touch(alice: User, stage: str) -> None:
    deal = on_stage(alice, stage)
    choose(open_task(deal), "no_answer")
    assert stage_of(deal) == "no_touch"
    assert open_task(deal).text == "Касание 2: перезвонить"


@pytest.mark.clause("ID-3.1")
def test_after_the_first_no_answer_the_message_stands_ready(alice: User) -> None:
    deal = on_stage(alice, "no_touch")
    assert [offer.text for offer in offers(deal)] == ["Написать в WhatsApp"]


@pytest.mark.clause("ID-3.1")
def test_no_message_until_the_next_touch_is_one_violation(alice: User) -> None:
    deal = lead(alice)
    touch(deal, 1)
    assert broken(deal) == []
    touch(deal, 2)
    assert broken(deal) == ["ID-3.1"]


@pytest.mark.clause("ID-3.1")
@pytest.mark.parametrize(
    ("channel", "found"), [("whatsapp", []), ("telegram", []), ("sms", ["ID-3.1"])]
)
def test_a_message_by_whatsapp_or_telegram_is_what_the_regulation_asks(
    alice: User, channel: str, found: list[str]
) -> None:
    deal = lead(alice)
    touch(deal, 1)
    we_write(deal, channel, now=NOON + HOUR)
    choose(open_task(deal), "no_answer", now=NOON + DAY)
    assert broken(deal) == found


@pytest.mark.clause("ID-3.2")
def test_touches_are_numbered_and_each_is_recorded_by_its_scenario(alice: User) -> None:
    deal = lead(alice)
    touch(deal, 3)
    assert list(deal.tasks.order_by("pk").values_list("text", "scenario")) == [
        ("Обработать заявку", "no_answer"),
        ("Касание 2: перезвонить", "no_answer"),
        ("Касание 3: перезвонить", "no_answer"),
        ("Касание 4: перезвонить", ""),
    ]
    assert (stage_of(deal), fresh(deal).values["touches"]) == ("no_touch", "3")
    assert deal.events.filter(verb="call.unanswered").count() == 3


@pytest.mark.clause("ID-3.6")
@pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
def test_a_reply_in_a_messenger_moves_the_deal_at_once(alice: User, channel: str) -> None:
    deal = on_stage(alice, "no_touch")
    writes(fresh(deal), channel)
    assert stage_of(deal) == "chatting"
    assert not fresh(deal).tasks.filter(state="open").exists()


@pytest.mark.clause("ID-3.6")
def test_a_reply_by_another_way_moves_nothing(alice: User) -> None:
    deal = on_stage(alice, "no_touch")
    writes(fresh(deal), "email")
    assert stage_of(deal) == "no_touch"


@pytest.mark.clause("ID-3.7")
def test_the_fourth_no_answer_closes_the_deal_with_the_reason_of_the_system(alice: User) -> None:
    deal = lead(alice)
    touch(deal, 4)
    deal = fresh(deal)
    assert (stage_of(deal), deal.status) == ("not_target", "lost")
    assert deal.values["not_target_reason"] == "unreachable"
    assert not deal.tasks.filter(state="open").exists()
