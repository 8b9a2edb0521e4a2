"""Two people at once. A race is first shown to happen without the lock, then not to happen with it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise
from threading import Barrier, current_thread
from threading import Event as Signal
from typing import Any

import pytest

from crm import deals
from crm.models import Deal, Tag, User
from crm.planning import tasks
from pipelines import engine
from pipelines.actor import Actor
from pipelines.engine import StaleMove
from pipelines.errors import RegulationError
from pipelines.models import Offer, RuleRun, StageChange, Timer
from tests.clauses.steps import (
    DAY,
    EVERYTHING,
    HOUR,
    at_stage,
    choose,
    fresh,
    move,
    offers,
    take,
    task_of,
)
from tests.factories import NOON, make_deal
from tests.faults.threads import PATIENCE, at_once, unlocked
from tests.pipelines.lab import Lab

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(results: list[Any]) -> Counter:
    return Counter(type(result).__name__ for result in results)


# ── Two moves of one deal ──────────────────────────────────────────────────────


def two_moves(deal: Deal, alice: User, olga: User) -> list[Any]:
    mine, hers = fresh(deal), fresh(deal)
    return at_once(
        lambda: engine.move(
            mine, to="taken", by=Actor.person(alice), now=NOON, answers={"platform": "site"}
        ),
        lambda: engine.move(
            hers, to="qualified", by=Actor.person(olga), now=NOON, answers=EVERYTHING
        ),
    )


def test_two_moves_at_once(alice: User, olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the lock both find the deal on the first stage, and both move it from there.
    both_have_read = Barrier(2)
    deal = make_deal(alice)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "lock", unlocked(lambda: both_have_read.wait(PATIENCE)))
        assert kinds(two_moves(deal, alice, olga)) == {"StageChange": 2}
        assert StageChange.objects.filter(deal=deal, from_stage__code="new").count() == 2

    # With it one moves it, and the other is told who has and when.
    deal = make_deal(alice)
    results = two_moves(deal, alice, olga)
    assert kinds(results) == {"StageChange": 1, "StaleMove": 1}
    assert StageChange.objects.filter(deal=deal, from_stage__isnull=False).count() == 1
    late = next(result for result in results if isinstance(result, StaleMove))
    won = StageChange.objects.filter(deal=deal).latest("pk")
    assert (late.stage, late.who) == (won.to_stage.name, str(won.event.actor))
    assert deal.tasks.filter(state="open").count() == 1


def test_many_moves_at_once_make_one_chain(alice: User, olga: User) -> None:
    deal = at_stage(alice, "qualified")

    def wander(by: User) -> None:
        for to in ("discussed", "attempts", "qualified") * 2:
            mine = fresh(deal)
            try:
                engine.move(mine, to=to, by=Actor.person(by), now=NOON)
            except RegulationError:
                continue

    assert at_once(lambda: wander(alice), lambda: wander(olga)) == [None, None]
    changes = list(StageChange.objects.filter(deal=deal).order_by("pk"))
    for before, after in pairwise(changes):
        assert after.from_stage_id == before.to_stage_id
    assert changes[-1].to_stage_id == fresh(deal).stage_id


# ── Tasks ──────────────────────────────────────────────────────────────────────


def two_tasks(deal: Deal, alice: User) -> None:
    def create(due_at: datetime) -> None:
        mine = fresh(deal)
        tasks.create_task(
            text="x", due_at=due_at, owner=alice, by=Actor.person(alice), now=NOON, deal=mine
        )

    def early() -> None:
        current_thread().name = "early"
        create(NOON + HOUR)

    def late() -> None:
        current_thread().name = "late"
        create(NOON + DAY)

    assert at_once(early, late) == [None, None]


def test_two_tasks_set_at_once_keep_the_earlier_as_the_deals_next(
    alice: User, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.ready()
    both_have_read, written = Barrier(2), Signal()

    def in_turn() -> None:
        both_have_read.wait(PATIENCE)
        if current_thread().name == "late":
            written.wait(PATIENCE)

    # Without the lock the later task, written last, hides the earlier one.
    deal = make_deal(alice, pipeline="lab")
    with monkeypatch.context() as patch:
        patch.setattr(engine, "lock_to_edit", unlocked(in_turn))
        real = Deal.save

        def save(self: Deal, *args: Any, **kwargs: Any) -> None:
            real(self, *args, **kwargs)
            # Out of its transaction only when the thread's work is done; its row lock makes the other wait for that.
            written.set()

        patch.setattr(Deal, "save", save)
        two_tasks(deal, alice)
    assert fresh(deal).next_task_at == NOON + DAY

    deal = make_deal(alice, pipeline="lab")
    two_tasks(deal, alice)
    assert fresh(deal).next_task_at == NOON + HOUR


def test_an_outcome_chosen_by_two_at_once_is_chosen_once(alice: User, olga: User) -> None:
    deal = at_stage(alice, "kp_sent")
    task = task_of(deal, "objections")
    results = at_once(
        lambda: choose(task, "discussed_kp", by=alice),
        lambda: choose(task, "discussed_kp", by=olga),
    )
    assert kinds(results) == {"Task": 1, "TaskGone": 1}
    assert deal.events.filter(verb="scenario.chosen").count() == 1


def test_an_offer_taken_by_two_at_once_is_taken_once(alice: User, olga: User) -> None:
    deal = at_stage(alice, "qualified")
    choose(task_of(deal, "send_kp"), "kp_mailed")
    pk = offers(deal)[0].pk
    results = at_once(
        lambda: take(Offer.objects.get(pk=pk), by=alice),
        lambda: take(Offer.objects.get(pk=pk), by=olga),
    )
    assert kinds(results) == {"NoneType": 1, "RegulationError": 1}
    assert StageChange.objects.filter(deal=deal, to_stage__code="kp_sent").count() == 1


def test_a_failed_rule_run_again_by_two_at_once_runs_once(alice: User, olga: User) -> None:
    from tests.factories import UserFactory

    sale = at_stage(alice, "launched")
    run = RuleRun.objects.get(deal=sale, status="failed")
    UserFactory(email="anna@example.com", roles=["account_manager"])
    results = at_once(*[lambda: engine.retry(run, by=Actor.person(olga), now=NOON)] * 2)
    assert kinds(results) == {"RuleRun": 1, "RegulationError": 1}
    assert Deal.objects.filter(origin=sale).count() == 1


def test_a_tag_invented_by_several_at_once_is_one_tag(alice: User) -> None:
    found = [make_deal(alice) for _deal in range(3)]
    for name in ("срочно", "дорого"):
        results = at_once(
            *[
                lambda deal=deal, name=name: deals.tag_deal(
                    fresh(deal), add=[name], by=Actor.person(alice), now=NOON
                )
                for deal in found
            ]
        )
        assert results == [None] * 3
    assert Tag.objects.count() == 2


# ── Timers ─────────────────────────────────────────────────────────────────────


def tick_until_done(limit: int) -> int:
    fired = 0
    while count := engine.fire_due(NOON + DAY, limit=limit):
        fired += count
    return fired


def test_two_workers_share_what_is_due_and_each_timer_fires_once(alice: User, lab: Lab) -> None:
    lab.rule(
        "create_task", {"text": "Позвонить", "due": "1h"}, when="after", date="created", period="1d"
    )
    lab.ready()
    found = [make_deal(alice, pipeline="lab") for _deal in range(12)]
    results = at_once(*[lambda: tick_until_done(2)] * 3)
    # A worker finding everything due in another's hands may stop early; the next tick takes what is left.
    assert sum(results) + tick_until_done(10) == 12
    assert [deal.tasks.count() for deal in found] == [1] * 12
    assert Counter(Timer.objects.values_list("state", flat=True)) == {"fired": 12}
    assert RuleRun.objects.count() == 12


def test_a_timer_of_a_deal_that_is_being_moved_waits_for_the_next_tick(
    alice: User, lab: Lab
) -> None:
    from django.db import transaction

    lab.rule("add_tag", {"names": ["да"]}, when="after", date="created", period="1d")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    with transaction.atomic():
        engine.lock(deal)
        assert at_once(lambda: engine.fire_due(NOON + DAY)) == [0]
    assert engine.fire_due(NOON + DAY) == 1


def test_ticks_and_moves_never_wait_for_each_other_in_a_circle(
    alice: User, olga: User, lab: Lab
) -> None:
    lab.rule(
        "create_task", {"text": "Спросить", "due": "1h"}, stage="two", when="stay", period="1h"
    )
    lab.rule("add_tag", {"names": ["засиделась"]}, stage="two", when="stay", period="1h")
    lab.rule("set_field", {"values": {"day": "2026-03-10"}}, stage="two")
    lab.rule("create_task", {"text": "Завтра", "due": "1h"}, when="before", date="day", period="1d")
    lab.ready()
    found = [make_deal(alice, pipeline="lab") for _deal in range(6)]

    def back_and_forth(by: User, own: list[Deal]) -> int:
        moved = 0
        for to in ("two", "one") * 2:
            for deal in own:
                try:
                    move(fresh(deal), to, by=by, now=NOON)
                    moved += 1
                except RegulationError:
                    continue
        return moved

    def tick() -> int:
        return sum(engine.fire_due(NOON + DAY, limit=4) for _tick in range(12))

    results = at_once(
        lambda: back_and_forth(alice, found), lambda: back_and_forth(olga, found[::-1]), tick, tick
    )
    assert kinds(results) == {"int": 4}, results
    assert results[0] + results[1] > 0
    for deal in found:
        deal = fresh(deal)
        earliest = (
            deal.tasks.filter(state="open")
            .order_by("due_at")
            .values_list("due_at", flat=True)
            .first()
        )
        assert deal.next_task_at == earliest
