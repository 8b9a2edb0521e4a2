"""iDrive: correspondence, decisions, meetings, contracts."""

from __future__ import annotations

import pytest

from crm.models import User
from crm.planning import task_answers
from crm.planning.tasks import NextTask, TaskRefused, complete_task, task_outcomes
from notifications.models import Message
from pipelines import engine
from pipelines.actor import Actor
from pipelines.engine import MoveRefused
from pipelines.errors import RegulationError
from tests.clauses.idrive import (
    NEXT,
    broken,
    by_hand,
    cancel,
    finish,
    lead,
    on_stage,
    open_task,
    stage_of,
    time_passes,
    writes,
)
from tests.clauses.steps import (
    DAY,
    HOUR,
    MINUTE,
    choose,
    clauses_against,
    fresh,
    minsk,
    move,
    refused,
)
from tests.factories import NOON

pytestmark = pytest.mark.usefixtures("idrive")

# ── ID-4.1, 4.4, 4.7 ───────────────────────────────────────────────────────────


@pytest.mark.clause("ID-4.1")
def test_in_correspondence_there_are_no_scenarios_and_no_tasks_but_ones_own(alice: User) -> None:
    deal = on_stage(alice, "no_touch")
    writes(fresh(deal))
    assert not fresh(deal).tasks.filter(state="open").exists()
    own = by_hand(deal)
    assert task_outcomes(own, fresh(deal)) == []
    time_passes(NOON + 5 * DAY)
    assert list(fresh(deal).tasks.filter(state="open")) == [own]


@pytest.mark.clause("ID-4.4")
def test_two_days_in_correspondence_warn_and_three_are_a_violation(alice: User) -> None:
    deal = on_stage(alice, "chatting")
    time_passes(NOON + 2 * DAY - MINUTE)
    assert not deal.events.filter(verb="deal.warned").exists()
    time_passes(NOON + 2 * DAY)
    assert deal.events.get(verb="deal.warned").data["clause"] == "ID-4.4"
    time_passes(NOON + 3 * DAY - MINUTE)
    assert broken(deal) == []
    time_passes(NOON + 3 * DAY)
    assert broken(deal) == ["ID-4.4"]


@pytest.mark.clause("ID-4.4")
def test_a_deal_moved_on_in_time_is_neither_warned_of_nor_a_violation(alice: User) -> None:
    deal = on_stage(alice, "chatting")
    move(deal, "online", now=NOON + DAY)
    time_passes(NOON + 4 * DAY)
    assert not deal.events.filter(verb="deal.warned", data__clause="ID-4.4").exists()
    assert broken(deal) == []


@pytest.mark.clause("ID-4.7")
def test_after_correspondence_no_scenario_acts_on_the_deal_again(alice: User) -> None:
    deal = on_stage(alice, "chatting")
    deal = fresh(move(deal, "new", now=NOON + DAY))
    assert deal.scenarios_off
    task = open_task(deal, "process")
    assert task_outcomes(task, deal) == []
    with refused(RegulationError):
        choose(task, "no_answer")
    assert stage_of(deal) == "new"
    # Its tasks are then people's: set and finished by hand.
    by_hand(deal)
    assert finish(task).state == "done"


@pytest.mark.clause("ID-4.7")
def test_the_card_offers_no_outcome_any_more(client, alice: User) -> None:
    deal = on_stage(alice, "chatting")
    move(deal, "new", now=NOON + DAY)
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    task = open_task(deal, "process")
    assert f"/tasks/{task.pk}/outcome/" not in page
    assert f"/tasks/{task.pk}/done/" in page


# ── ID-5.4 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-5.4")
def test_a_decision_is_waited_for_with_its_reason_and_a_task(alice: User) -> None:
    deal = lead(alice)
    with refused(MoveRefused) as caught:
        move(deal, "deciding")
    assert {refusal.clause for refusal in caught.value.refusals} == {"ID-5.4"}
    assert caught.value.fields == ["pause_reason", *task_answers.CODES]
    move(deal, "deciding", pause_reason="family", **NEXT)
    assert (stage_of(deal), open_task(deal).text) == ("deciding", "Перезвонить")


@pytest.mark.clause("ID-5.4")
def test_the_form_of_the_move_asks_for_the_task_and_sets_it(client, alice: User) -> None:
    deal = lead(alice)
    client.force_login(alice)
    data = {"to": "deciding", "seen": deal.stage_id}
    asked = client.post(f"/deals/{deal.pk}/move/", data)
    assert asked.status_code == 422
    page = asked.content.decode()
    assert 'name="f-task_text"' in page
    assert 'name="f-task_due_at"' in page
    given = data | {"f-pause_reason": "money", "f-task_text": "Узнать", "f-task_due_at": ""}
    again = client.post(f"/deals/{deal.pk}/move/", given)
    assert again.status_code == 422
    assert "Узнать" in again.content.decode()
    client.post(f"/deals/{deal.pk}/move/", given | {"f-task_due_at": "2030-01-01T10:00"})
    assert (stage_of(deal), open_task(deal).text) == ("deciding", "Узнать")


@pytest.mark.clause("ID-5.4")
@pytest.mark.parametrize("way", [finish, cancel])
def test_the_last_task_is_not_closed_without_the_next_one(alice: User, way) -> None:
    deal = on_stage(alice, "deciding")
    task = open_task(deal)
    with refused(TaskRefused, match="ID-5.4"):
        way(task)
    assert open_task(deal) == task


@pytest.mark.clause("ID-5.4")
def test_closing_the_last_task_with_the_next_one_goes_on(client, alice: User) -> None:
    deal = on_stage(alice, "deciding")
    task = open_task(deal)
    client.force_login(alice)
    url, data = f"/tasks/{task.pk}/done/", {"result": "ещё думает", "revision": task.revision}
    asked = client.post(url, data)
    assert asked.status_code == 422
    assert "ID-5.4" in asked.content.decode()
    assert client.post(url, data | {"no_next": "1"}).status_code == 422
    client.post(url, data | {"next_text": "Спросить ещё раз", "next_due_at": "2030-01-01T10:00"})
    assert open_task(deal).text == "Спросить ещё раз"


@pytest.mark.clause("ID-5.4")
def test_the_next_task_given_with_the_result_is_enough(alice: User) -> None:
    deal = on_stage(alice, "deciding")
    complete_task(
        open_task(deal),
        result="думает",
        by=Actor.person(alice),
        now=NOON,
        next_task=NextTask("Спросить ещё раз", NOON + DAY),
    )
    assert open_task(deal).text == "Спросить ещё раз"


@pytest.mark.clause("ID-5.4")
def test_still_thinking_sets_the_next_control(alice: User) -> None:
    deal = lead(alice)
    answers = {"pause_reason": "compares", "call_back": "2026-03-12T10:00+00:00", "result": "ждёт"}
    choose(open_task(deal), "thinks", **answers)
    task = open_task(deal, "decide")
    assert task.text == "Узнать решение – сравнивает школы"
    choose(task, "still_thinks", call_back="2026-03-14T10:00+00:00", result="всё ещё сравнивает")
    assert (stage_of(deal), open_task(deal, "decide").due_at) == (
        "deciding",
        minsk("2026-03-14 13:00"),
    )


# ── ID-6.1, 6.2, 6.5 ───────────────────────────────────────────────────────────


@pytest.mark.clause("ID-6.1")
@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ["meeting_at", "meeting_place", "meeting_link"]),
        ({"meeting_place": "Баумана, 5"}, ["meeting_at"]),
        ({"meeting_at": "2026-03-12T12:00+00:00"}, ["meeting_place", "meeting_link"]),
        ({"meeting_at": "2026-03-01T12:00+00:00", "meeting_place": "Баумана, 5"}, ["meeting_at"]),
    ],
)
def test_a_meeting_has_a_time_ahead_and_a_place_or_a_link(
    alice: User, given: dict[str, str], asked: list[str]
) -> None:
    deal = lead(alice)
    with refused(MoveRefused) as caught:
        move(deal, "meeting", **given)
    assert caught.value.fields == asked
    assert {refusal.clause for refusal in caught.value.refusals} == {"ID-6.1"}


@pytest.mark.clause("ID-6.1")
def test_a_link_is_as_good_as_a_place(alice: User) -> None:
    given = {"meeting_at": "2026-03-12T12:00+00:00", "meeting_link": "https://meet.example.com/7"}
    assert clauses_against(lead(alice), "meeting", **given) == []


@pytest.mark.clause("ID-6.1")
def test_the_scenarios_window_asks_for_what_is_missing_and_goes_on(client, alice: User) -> None:
    deal = lead(alice)
    task = open_task(deal)
    client.force_login(alice)
    url = f"/tasks/{task.pk}/outcome/meeting_set/"
    typed = {"meeting_at": "2030-01-01T15:00", "meeting_place": "", "meeting_link": ""}
    asked = client.post(url, typed | {"revision": task.revision})
    assert asked.status_code == 422
    assert "ID-6.1" in asked.content.decode()
    assert 'value="2030-01-01T15:00"' in asked.content.decode()
    client.post(url, typed | {"meeting_place": "Баумана, 5", "revision": task.revision})
    assert stage_of(deal) == "meeting"
    assert "01.01.2030 15:00" in open_task(deal).text
    assert client.get(f"/deals/{deal.pk}/").status_code == 200


def test_passing_over_the_meeting_asks_nothing_of_it(alice: User) -> None:
    assert clauses_against(lead(alice), "online") == []


@pytest.mark.clause("ID-6.2")
def test_a_meeting_comes_with_its_control_before_it(alice: User) -> None:
    task = open_task(on_stage(alice, "meeting"))
    assert task.code == "meeting_control"
    assert task.text.startswith("Контроль встречи")
    assert task.due_at == minsk("2026-03-12 13:00")


@pytest.mark.clause("ID-6.2")
def test_the_control_follows_a_meeting_put_off(alice: User) -> None:
    deal = on_stage(alice, "meeting")
    engine.lock(deal)
    engine.change_fields(
        deal, {"meeting_at": "2026-03-13T12:00+00:00"}, by=Actor.person(alice), now=NOON
    )
    assert open_task(deal).due_at == minsk("2026-03-13 13:00")


@pytest.mark.clause("ID-6.2")
@pytest.mark.parametrize("messenger", [True, False])
def test_the_client_is_reminded_once_before_the_meeting(alice: User, messenger: bool) -> None:
    deal = on_stage(alice, "meeting")
    if messenger:
        deal.contact.points.create(kind="telegram", value="@client")
    time_passes(minsk("2026-03-12 11:59"))
    assert not Message.objects.filter(deal=deal).exists()
    time_passes(minsk("2026-03-12 12:00"))
    time_passes(minsk("2026-03-12 12:05"))
    message = Message.objects.get(deal=deal)
    assert message.channel == ("telegram" if messenger else "sms")
    assert "12.03.2026 15:00" in message.text
    assert "Баумана, 5" in message.text


@pytest.mark.clause("ID-6.5")
def test_a_deal_left_on_the_stage_a_day_after_the_meeting_is_a_violation(alice: User) -> None:
    deal = on_stage(alice, "meeting")
    time_passes(minsk("2026-03-13 14:59"))
    assert broken(deal) == []
    time_passes(minsk("2026-03-13 15:00"))
    assert broken(deal) == ["ID-6.5"]


@pytest.mark.clause("ID-6.5")
def test_a_deal_moved_on_after_the_meeting_breaks_nothing(alice: User) -> None:
    deal = on_stage(alice, "meeting")
    move(deal, "online", now=minsk("2026-03-12 17:00"))
    time_passes(minsk("2026-03-14 17:00"))
    assert "ID-6.5" not in broken(deal)


# ── ID-7.2, 7.5 ────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-7.2")
def test_an_online_contract_comes_with_its_control_and_both_ticks(client, alice: User) -> None:
    deal = on_stage(alice, "online")
    task = open_task(deal)
    assert (task.code, task.due_at) == ("contract_control", NOON + DAY)
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "Договор подписан" in page
    assert "Оплата поступила" in page


@pytest.mark.clause("ID-7.2")
def test_a_contract_without_movement_is_flagged(alice: User) -> None:
    deal = on_stage(alice, "online")
    assert fresh(deal).stage_deadline == NOON + 3 * DAY
    time_passes(NOON + 3 * DAY)
    assert deal.events.get(verb="deal.warned").data["clause"] == "ID-7.2"


@pytest.mark.clause("ID-7.5")
def test_signed_and_paid_move_the_deal_to_the_contract(alice: User) -> None:
    deal = on_stage(alice, "online")
    engine.lock(deal)
    engine.change_fields(deal, {"contract_signed": "on"}, by=Actor.person(alice), now=NOON)
    assert stage_of(deal) == "online"
    engine.change_fields(deal, {"payment_received": "on"}, by=Actor.person(alice), now=NOON + HOUR)
    deal = fresh(deal)
    assert (deal.stage.name, deal.status, deal.next_task_at) == ("Договор", "won", None)


@pytest.mark.clause("ID-7.5")
def test_a_deal_that_comes_signed_and_paid_goes_straight_on(alice: User) -> None:
    deal = on_stage(alice, "online", contract_signed="on", payment_received="on")
    assert stage_of(deal) == "signed"
    assert not fresh(deal).tasks.filter(state="open").exists()
