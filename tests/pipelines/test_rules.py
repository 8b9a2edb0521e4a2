"""Rules run once an occasion, each for itself; what fails is kept and can be run again."""

from __future__ import annotations

from crm.models import Deal, Task, User
from crm.planning import tasks
from pipelines import engine, rules
from pipelines.actor import SYSTEM, Actor
from pipelines.context import Context
from pipelines.models import Event, RuleRun
from tests.clauses.steps import (
    HOUR,
    at_stage,
    call_task,
    choose,
    fresh,
    move,
    refused,
    task_of,
)
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab


def boom(context, params):
    # It writes before it breaks, so that what it wrote must be taken back.
    engine.change_fields(context.deal, {"note": "наполовину"}, by=context.by, now=context.now)
    raise ZeroDivisionError("сломалось")


def lab_deal(owner: User, **kwargs) -> Deal:
    return make_deal(owner, pipeline="lab", **kwargs)


# ── Failures ───────────────────────────────────────────────────────────────────


def test_an_action_that_raises_is_kept_with_its_error_and_the_move_stands(
    alice: User, lab: Lab, act
) -> None:
    act("boom", boom)
    lab.rule("add_tag", {"names": ["до"]}, stage="two")
    lab.rule("boom", stage="two")
    lab.rule("add_tag", {"names": ["после"]}, stage="two")
    lab.ready()
    deal = move(lab_deal(alice), "two")
    assert (fresh(deal).stage.code, fresh(deal).values, deal.values) == ("two", {}, {})
    assert sorted(deal.tags.values_list("name", flat=True)) == ["до", "после"]
    run = RuleRun.objects.get(deal=deal, status="failed")
    assert (run.rule.clause, run.error) == ("L-2", "ZeroDivisionError: сломалось")
    entry = deal.events.get(verb="rule.failed")
    assert (entry.data["clause"], "сломалось" in entry.data["error"]) == ("L-2", True)
    assert deal.events.filter(verb="deal.tagged").count() == 2


def test_a_failed_rule_is_run_again_once(alice: User, administrator: User, lab: Lab, act) -> None:
    act("boom", boom)
    lab.rule("boom", stage="two")
    lab.ready()
    deal = move(lab_deal(alice), "two")
    failed = RuleRun.objects.get(deal=deal, status="failed")
    by = Actor.person(administrator)
    still = engine.retry(failed, by=by, now=NOON + HOUR)
    assert (still.status, still.occasion, still.at) == ("failed", failed.occasion, NOON + HOUR)

    act("boom", lambda context, params: {"set": "да"})
    lab.ready()
    mended = engine.retry(still, by=by, now=NOON + 2 * HOUR)
    assert (mended.status, mended.result, mended.occasion) == ("ok", {"set": "да"}, failed.occasion)
    with refused():
        engine.retry(mended, by=by, now=NOON + 3 * HOUR)
    assert RuleRun.objects.filter(deal=deal).count() == 1


def test_a_retry_for_an_archived_deal_is_refused(
    alice: User, administrator: User, lab: Lab, act
) -> None:
    from crm import deals

    act("boom", boom)
    lab.rule("boom", stage="two")
    lab.ready()
    deal = move(lab_deal(alice), "two")
    deals.archive_deal(deal, by=Actor.person(alice), now=NOON)
    with refused():
        engine.retry(RuleRun.objects.get(status="failed"), by=Actor.person(administrator), now=NOON)
    assert RuleRun.objects.filter(deal=deal, status="failed").count() == 1


def test_a_retried_rule_of_a_scenario_knows_its_task_and_its_answers(
    alice: User, administrator: User, monkeypatch
) -> None:
    from crm.planning import tasks as verbs

    deal = at_stage(alice, "kp_sent")
    real = verbs.create_task
    monkeypatch.setattr(verbs, "create_task", lambda **facts: 1 / 0)
    choose(task_of(deal, "objections"), "thinks", call_back="2026-03-20T11:00")
    assert fresh(deal).stage.code == "attempts"
    monkeypatch.setattr(verbs, "create_task", real)
    failed = RuleRun.objects.get(deal=deal, rule__clause="AX-4.7", status="failed")
    assert engine.retry(failed, by=Actor.person(administrator), now=NOON + HOUR).status == "ok"
    due_at = Task.objects.get(deal=deal, code="call_back").due_at
    assert due_at.strftime("%d.%m %H:%M") == "20.03 08:00"


def test_a_postponed_task_is_postponed_once_though_another_rule_of_the_outcome_fails(
    alice: User, lab: Lab, act
) -> None:
    act("boom", boom)
    outcome = lab.scenario("later", completes=False, result="позже")
    lab.rule("postpone_task", {"by": "1h"}, scenario=outcome)
    lab.rule("boom", scenario=outcome)
    lab.ready()
    task = choose(call_task(lab_deal(alice), due_at=NOON), "later")
    assert (fresh(task).due_at, fresh(task).revision) == (NOON + HOUR, 2)
    entry = Event.objects.get(verb="task.postponed")
    assert entry.data["from"] == NOON.isoformat()


def test_a_condition_that_raises_is_a_failed_run_and_no_broken_page(
    alice: User, lab: Lab, ask
) -> None:
    ask("broken", boom)
    lab.rule("add_tag", {"names": ["да"]}, stage="two", given=(("broken", {}),))
    lab.rule("add_tag", {"names": ["после"]}, stage="two")
    lab.ready()
    deal = move(lab_deal(alice), "two")
    assert fresh(deal).stage.code == "two"
    assert list(deal.tags.values_list("name", flat=True)) == ["после"]
    assert RuleRun.objects.get(deal=deal, rule__clause="L-1").status == "failed"


def test_a_condition_on_a_field_that_is_gone_is_a_failed_run(alice: User, lab: Lab) -> None:
    lab.rule(
        "add_tag",
        {"names": ["да"]},
        stage="two",
        given=(("choice", {"field": "note", "among": ["да"]}),),
    )
    lab.row.fields.filter(code="note").update(is_active=False)
    lab.ready()
    deal = move(lab_deal(alice), "two")
    assert RuleRun.objects.get(deal=deal).status == "failed"


def test_what_was_told_before_a_rule_failed_stays_in_the_feed_and_in_its_order(
    alice: User, lab: Lab, act
) -> None:
    """Entries wait to be inserted together: a savepoint that is rolled back must not take earlier ones along."""

    def tell_and_break(context, params):
        tasks.create_task(
            text="Пропадёт",
            due_at=NOON,
            owner=alice,
            deal=context.deal,
            by=context.by,
            now=context.now,
        )
        engine.move(context.deal, to="three", by=context.by, now=context.now)
        raise ZeroDivisionError

    act("break", tell_and_break, moves=True)
    outcome = lab.scenario("done", result="сделано")
    lab.rule("add_tag", {"names": ["сначала"]}, scenario=outcome)
    lab.rule("break", scenario=outcome)
    lab.ready()
    deal = move(lab_deal(alice), "two")
    task = call_task(deal)
    start = Event.objects.latest("pk").pk
    choose(task, "done")
    verbs = list(deal.events.filter(pk__gt=start).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["task.completed", "scenario.chosen", "deal.tagged", "rule.failed"]
    assert fresh(deal).stage.code == "two"


# ── Once an occasion ───────────────────────────────────────────────────────────


def test_a_rule_runs_at_most_once_for_an_occasion(alice: User, lab: Lab, act) -> None:
    ran = []
    act("count", lambda context, params: ran.append(context.rule.code) or {"note": "да"})
    row = lab.rule("count", stage="two")
    pipeline = lab.ready()
    deal = lab_deal(alice)
    rule = pipeline.rule(row.pk)
    context = Context(deal=deal, pipeline=pipeline, by=SYSTEM, now=NOON)
    assert [run.status for run in rules.run([rule], context, "enter:1")] == ["ok"]
    assert rules.run([rule], context, "enter:1") == []
    assert [run.status for run in rules.run([rule], context, "enter:2")] == ["ok"]
    assert RuleRun.objects.filter(deal=deal, rule=row).count() == 2


def test_what_a_repeated_rule_did_is_taken_back(alice: User, lab: Lab) -> None:
    row = lab.rule("create_task", {"text": "Позвонить", "due": "1h"}, stage="two")
    pipeline = lab.ready()
    deal = lab_deal(alice)
    context = Context(deal=deal, pipeline=pipeline, by=SYSTEM, now=NOON)
    for _time in range(3):
        rules.run([pipeline.rule(row.pk)], context, "enter:1")
    assert deal.tasks.count() == 1


def test_entering_a_stage_again_is_another_occasion(alice: User, lab: Lab) -> None:
    lab.rule("create_task", {"text": "Позвонить", "due": "1h"}, stage="two")
    lab.ready()
    deal = lab_deal(alice)
    for to in ("two", "one", "two"):
        move(deal, to)
    assert deal.tasks.count() == 2


def test_a_rule_that_does_not_apply_is_kept_with_the_condition_that_failed(
    alice: User, lab: Lab
) -> None:
    lab.rule("add_tag", {"names": ["да"]}, stage="two", given=(("fields", {"codes": ["note"]}),))
    lab.rule("add_tag", {"names": ["нет"]}, stage="two", unless=(("by", {"who": "person"}),))
    lab.rule("add_tag", {"names": ["есть"]}, stage="two", given=(("by", {"who": "system"}),))
    lab.ready()
    deal = move(lab_deal(alice), "two")
    first, second, third = RuleRun.objects.filter(deal=deal).order_by("rule__position")
    assert (first.status, "Поле note" in first.error, first.values) == (
        "skipped",
        True,
        {"note": None},
    )
    # Whose move it was counts, also for the rules that it sets off.
    assert (second.status, third.status) == ("skipped", "skipped")


def test_a_run_keeps_the_values_it_saw_and_its_result(alice: User, lab: Lab) -> None:
    lab.rule(
        "set_field",
        {"values": {"day": "2026-04-01"}},
        stage="two",
        given=(("fields", {"codes": ["note"]}),),
    )
    lab.ready()
    deal = lab_deal(alice)
    move(deal, "two", note="да")
    run = RuleRun.objects.get(deal=deal)
    assert (run.values, run.result, run.cause.verb) == (
        {"note": "да"},
        {"fields": {"day": [None, "2026-04-01"]}},
        "deal.moved",
    )


def test_what_one_rule_did_the_next_ones_condition_sees(alice: User, lab: Lab) -> None:
    lab.rule(
        "add_tag", {"names": ["горячий"]}, stage="two", unless=(("tagged", {"name": "горячий"}),)
    )
    lab.rule(
        "add_tag", {"names": ["второй"]}, stage="two", given=(("tagged", {"name": "Горячий"}),)
    )
    lab.ready()
    deal = move(lab_deal(alice), "two")
    assert sorted(deal.tags.values_list("name", flat=True)) == ["второй", "горячий"]


def test_a_rule_that_moves_the_deal_runs_after_the_others_of_its_occasion(
    alice: User, lab: Lab
) -> None:
    lab.rule("move", {"to": "three"}, stage="two")
    lab.rule(
        "add_tag",
        {"names": ["был на двух"]},
        stage="two",
        given=(("from_stage", {"codes": ["one"]}),),
    )
    lab.ready()
    deal = move(lab_deal(alice), "two")
    assert (fresh(deal).stage.code, deal.tags.count()) == ("three", 1)
    verbs = list(deal.events.order_by("pk").values_list("verb", flat=True))
    assert verbs.index("deal.tagged") < len(verbs) - 1 - verbs[::-1].index("deal.moved")


# ── Loops ──────────────────────────────────────────────────────────────────────


def test_two_stages_that_move_to_each_other_are_stopped_and_marked(alice: User, lab: Lab) -> None:
    lab.rule("move", {"to": "three"}, stage="two")
    lab.rule("move", {"to": "two"}, stage="three")
    lab.ready()
    deal = move(lab_deal(alice), "two")
    looped = RuleRun.objects.get(deal=deal, status="looped")
    assert deal.events.filter(verb="deal.moved").count() == rules.DEPTH_LIMIT + 1
    assert deal.events.get(verb="rule.failed").data["clause"] == looped.rule.clause
    assert fresh(deal).stage.code in ("two", "three")
    assert fresh(deal).stage_id == deal.stage_id


def test_a_rule_that_hears_what_it_does_itself_is_stopped(alice: User, lab: Lab, act) -> None:
    def another_note(context, params):
        from crm import deals

        deals.write_note(context.deal, text="ещё", by=context.by, now=context.now)

    act("note", another_note)
    lab.rule("note", when="on", verb="note.written")
    lab.ready()
    deal = lab_deal(alice)
    another_note(Context(deal=deal, pipeline=lab.ready(), by=Actor.person(alice), now=NOON), None)
    assert RuleRun.objects.filter(deal=deal, status="looped").count() == 1
    assert deal.events.filter(verb="note.written").count() == rules.DEPTH_LIMIT + 1


def test_each_event_names_the_event_that_caused_it(alice: User, lab: Lab) -> None:
    lab.rule("move", {"to": "three"}, stage="two")
    lab.rule("create_task", {"text": "Позвонить", "due": "1h"}, stage="three")
    lab.ready()
    deal = move(lab_deal(alice), "two")
    first, second = deal.events.filter(verb="deal.moved").order_by("pk")
    created = deal.events.get(verb="task.created")
    assert (first.cause, second.cause, created.cause) == (None, first, second)
