"""Breaches of the regulation: recorded once, explained, excused, never deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.db.models import ProtectedError
from django.test.utils import CaptureQueriesContext

from crm.models import Deal, User
from pipelines import engine, violations
from pipelines.actor import SYSTEM, Actor
from pipelines.errors import BadAnswer
from pipelines.models import Event, KeptForGood, Rule, RuleRun, Timer, Violation
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab

pytestmark = pytest.mark.django_db


@pytest.fixture
def late(lab: Lab, alice: User) -> Rule:
    """Fifteen minutes of working time on the first stage, and it is a violation."""
    rule = lab.rule(
        "record_violation",
        {"text": "Не связались вовремя"},
        stage="one",
        when="stay",
        period="15m working",
    )
    lab.ready()
    return rule


def breach(deal: Deal, culprit: User, **kwargs: Any) -> Violation:
    found = violations.record(
        deal,
        **{"clause": "L-9", "culprit": culprit, "occasion": "test", "by": SYSTEM, "now": NOON}
        | kwargs,
    )
    assert found is not None
    return found


def test_time_that_ran_out_is_recorded_as_a_violation_of_the_responsible(
    late: Rule, alice: User
) -> None:
    deal = make_deal(alice, pipeline="lab")
    engine.fire_due(NOON + timedelta(minutes=14))
    assert not Violation.objects.exists()
    engine.fire_due(NOON + timedelta(minutes=15))
    found = Violation.objects.get()
    assert (found.deal, found.culprit, found.clause, found.rule) == (deal, alice, late.clause, late)
    assert (found.text, found.allowed, found.over) == ("Не связались вовремя", "15m working", None)
    assert found.event is not None
    assert found.event.verb == engine.TIMER_FIRED
    told = Event.objects.get(verb="violation.recorded")
    assert told.data["clause"] == late.clause
    assert told.data["culprit"] == str(alice)


def test_a_tick_that_comes_late_says_by_how_much_in_the_time_that_the_rule_counts(
    late: Rule, alice: User
) -> None:
    make_deal(alice, pipeline="lab")
    engine.fire_due(NOON + timedelta(days=1))
    found = Violation.objects.get()
    # From 10:15 till 18:00 and from 9:00 till 10:00 the next day: the office, not the night.
    assert found.over is not None
    assert found.over < timedelta(hours=12)


def test_a_tick_costs_no_statement_a_violation(late: Rule, alice: User) -> None:
    def statements(deals: int) -> int:
        for _number in range(deals):
            make_deal(alice, pipeline="lab")
        with CaptureQueriesContext(connection) as captured:
            assert engine.fire_due(NOON + timedelta(minutes=15)) == deals
        return len(captured)

    few, many = statements(5), statements(25)
    assert Violation.objects.count() == 30
    # Two of a savepoint, perhaps; not twenty inserts.
    assert many <= few + 3


def test_who_left_in_time_broke_nothing(late: Rule, alice: User) -> None:
    deal = make_deal(alice, pipeline="lab")
    engine.move(deal, to="two", by=Actor.person(alice), now=NOON + timedelta(minutes=10))
    engine.fire_due(NOON + timedelta(hours=1))
    assert not Violation.objects.exists()


def test_a_rule_records_one_violation_an_occasion_even_run_again(late: Rule, alice: User) -> None:
    make_deal(alice, pipeline="lab")
    engine.fire_due(NOON + timedelta(minutes=20))
    Timer.objects.update(state=Timer.State.ARMED)
    engine.fire_due(NOON + timedelta(minutes=30))
    assert Violation.objects.count() == 1
    assert RuleRun.objects.filter(rule=late, status="ok").count() == 1


def test_the_database_holds_one_violation_an_occasion(lab: Lab, alice: User) -> None:
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    first = breach(deal, alice)
    assert (
        violations.record(deal, clause="L-9", culprit=alice, occasion="test", by=SYSTEM, now=NOON)
        is None
    )
    with pytest.raises(DatabaseError, match="one_violation_an_occasion"), transaction.atomic():
        Violation.objects.create(
            deal=deal,
            pipeline_id=deal.pipeline_id,
            clause="L-9",
            culprit=alice,
            occasion=first.occasion,
            at=NOON,
        )


def test_a_guard_that_measures_says_by_how_much(lab: Lab, alice: User, ask: Any) -> None:
    def long_talk(context: Any, params: Any) -> None:
        context.seen["over_seconds"] = context.event.data["seconds"] - 600

    ask("long_talk", long_talk)
    lab.rule(
        "record_violation",
        {"whom": "author"},
        when="on",
        verb="call.answered",
        given=(("long_talk", {}),),
    )
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    engine.record(
        "call.answered", deal=deal, by=Actor.person(alice), now=NOON, data={"seconds": 700}
    )
    assert Violation.objects.get().over == timedelta(seconds=100)


def test_whoever_did_it_is_the_culprit_where_the_rule_says_so(
    lab: Lab, alice: User, olga: User
) -> None:
    lab.rule("record_violation", {"whom": "author"}, when="on", verb="call.answered")
    lab.rule("record_violation", {"whom": "head"}, when="on", verb="call.answered")
    lab.rule("record_violation", when="on", verb="call.answered")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    engine.record("call.answered", deal=deal, by=Actor.person(olga), now=NOON)
    assert [row.culprit for row in Violation.objects.order_by("rule__position")] == [
        olga,
        olga,
        alice,
    ]


def test_a_violation_that_a_failed_rule_recorded_never_was(lab: Lab, alice: User, act: Any) -> None:
    def boom(context: Any, params: Any) -> None:
        raise ValueError("broken")

    act("boom", boom)
    lab.rule("boom", when="on", verb="violation.recorded")
    lab.rule("record_violation", when="on", verb="call.answered")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    engine.record("call.answered", deal=deal, by=Actor.person(alice), now=NOON)
    # The rule that hears of it fails alone.
    assert Violation.objects.count() == 1
    assert RuleRun.objects.filter(status="failed").count() == 1


def test_a_violation_is_explained_again_until_it_is_excused(lab: Lab, alice: User) -> None:
    lab.ready()
    found = breach(make_deal(alice, pipeline="lab"), alice)
    assert found.state == "open"
    violations.explain(found, text="Был на встрече", by=Actor.person(alice), now=NOON)
    violations.explain(found, text="Был на встрече, и сел телефон", by=SYSTEM, now=NOON)
    found.refresh_from_db()
    assert (found.state, found.explanation) == ("explained", "Был на встрече, и сел телефон")
    assert [event.data["text"] for event in Event.objects.filter(verb="violation.explained")] == [
        "Был на встрече",
        "Был на встрече, и сел телефон",
    ]
    violations.excuse(found, text="Встреча была", by=Actor.person(alice), now=NOON)
    found.refresh_from_db()
    assert (found.state, found.excuse, found.excused_by) == ("excused", "Встреча была", alice)
    with pytest.raises(violations.AlreadyExcused):
        violations.explain(found, text="И ещё", by=Actor.person(alice), now=NOON)
    with pytest.raises(violations.AlreadyExcused):
        violations.excuse(found, text="И ещё", by=Actor.person(alice), now=NOON)


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_an_explanation_and_an_excuse_have_words(lab: Lab, alice: User, text: str) -> None:
    lab.ready()
    found = breach(make_deal(alice, pipeline="lab"), alice)
    for verb in (violations.explain, violations.excuse):
        with pytest.raises(BadAnswer):
            verb(found, text=text, by=Actor.person(alice), now=NOON)
    assert not Event.objects.filter(verb__startswith="violation.e").exists()


def test_nobody_deletes_a_violation(lab: Lab, alice: User) -> None:
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    found = breach(deal, alice)
    with pytest.raises(KeptForGood):
        found.delete()
    with pytest.raises(KeptForGood):
        Violation.objects.all().delete()
    with pytest.raises(KeptForGood):
        Violation.objects.all()._raw_delete("default")
    # Around the models: the database itself.
    for query in (models.QuerySet(Violation).delete, lambda: models.Model.delete(found)):
        with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
            query()
    with pytest.raises(DatabaseError, match="never deleted"), transaction.atomic():
        connection.cursor().execute("DELETE FROM pipelines_violation")
    with pytest.raises((ProtectedError, DatabaseError)), transaction.atomic():
        deal.delete()
    with pytest.raises(ProtectedError):
        alice.delete()
    assert Violation.objects.count() == 1


def test_the_facts_of_a_violation_do_not_change(lab: Lab, alice: User, bob: User) -> None:
    lab.ready()
    found = breach(make_deal(alice, pipeline="lab"), alice)
    found.culprit = bob
    with pytest.raises(KeptForGood):
        found.save()
    with pytest.raises(KeptForGood):
        found.save(update_fields=["culprit"])
    with pytest.raises(KeptForGood):
        Violation.objects.update(culprit=bob)
    with pytest.raises(KeptForGood):
        Violation.objects.bulk_update([found], ["culprit"])
    assert Violation.objects.get().culprit == alice


def test_a_violation_outlives_its_rule(late: Rule, alice: User) -> None:
    make_deal(alice, pipeline="lab")
    engine.fire_due(NOON + timedelta(minutes=20))
    late.delete()
    found = Violation.objects.get()
    assert found.rule is None
    assert found.rule_code == late.code
    assert found.clause == late.clause
