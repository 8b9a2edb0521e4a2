"""Outcomes pressed in two windows at once."""

from __future__ import annotations

from collections import Counter

import pytest

from crm.models import User
from crm.planning import tasks
from pipelines.actor import Actor
from pipelines.models import StageChange
from tests.clauses.idrive import lead, open_task
from tests.clauses.steps import DAY, choose, fresh
from tests.factories import NOON
from tests.faults.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("idrive")]


def test_the_fourth_no_answer_pressed_in_two_windows_counts_once(alice: User) -> None:
    deal = lead(alice)
    for number in range(3):
        choose(open_task(deal), "no_answer", now=NOON + number * DAY)
    windows = [fresh(open_task(deal)) for _window in range(2)]
    results = at_once(
        *(
            lambda task=task: tasks.choose_outcome(
                task,
                "no_answer",
                by=Actor.person(alice),
                now=NOON + 3 * DAY,
                answers={},
                revision=task.revision,
            )
            for task in windows
        )
    )
    assert Counter(type(result).__name__ for result in results) == {"Task": 1, "TaskGone": 1}
    deal = fresh(deal)
    assert (deal.stage.code, deal.values["touches"]) == ("not_target", "4")
    assert deal.events.filter(verb="scenario.chosen").count() == 4
    assert StageChange.objects.filter(deal=deal, to_stage__code="not_target").count() == 1


def test_two_outcomes_of_one_task_at_once_are_one(alice: User) -> None:
    deal = lead(alice)
    mine, hers = fresh(open_task(deal)), fresh(open_task(deal))
    by = Actor.person(alice)
    results = at_once(
        lambda: tasks.choose_outcome(mine, "no_answer", by=by, now=NOON, answers={}),
        lambda: tasks.choose_outcome(
            hers, "off_target", by=by, now=NOON,
            answers={"not_target_reason": "age", "result": "15 лет"},
        ),
    )  # fmt: skip
    assert sorted(type(result).__name__ for result in results) == ["Task", "TaskGone"]
    assert fresh(deal).events.filter(verb="scenario.chosen").count() == 1
    assert fresh(deal).stage.code in ("no_touch", "not_target")
