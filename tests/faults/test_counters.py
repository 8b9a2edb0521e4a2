"""The board's counters are the counted truth, whatever happens at once."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from django.db.models import Count, Sum

from crm import deals
from crm.board import totals
from crm.models import Deal, StageTotal, User
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from tests.clauses.steps import fresh, move
from tests.factories import NOON, make_deal
from tests.faults.threads import at_once
from tests.pipelines.lab import Lab

pytestmark = pytest.mark.django_db(transaction=True)


def counted(owners: list[User] | None = None) -> dict[int, tuple[int, Decimal]]:
    found = Deal.objects.filter(archived_at=None)
    if owners is not None:
        found = found.filter(owner__in=owners)
    return {
        row["stage"]: (row["n"], row["s"])
        for row in found.values("stage").annotate(n=Count("pk"), s=Sum("budget"))
    }


def kept(owners: list[User] | None = None) -> dict[int, tuple[int, Decimal]]:
    stages = [stage.id for pipeline in catalog.pipelines() for stage in pipeline.stages]
    ids = None if owners is None else [owner.pk for owner in owners]
    return {stage: tuple(total) for stage, total in totals.stage_totals(stages, ids).items()}


def test_under_opens_moves_edits_archives_and_hand_overs_at_once_the_counters_stay_true(
    alice: User, bob: User, lab: Lab
) -> None:
    lab.ready()
    common = [make_deal(alice, pipeline="lab", answers={"budget": "100"}) for _deal in range(6)]

    def work(seed: int, owner: User, other: User) -> int:
        dice, own, done = random.Random(seed), list(common), 0
        for _step in range(14):
            deal = fresh(dice.choice(own))
            by = Actor.person(owner)
            try:
                match dice.randrange(6):
                    case 0:
                        own.append(
                            make_deal(
                                owner, pipeline="lab", contact=None, answers={"budget": "50,25"}
                            )
                        )
                    case 1 | 2:
                        move(
                            deal,
                            dice.choice(["one", "two", "three", "won"]),
                            by=owner,
                            budget=str(dice.randrange(999)),
                        )
                    case 3:
                        deals.edit_deal(
                            deal, {"budget": str(dice.randrange(9999))}, by=by, now=NOON
                        )
                    case 4:
                        deals.assign_deal(deal, owner=dice.choice([owner, other]), by=by, now=NOON)
                    case 5:
                        if len(own) > 4:
                            deals.archive_deal(deal, by=by, now=NOON)
                done += 1
            except RegulationError:
                continue
        return done

    def fold() -> int:
        return sum(totals.compact() for _time in range(10))

    results = at_once(lambda: work(1, alice, bob), lambda: work(2, bob, alice), fold, fold)
    assert all(isinstance(result, int) for result in results), results
    assert results[0] > 7
    assert kept() == counted()
    assert kept([bob]) == counted([bob])

    totals.compact()
    assert kept() == counted()
    assert (
        StageTotal.objects.count()
        == Deal.objects.filter(archived_at=None).values("stage", "owner").distinct().count()
    )
