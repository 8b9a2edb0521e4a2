"""A move taken back: the deal, its tasks, timers, values and letters are as they were."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crm import deals
from crm.models import Deal, Task, User
from crm.models.analysed import Passage
from crm.planning import tasks
from notifications import outbox
from notifications.models import Message, Template
from pipelines import engine, undoing
from pipelines.actor import Actor
from pipelines.grace import GRACE
from pipelines.models import Event, RuleRun, StageChange, Timer
from pipelines.undoing import CannotUndo, undo_move
from tests.clauses.steps import fresh
from tests.factories import NOON, UserFactory, make_deal
from tests.faults.threads import at_once
from tests.pipelines.lab import Lab

SOON = NOON + timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@pytest.fixture
def busy(lab: Lab, alice: User) -> Deal:
    """A deal on «one» with a waiting timer and a task; entering «two» does everything that a move can take back."""
    Template.objects.create(
        code="hello", playbook="lab", name="Привет", subject="Привет", body="Вот"
    )
    lab.rule("add_tag", {"names": ["ждёт"]}, stage="one", when="stay", period="2d")
    lab.rule("add_tag", {"names": ["долго"]}, stage="two", when="stay", period="1d")
    lab.rule("create_task", {"text": "Позвонить", "kind": "call", "due": "1h"}, stage="two")
    lab.rule("complete_tasks", {"result": "ушла дальше", "codes": ["old"]}, stage="two")
    lab.rule("add_tag", {"names": ["вторая"]}, stage="two")
    lab.rule("set_field", {"values": {"note": "от правила"}}, stage="two")
    lab.rule("send_email", {"template": "hello"}, stage="two")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    by = Actor.person(alice)
    tasks.create_task(
        text="Старая",
        code="old",
        due_at=NOON + timedelta(days=1),
        owner=alice,
        deal=deal,
        by=by,
        now=NOON,
    )
    return fresh(deal)


def by_hand(deal: Deal, to: str = "two", **answers: Any) -> StageChange:
    return engine.move(
        deal, to=to, by=Actor.person(deal.owner), now=SOON, answers=answers, grace=GRACE
    )


def standing(deal: Deal) -> tuple[Any, ...]:
    """What a person and the clock see of the deal."""
    row = (
        Deal.objects.filter(pk=deal.pk)
        .values(
            "stage",
            "status",
            "stage_since",
            "stage_deadline",
            "closed_at",
            "values",
            "budget",
            "next_task_at",
        )
        .get()
    )
    return (
        row,
        sorted(deal.tags.values_list("name", flat=True)),
        list(Task.objects.open().filter(deal=deal).values_list("text", "result", "scenario")),
        sorted(
            Timer.objects.filter(deal=deal, state="armed").values_list("rule", "due_at", "occasion")
        ),
        StageChange.objects.filter(deal=deal).count(),
    )


def undo(change: StageChange, by: User, *, after: timedelta = 10 * SECOND, **how: Any) -> Event:
    again = StageChange.every.select_related("deal").get(pk=change.pk)
    return undo_move(again, by=Actor.person(by), now=SOON + after, **how)


def test_all_that_a_move_brought_about_goes_back(busy: Deal, alice: User) -> None:
    before = standing(busy)
    change = by_hand(busy, note="от руки", budget="700")
    assert standing(busy) != before
    assert not RuleRun.objects.filter(status="failed").exists()
    assert undoing.obstacles(change) == []
    # The reports' own copy of the passages follows.
    assert Passage.objects.filter(change=change.pk).exists()
    event = undo(change, alice)
    assert standing(busy) == before
    assert not Passage.objects.filter(change=change.pk).exists()
    assert (event.actor, event.data["from"], event.data["to"]) == (alice, "Two", "One")
    assert set(RuleRun.objects.filter(deal=busy).values_list("status", flat=True)) == {"undone"}
    assert Task.objects.get(text="Позвонить").state == "cancelled"
    # Later than any letter waits: nothing goes out.
    assert Message.objects.get().status == "undone"
    assert not outbox.deliver_one_due(SOON + timedelta(days=1))
    # And the deal can go the same way again, with all that it brings.
    engine.move(fresh(busy), to="two", by=Actor.person(alice), now=SOON + timedelta(minutes=1))
    assert Task.objects.open().filter(deal=busy, text="Позвонить").count() == 1


def test_letters_of_a_move_by_hand_wait_and_then_leave_by_themselves(busy: Deal) -> None:
    by_hand(busy)
    assert not outbox.deliver_one_due(SOON + GRACE - SECOND)
    assert outbox.deliver_one_due(SOON + GRACE)
    assert Message.objects.get().status == "sent"


def test_letters_of_other_moves_do_not_wait(busy: Deal) -> None:
    engine.move(busy, to="two", by=Actor.person(busy.owner), now=SOON)
    assert outbox.deliver_one_due(SOON)


def test_a_move_on_by_a_rule_goes_back_with_it(lab: Lab, alice: User) -> None:
    lab.rule("move", {"to": "three"}, stage="two")
    lab.rule("create_task", {"text": "На третьей", "kind": "call", "due": "1h"}, stage="three")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    before = standing(deal)
    change = by_hand(deal)
    assert deal.stage.code == "three"
    undo(change, alice)
    assert standing(deal) == before


def test_a_closed_deal_opens_again_with_the_timers_of_all_stages(lab: Lab, alice: User) -> None:
    lab.rule("add_tag", {"names": ["скоро"]}, when="before", date="day", period="1d")
    lab.ready()
    deal = make_deal(alice, pipeline="lab", answers={"day": "2026-04-01"})
    before = standing(deal)
    undo(by_hand(deal, "won"), alice)
    assert standing(deal) == before


@pytest.mark.parametrize("spoil", ["late", "moved", "changed", "twice", "stranger"])
def test_an_undo_that_comes_too_late_changes_nothing(busy: Deal, alice: User, spoil: str) -> None:
    change = by_hand(busy)
    who, after = alice, 10 * SECOND
    if spoil == "late":
        after = GRACE + SECOND
    elif spoil == "moved":
        engine.move(fresh(busy), to="three", by=Actor.person(alice), now=SOON + SECOND)
    elif spoil == "changed":
        deals.edit_deal(fresh(busy), {"note": "ещё"}, by=Actor.person(alice), now=SOON + SECOND)
    elif spoil == "twice":
        undo(change, alice)
    else:
        who = UserFactory(roles=["manager"])
    before = standing(busy)
    with pytest.raises(CannotUndo):
        undo(change, who, after=after)
    assert standing(busy) == before


def test_a_note_written_since_does_not_hinder_and_a_head_may_undo(
    busy: Deal, alice: User, olga: User
) -> None:
    change = by_hand(busy)
    deals.write_note(fresh(busy), text="ой", by=Actor.person(alice), now=SOON + SECOND)
    undo(change, olga)
    assert fresh(busy).stage.code == "one"


def test_what_cannot_be_taken_back_is_said_beforehand(lab: Lab, alice: User) -> None:
    lab.rule("record_violation", {"kind": "late", "text": "Поздно"}, stage="two")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    change = by_hand(deal)
    said = undoing.obstacles(change)
    assert len(said) == 1
    with pytest.raises(CannotUndo, match=said[0]):
        undo(change, alice)
    assert fresh(deal).stage.code == "two"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(4))
def test_at_the_last_second_either_the_letter_leaves_or_the_move_is_undone(
    busy: Deal, alice: User, turn: int
) -> None:
    change = by_hand(busy)
    # By the undo's clock the grace is just not over, by the worker's it just is.
    results = at_once(
        lambda: undo(change, alice, after=GRACE),
        lambda: outbox.deliver_one_due(SOON + GRACE),
    )
    status, stage = Message.objects.get().status, fresh(busy).stage.code
    assert (status, stage) in {("undone", "one"), ("sent", "two")}, results
    assert isinstance(results[0], CannotUndo) is (status == "sent")
