"""What a person chooses: an outcome of a task asks its questions and does the rest, an offer is taken once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm.models import Deal, User
from crm.planning import tasks
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, MoveRefused, RegulationError
from pipelines.models import Event, RuleRun
from tests.clauses.steps import (
    DAY,
    at_stage,
    call_task,
    choose,
    fresh,
    move,
    offers,
    refused,
    take,
    task_of,
)
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab


def lab_deal(owner: User, **kwargs) -> Deal:
    return make_deal(owner, pipeline="lab", **kwargs)


# ── Outcomes ───────────────────────────────────────────────────────────────────


def test_an_outcome_whose_move_is_refused_leaves_the_task_open_and_changes_nothing(
    alice: User,
) -> None:
    deal = at_stage(alice, "kp_sent")
    # The start is entered freely; what it skips has no fields. So the contract is made a condition of it.
    task = task_of(deal, "objections")
    before = (
        Deal.objects.filter(pk=deal.pk).values().get(),
        deal.events.count(),
        RuleRun.objects.count(),
    )
    from pipelines.models import Rule, Stage
    from tests.pipelines.lab import restamp

    start = Stage.objects.get(pipeline__code="leads", code="start")
    Rule.objects.create(
        pipeline=start.pipeline, stage=start, code="test", clause="L-1", effect="require",
        name="fields", params={"codes": ["city"]},
    )  # fmt: skip
    restamp("leads")
    with refused(MoveRefused) as caught:
        choose(task, "agreed")
    assert caught.value.fields == ["city"]
    assert fresh(task).state == "open"
    assert before == (
        Deal.objects.filter(pk=deal.pk).values().get(),
        deal.events.count(),
        RuleRun.objects.count(),
    )
    # The form that appears asks for the field and chooses the same outcome again.
    choose(task, "agreed", city="Минск")
    assert (fresh(task).state, fresh(deal).stage.code, fresh(deal).values["city"]) == (
        "done",
        "start",
        "Минск",
    )


def test_an_outcome_for_a_finished_task_is_refused(alice: User) -> None:
    deal = at_stage(alice, "kp_sent")
    task = task_of(deal, "objections")
    choose(task, "discussed_kp")
    events = deal.events.count()
    for verb in (
        lambda: choose(task, "agreed"),
        lambda: tasks.complete_task(
            fresh(task), result="ещё раз", by=Actor.person(alice), now=NOON
        ),
        lambda: tasks.postpone_task(
            fresh(task), due_at=NOON + DAY, by=Actor.person(alice), now=NOON
        ),
        lambda: tasks.cancel_task(fresh(task), by=Actor.person(alice), now=NOON),
    ):
        with refused(tasks.TaskGone):
            verb()
    assert deal.events.count() == events


@pytest.mark.parametrize(
    "code", ["", "nonsense", "closing_confirmed", "kp_mailed", "\x00", "я" * 10_000]
)
def test_an_unknown_outcome_or_one_of_other_tasks_is_refused(alice: User, code: str) -> None:
    deal = at_stage(alice, "kp_sent")
    with refused(RegulationError):
        choose(task_of(deal, "objections"), code)
    assert fresh(deal).stage.code == "kp_sent"


def test_a_task_of_no_deal_has_no_outcomes(alice: User) -> None:
    by = Actor.person(alice)
    task = tasks.create_task(
        text="Купить бумагу", due_at=NOON + DAY, owner=alice, by=by, now=NOON, kind="call"
    )
    assert tasks.task_outcomes(task, None) == []
    with refused():
        choose(task, "no_answer")
    assert tasks.complete_task(task, result="куплена", by=by, now=NOON).state == "done"


def test_a_question_that_must_be_answered_is_asked_for(alice: User, lab: Lab) -> None:
    outcome = lab.scenario("met", asks={"where": "text"}, result="встретились")
    outcome.questions.update(required=True)
    lab.rule(
        "add_tag",
        {"names": ["встреча"]},
        scenario=outcome,
        given=(("answered", {"code": "where"}),),
    )
    lab.ready()
    task = call_task(lab_deal(alice))
    with refused(BadAnswer) as caught:
        choose(task, "met", where="")
    assert list(caught.value.errors) == ["where"]
    choose(task, "met", where="в \x00кафе\ud800")
    entry = Event.objects.get(verb="scenario.chosen")
    assert entry.data["answers"] == {"where": "в кафе"}


def test_an_endless_answer_is_refused_by_a_sentence(alice: User, lab: Lab) -> None:
    lab.scenario("met", asks={"where": "text"}, result="встретились")
    lab.ready()
    with refused(BadAnswer) as caught:
        choose(call_task(lab_deal(alice)), "met", where="я" * 20_001)
    assert list(caught.value.errors) == ["where"]


# ── Offers ─────────────────────────────────────────────────────────────────────


def test_an_offer_is_taken_once(alice: User) -> None:
    deal = at_stage(alice, "qualified")
    choose(task_of(deal, "send_kp"), "kp_mailed")
    (offer,) = offers(deal)
    take(offer, by=alice)
    with refused():
        take(offer, by=alice)
    assert deal.events.filter(verb="offer.taken").count() == 1


def test_an_offer_refused_still_stands(alice: User) -> None:
    deal = at_stage(alice, "qualified")
    choose(task_of(deal, "send_kp"), "kp_mailed")
    (offer,) = offers(deal)
    with refused(MoveRefused):
        take(offer, by=alice, budget="0")
    assert offers(deal) == [offer]
    assert not deal.events.filter(verb="offer.taken").exists()


def test_an_offer_lapses_when_the_deal_goes_elsewhere(alice: User) -> None:
    deal = at_stage(alice, "qualified")
    choose(task_of(deal, "send_kp"), "kp_mailed")
    (offer,) = offers(deal)
    move(deal, "start")
    assert offer not in offers(deal)
    with refused():
        take(offer, by=alice)
    assert fresh(deal).stage.code == "start"


def test_the_same_offer_stands_once(alice: User, lab: Lab) -> None:
    lab.rule("offer_move", {"to": "won", "text": "Выиграть"}, when="on", verb="note.written")
    lab.ready()
    from crm import deals

    deal = lab_deal(alice)
    for _time in range(2):
        deals.write_note(deal, text="да", by=Actor.person(alice), now=NOON)
    assert len(offers(deal)) == 1


def test_a_deal_sent_back_goes_where_it_came_from(alice: User, lab: Lab) -> None:
    lab.rule("move_back", stage="lost", when="stay", period="1h")
    lab.ready()
    deal = lab_deal(alice)
    move(deal, "two")
    move(deal, "lost")
    engine.fire_due(NOON + timedelta(hours=1))
    assert fresh(deal).stage.code == "two"


def test_an_outcome_that_closes_a_deal_asks_what_closing_it_by_hand_asks(alice: User) -> None:
    """A rule acting on a person's choice is no way around the requirements on persons (AX-9.4)."""
    deal = make_deal(alice, now=NOON)
    rule = catalog.by_code("leads").rules_of("choose", "do", scenario="thinks")[0]
    with pytest.raises(MoveRefused) as refused:
        engine.move(
            deal,
            to="refused",
            by=Actor.person(alice).through(rule.id),
            now=NOON,
            answers={"refusal_reason": "unreached"},
        )
    assert "AX-9.4" in {refusal.clause for refusal in refused.value.refusals}
