"""Counts and sums of the board's columns."""

from __future__ import annotations

from decimal import Decimal

from crm import deals
from crm.board import totals
from crm.models import StageTotal, User
from pipelines import catalog
from pipelines.actor import Actor
from tests.clauses.steps import at_stage, move
from tests.factories import NOON, make_deal


def shown(*owners: User) -> dict[str, tuple[int, Decimal]]:
    stages = catalog.by_code("leads").stages
    found = totals.stage_totals(
        [stage.id for stage in stages], [owner.pk for owner in owners] or None
    )
    return {catalog.stage(stage).code: tuple(total) for stage, total in found.items()}


def test_each_verb_moves_the_counters(alice: User, bob: User) -> None:
    by = Actor.person(alice)
    deal = make_deal(alice, answers={"budget": "100"})
    assert shown() == {"new": (1, 100)}
    deals.edit_deal(deal, {"budget": "150,50"}, by=by, now=NOON)
    assert shown() == {"new": (1, Decimal("150.50"))}
    move(deal, "taken", platform="site", budget="200")
    assert shown() == {"taken": (1, 200)}
    deals.assign_deal(deal, owner=bob, by=by, now=NOON)
    assert (shown(alice), shown(bob)) == ({}, {"taken": (1, 200)})
    deals.archive_deal(deal, by=by, now=NOON)
    assert shown() == {}


def test_a_bulk_change_past_the_verbs_is_counted_too(alice: User) -> None:
    from crm.models import Deal

    for _deal in range(3):
        make_deal(alice)
    Deal.objects.update(budget=5)
    assert shown() == {"new": (3, 15)}


def test_folding_changes_nothing_but_the_rows(alice: User, bob: User) -> None:
    at_stage(alice, "kp_sent")
    make_deal(bob)
    before, rows = (shown(), shown(alice), shown(bob)), StageTotal.objects.count()
    assert rows > 2
    assert totals.compact() == rows
    assert StageTotal.objects.count() == 2
    assert (shown(), shown(alice), shown(bob)) == before
    assert totals.compact() == 2
    assert (shown(), StageTotal.objects.count()) == (before[0], 2)


def test_a_refused_move_counts_nothing(alice: User) -> None:
    from tests.clauses.steps import clauses_against

    deal = make_deal(alice)
    rows = StageTotal.objects.count()
    assert clauses_against(deal, "taken")
    assert (shown(), StageTotal.objects.count()) == ({"new": (1, 0)}, rows)


def test_nobodys_deals_are_no_deals(alice: User) -> None:
    make_deal(alice)
    stages = [stage.id for stage in catalog.by_code("leads").stages]
    assert totals.stage_totals(stages, []) == {}
    assert totals.stage_totals([]) == {}
