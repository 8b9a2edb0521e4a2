"""What the rules of one tick set off is heard together, and only what really happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Deal, User
from pipelines import engine, registry
from pipelines.models import RuleRun
from tests.clauses.steps import DAY
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab

VERB = "test.heard"


@pytest.fixture
def telling(
    act: Callable[..., None], lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., None]:
    """A day after its creation a deal tells something, which sets a task; one named «плохая» fails after telling."""
    monkeypatch.setitem(registry.verbs, VERB, registry.Verb(VERB, VERB))

    def tell(context: Any, params: Any) -> None:
        engine.record(VERB, deal=context.deal, by=context.by, now=context.now)
        if context.deal.name.startswith("Плохая"):
            raise ValueError("не вышло")

    act("tell", tell)
    lab.rule("tell", when="after", date="created", period="1d")
    lab.rule("create_task", {"text": "Услышали", "due": "1h"}, when="on", verb=VERB)
    lab.ready()
    return tell


def deals(alice: User, *names: str) -> list[Deal]:
    return [make_deal(alice, pipeline="lab", name=name, phone="", email="") for name in names]


def test_what_a_batch_tells_is_heard_by_every_deal_once(alice: User, telling: Any) -> None:
    found = deals(alice, "Одна", "Другая", "Третья")
    assert engine.fire_due(NOON + DAY) == 3
    assert [deal.tasks.count() for deal in found] == [1, 1, 1]
    assert RuleRun.objects.filter(status="ok").count() == 6
    run = RuleRun.objects.filter(deal=found[0], rule__name="create_task").get()
    assert run.cause.verb == VERB


def test_what_a_failed_rule_told_is_not_heard_and_the_others_of_its_batch_are(
    alice: User, telling: Any
) -> None:
    found = deals(alice, "Одна", "Плохая", "Третья")
    engine.fire_due(NOON + DAY)
    assert [deal.tasks.count() for deal in found] == [1, 0, 1]
    assert RuleRun.objects.filter(deal=found[1]).get().status == "failed"
    assert not found[1].events.filter(verb=VERB).exists()


def test_more_deals_cost_no_more_savepoints(alice: User, telling: Any) -> None:
    def savepoints(*names: str) -> int:
        deals(alice, *names)
        with CaptureQueriesContext(connection) as seen:
            engine.fire_due(NOON + DAY)
        return sum(query["sql"].startswith("SAVEPOINT") for query in seen)

    assert savepoints("Одна") == savepoints("Две", "Три", "Четыре", "Пять")
