"""Axelerator: the stages, taking a lead up and qualifying it."""

from __future__ import annotations

import pytest

from crm.models import Deal, User
from crm.planning import tasks
from pipelines import catalog
from pipelines.actor import SYSTEM, Actor
from pipelines.engine import MoveRefused
from pipelines.errors import BadAnswer
from tests.clauses.steps import (
    HOUR,
    MINUTE,
    at_stage,
    clauses_against,
    fresh,
    minsk,
    move,
    refused,
    task_of,
    try_to_reach,
)
from tests.factories import NOON, make_deal

# ── AX-0 ───────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-0")
def test_the_stages_of_the_sale_stand_in_the_order_of_the_regulation(axelerator: None) -> None:
    assert [(stage.name, stage.kind) for stage in catalog.by_code("leads").stages] == [
        ("Новая заявка", "open"),
        ("Взята в работу", "open"),
        ("Квалифицирован", "open"),
        ("Отправлено КП", "open"),
        ("Обсудили КП", "open"),
        ("2 попытки и более", "open"),
        ("Согласован старт", "open"),
        ("Выставлен договор/счет", "open"),
        ("Запущено в работу", "won"),
        ("Отказ/отложено", "lost"),
    ]
    assert catalog.by_code("leads").name == "###CRM###"


@pytest.mark.clause("AX-0")
def test_a_deal_launched_is_won_and_a_deal_refused_is_lost(alice: User, anna: User) -> None:
    assert fresh(at_stage(alice, "launched")).status == "won"
    assert fresh(at_stage(alice, "refused")).status == "lost"


# ── AX-1.1 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-1.1")
@pytest.mark.parametrize("arrival", [arrival.value for arrival in Deal.Arrival])
def test_every_new_request_enters_at_the_first_stage_whatever_it_lacks(
    alice: User, arrival: str
) -> None:
    deal = make_deal(alice, contact=None, arrival=arrival, by=SYSTEM)
    assert (deal.stage.name, deal.status) == ("Новая заявка", "open")


# ── AX-1.2a ────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-1.2a")
def test_without_the_platform_a_lead_is_not_taken_up_and_exactly_that_field_is_asked_for(
    alice: User,
) -> None:
    deal = make_deal(alice)
    with refused(MoveRefused) as caught:
        move(deal, "taken")
    (refusal,) = caught.value.refusals
    assert (refusal.clause, refusal.fields) == ("AX-1.2a", ("platform",))
    assert "Площадка" in refusal.message
    assert fresh(deal).stage.code == "new"


@pytest.mark.clause("AX-1.2a")
def test_with_the_platform_a_lead_is_taken_up(alice: User) -> None:
    deal = fresh(move(make_deal(alice), "taken", platform="marketplace"))
    assert (deal.stage.code, deal.values["platform"]) == ("taken", "marketplace")


@pytest.mark.clause("AX-1.2a")
def test_the_platform_is_asked_for_also_when_the_stage_is_skipped(alice: User) -> None:
    answers = {"niche": "Пекарни", "source": "search"}
    assert clauses_against(make_deal(alice), "qualified", **answers) == ["AX-1.2a"]


@pytest.mark.clause("AX-1.2a")
def test_a_platform_that_is_not_in_the_list_is_refused_by_a_sentence(alice: User) -> None:
    deal = make_deal(alice)
    with refused(BadAnswer, match="Марс"):
        move(deal, "taken", platform="Марс")


# ── AX-1.2b ────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-1.2b")
@pytest.mark.parametrize("reason", ["spam", "wrong_address"])
def test_spam_and_mistakes_are_closed_at_once_from_the_first_stage(
    alice: User, reason: str
) -> None:
    assert fresh(move(make_deal(alice), "refused", refusal_reason=reason)).status == "lost"


@pytest.mark.clause("AX-1.2b")
def test_a_mistake_found_later_needs_its_evidence(alice: User) -> None:
    taken = at_stage(alice, "taken")
    assert clauses_against(taken, "refused", refusal_reason="wrong_address") == ["AX-1.2b"]
    assert clauses_against(taken, "refused", refusal_reason="spam") == []


@pytest.mark.clause("AX-1.2b")
def test_a_new_lead_that_is_no_mistake_is_not_closed_at_once(alice: User) -> None:
    assert clauses_against(make_deal(alice), "refused", refusal_reason="expensive") == ["AX-9.3"]
    assert "AX-9.4" in clauses_against(make_deal(alice), "refused", refusal_reason="unreached")


# ── AX-2.1 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-2.1")
@pytest.mark.parametrize(
    ("entered", "due"),
    [
        ("2026-03-10 10:00", "2026-03-10 10:30"),
        ("2026-03-10 17:30", "2026-03-10 18:00"),
        ("2026-03-10 17:45", "2026-03-11 09:15"),
        ("2026-03-13 17:45", "2026-03-16 09:15"),  # over a week-end
        ("2026-03-14 12:00", "2026-03-16 09:30"),  # on a Saturday
        ("2026-04-30 17:45", "2026-05-04 09:15"),  # over the first of May
    ],
)
def test_taking_a_lead_up_sets_the_qualifying_call_within_thirty_working_minutes(
    alice: User, entered: str, due: str
) -> None:
    deal = at_stage(alice, "taken", now=minsk(entered))
    task = task_of(deal, "qualify")
    assert task.text == "Связаться с клиентом – Провести квалификацию"
    assert (task.kind, task.owner, task.due_at) == ("call", alice, minsk(due))
    assert fresh(deal).next_task_at == minsk(due)


@pytest.mark.clause("AX-2.1")
def test_taking_a_lead_up_takes_the_first_call_off(alice: User) -> None:
    deal = make_deal(alice)
    move(deal, "taken", platform="site", now=NOON + MINUTE)
    task = task_of(deal, "first_call")
    assert (task.state, task.result) == ("cancelled", "заявка взята в работу")


@pytest.mark.clause("AX-2.1")
def test_a_call_of_ones_own_stays_when_the_lead_is_taken_up(alice: User) -> None:
    from tests.clauses.steps import call_task

    deal = make_deal(alice)
    own = call_task(deal)
    move(deal, "taken", platform="site")
    assert fresh(own).state == "open"


def test_skipping_the_stage_sets_no_qualifying_call(alice: User) -> None:
    assert not at_stage(alice, "qualified").tasks.filter(code="qualify").exists()


# ── AX-2.5 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-2.5")
@pytest.mark.parametrize("result", ["", "   ", "\n", "\x00"])
def test_a_task_is_not_done_without_a_result(alice: User, result: str) -> None:
    deal = at_stage(alice, "taken")
    task = task_of(deal, "qualify")
    with refused(BadAnswer) as caught:
        tasks.complete_task(task, result=result, by=Actor.person(alice), now=NOON)
    assert "result" in caught.value.errors
    assert fresh(task).state == "open"


@pytest.mark.clause("AX-2.5")
def test_the_result_of_a_task_stands_in_the_feed(alice: User) -> None:
    deal = at_stage(alice, "taken")
    task = task_of(deal, "qualify")
    tasks.complete_task(task, result="Нужно внедрение", by=Actor.person(alice), now=NOON + HOUR)
    entry = deal.events.get(verb="task.completed")
    assert (entry.data["result"], entry.actor, entry.at) == ("Нужно внедрение", alice, NOON + HOUR)
    assert (fresh(task).state, fresh(deal).next_task_at) == ("done", None)


@pytest.mark.clause("AX-2.5")
def test_having_talked_is_put_on_record_and_needs_a_result_too(alice: User) -> None:
    deal = at_stage(alice, "taken")
    try_to_reach(deal, 2)
    task = task_of(deal, "qualify")
    with refused(BadAnswer):
        tasks.choose_outcome(task, "talked", by=Actor.person(alice), now=NOON, answers={})
    task = fresh(task)
    assert task.state == "open"
    answers = {"result": "Трое продавцов"}
    tasks.choose_outcome(task, "talked", by=Actor.person(alice), now=NOON + HOUR, answers=answers)
    deal = fresh(deal)
    assert (deal.last_contact_at, deal.attempts) == (NOON + HOUR, 0)
    assert deal.events.get(verb="call.answered").data["text"] == "Трое продавцов"


# ── AX-2.6 ─────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-2.6")
@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, ["niche", "source"]),
        ({"niche": "Пекарни"}, ["source"]),
        ({"source": "ads"}, ["niche"]),
        ({"niche": "  ", "source": "ads"}, ["niche"]),
    ],
)
def test_a_deal_is_qualified_with_its_niche_and_source_only(
    alice: User, given: dict, asked: list[str]
) -> None:
    deal = at_stage(alice, "new")
    move(deal, "taken", platform="site")
    with refused(MoveRefused) as caught:
        move(deal, "qualified", **given)
    assert caught.value.fields == asked
    assert {refusal.clause for refusal in caught.value.refusals} == {"AX-2.6"}


@pytest.mark.clause("AX-2.6")
def test_with_niche_and_source_a_deal_is_qualified(alice: User) -> None:
    deal = make_deal(alice)
    move(deal, "taken", platform="site")
    move(deal, "qualified", niche="Пекарни", source="ads")
    assert fresh(deal).stage.code == "qualified"
