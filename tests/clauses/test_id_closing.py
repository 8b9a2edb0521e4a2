"""iDrive: postponed demand, deals closed and brought back, contracts won."""

from __future__ import annotations

import pytest

from crm import contacting
from crm.models import Task, User
from crm.planning import listing, task_answers
from crm.planning.tasks import TaskRefused
from pipelines.actor import SYSTEM
from pipelines.engine import MoveRefused
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event
from tests.clauses.idrive import (
    NEXT,
    STAGES,
    by_hand,
    finish,
    lead,
    on_stage,
    open_task,
    stage_of,
    talk,
    time_passes,
    writes,
)
from tests.clauses.steps import (
    DAY,
    HOUR,
    choose,
    clauses_against,
    fresh,
    minsk,
    move,
    refused,
)
from tests.factories import NOON

pytestmark = pytest.mark.usefixtures("idrive")

# ── ID-8.3 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-8.3")
def test_postponed_demand_has_its_day_and_a_task(alice: User) -> None:
    deal = lead(alice)
    with refused(MoveRefused) as caught:
        move(deal, "postponed")
    assert caught.value.fields == ["return_on", *task_answers.CODES]
    assert clauses_against(deal, "postponed", return_on="2026-03-01", **NEXT) == ["ID-8.3"]
    move(deal, "postponed", return_on="2026-03-20", **NEXT)
    assert stage_of(deal) == "postponed"


@pytest.mark.clause("ID-8.3")
def test_on_the_day_the_manager_is_reminded_and_the_deal_comes_first(alice: User) -> None:
    deal = on_stage(alice, "postponed")
    other = lead(alice, now=minsk("2026-03-20 09:00"), phone="+375 29 222-22-22", email="")
    time_passes(minsk("2026-03-19 23:59"))
    assert not Task.objects.filter(deal=deal, code="return_call").exists()
    time_passes(minsk("2026-03-20 00:05"))
    task = open_task(deal, "return_call")
    assert (task.owner, task.due_at) == (alice, minsk("2026-03-20 11:00"))
    asked = listing.TaskFilter({}, user=alice)
    page = listing.read_page(
        alice, asked, order=listing.Order(), size=50, now=minsk("2026-03-20 09:05")
    )
    today = [line.task.deal for line in page.lines if line.colour == "today"]
    # The new request is due earlier, and yet the returning client comes first.
    assert today[:2] == [deal, other]


@pytest.mark.clause("ID-8.3")
def test_postponed_demand_is_not_left_without_a_task(alice: User) -> None:
    deal = on_stage(alice, "postponed")
    with refused(TaskRefused, match="ID-8.3"):
        finish(open_task(deal))


# ── ID-9.2, 9.6, 10.2 ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        pytest.param("not_sold", "refusal_reason", marks=pytest.mark.clause("ID-9.2")),
        pytest.param("not_target", "not_target_reason", marks=pytest.mark.clause("ID-10.2")),
    ],
)
def test_a_deal_is_closed_with_its_reason_and_then_has_no_tasks(
    alice: User, stage: str, reason: str
) -> None:
    deal = lead(alice)
    with refused(MoveRefused) as caught:
        move(deal, stage)
    assert caught.value.fields == [reason]
    move(deal, stage, **STAGES[stage])
    assert (fresh(deal).status, fresh(deal).next_task_at) == ("lost", None)
    assert not deal.tasks.filter(state="open").exists()
    clause = {"not_sold": "ID-9.2", "not_target": "ID-10.2"}[stage]
    with refused(TaskRefused, match=clause):
        by_hand(deal)


@pytest.mark.clause("ID-10.2")
def test_where_the_system_closes_it_the_system_gives_the_reason(alice: User) -> None:
    deal = lead(alice)
    for number in range(4):
        choose(open_task(deal), "no_answer", now=NOON + number * DAY)
    assert fresh(deal).values["not_target_reason"] == "unreachable"
    moved = deal.events.filter(verb="deal.moved").latest("pk")
    assert moved.rule.clause == "ID-3.7"


@pytest.mark.clause("ID-9.6")
@pytest.mark.parametrize("stage", ["not_sold", "not_target"])
def test_a_closed_deal_comes_back_only_when_the_client_turned_to_us(
    alice: User, stage: str
) -> None:
    deal = lead(alice)
    before = writes(deal)
    move(deal, stage, now=NOON + HOUR, **STAGES[stage])
    later = NOON + DAY
    assert clauses_against(deal, "new", now=later) == ["ID-9.6"]
    with refused(MoveRefused) as caught:
        move(deal, "new", now=later)
    assert caught.value.fields == ["client_initiative", "return_evidence"]
    asked = {"client_initiative": "on"}
    assert clauses_against(deal, "new", now=later, **asked) == ["ID-9.6"]
    # What he wrote before the closing shows nothing, nor does our own call.
    ours = talk(fresh(deal), now=later)
    for event in (before, ours):
        assert clauses_against(deal, "new", now=later, return_evidence=event.pk, **asked)
    back = writes(fresh(deal), "email", now=later)
    assert clauses_against(deal, "new", now=later, return_evidence=back.pk) == ["ID-9.6"]
    move(fresh(deal), "new", now=later, return_evidence=back.pk, **asked)
    assert (stage_of(deal), fresh(deal).status) == ("new", "open")


@pytest.mark.clause("ID-9.6")
@pytest.mark.parametrize("verb", [contacting.CALL_ANSWERED, contacting.CALL_MISSED])
def test_an_incoming_call_brings_it_back_answered_or_not(alice: User, verb: str) -> None:
    deal = on_stage(alice, "not_sold")
    call = contacting.record_contact(
        deal, verb=verb, by=SYSTEM, now=NOON + DAY, incoming=True, seconds=30
    )
    given = {"client_initiative": "on", "return_evidence": call.pk}
    assert clauses_against(deal, "taken", now=NOON + 2 * DAY, **given) in ([], ["ID-2.1"])
    move(fresh(deal), "new", now=NOON + 2 * DAY, **given)
    assert stage_of(deal) == "new"


@pytest.mark.clause("ID-9.6")
def test_the_form_offers_what_the_client_did_and_closed_anew_it_asks_anew(
    client, alice: User
) -> None:
    deal = on_stage(alice, "not_sold")
    call = contacting.record_contact(
        deal, verb=contacting.CALL_MISSED, by=SYSTEM, now=NOON + DAY, incoming=True
    )
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/move/form/?to=new").content.decode()
    assert f'<option value="{call.pk}"' in page
    given = {"client_initiative": "on", "return_evidence": call.pk}
    move(fresh(deal), "new", now=NOON + DAY, **given)
    move(fresh(deal), "not_sold", now=NOON + 2 * DAY)
    assert clauses_against(deal, "new", now=NOON + 3 * DAY) == ["ID-9.6"]


# ── ID-11.1 ────────────────────────────────────────────────────────────────────


@pytest.mark.clause("ID-11.1")
def test_a_contract_is_signed_and_paid(alice: User) -> None:
    deal = on_stage(alice, "meeting")
    for given in ({}, {"contract_signed": "on"}, {"payment_received": "on"}):
        assert clauses_against(deal, "signed", **given) == ["ID-11.1"]
    move(deal, "signed", **STAGES["signed"])
    deal = fresh(deal)
    assert (deal.status, deal.next_task_at) == ("won", None)
    assert not deal.tasks.filter(state="open").exists()


@pytest.mark.clause("ID-11.1")
def test_a_won_deal_is_read_by_its_manager_and_no_more(client, alice: User) -> None:
    deal = on_stage(alice, "signed")
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "Не проверять задачи" in page
    with refused(RegulationError):
        by_hand(deal)
    answer = client.post(
        f"/deals/{deal.pk}/field/", {"code": "category", "category": "b", "seen:category": ""}
    )
    assert "category" not in fresh(deal).values, answer.status_code
    with refused(MoveRefused):
        move(deal, "new")
    assert stage_of(deal) == "signed"


@pytest.mark.clause("ID-11.1")
def test_their_head_sets_no_task_either_but_may_take_it_back(alice: User, olga: User) -> None:
    deal = on_stage(alice, "signed")
    with refused(TaskRefused, match="ID-11.1"):
        by_hand(deal, by=olga)
    move(deal, "new", by=olga)
    assert stage_of(deal) == "new"


# ── What a rule says by a wrong address ────────────────────────────────────────


def test_a_stranger_brings_no_deal_back(client, alice: User, charlie: User) -> None:
    deal = on_stage(alice, "not_sold")
    client.force_login(charlie)
    assert client.post(f"/deals/{deal.pk}/move/", {"to": "new"}).status_code == 404


def test_an_unknown_answer_is_no_task(alice: User) -> None:
    with refused(BadAnswer):
        move(lead(alice), "deciding", task_colour="red")
    assert not Event.objects.filter(verb="deal.moved").exists()
