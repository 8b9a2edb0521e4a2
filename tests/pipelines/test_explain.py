"""Why: for every stage whether the deal may go there, for every rule what became of it."""

from __future__ import annotations

from crm.models import User
from pipelines import engine
from pipelines.explain import explain
from tests.clauses.steps import DAY, EVERYTHING, HOUR, WEEK, at_stage, fresh, move, refused
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab, allow, state


def stages(deal, user: User, now=NOON) -> dict:
    return {answer.stage.code: answer for answer in explain(deal, user=user, now=now).stages}


def test_for_every_stage_it_says_which_clauses_stand_against_the_move(alice: User) -> None:
    found = stages(make_deal(alice), alice)
    assert found["new"].is_current
    assert not found["new"].allowed
    against = {
        code: [refusal.clause for refusal in answer.refusals] for code, answer in found.items()
    }
    assert against == {
        "new": [],
        "taken": ["AX-1.2a"],
        "qualified": ["AX-1.2a", "AX-2.6"],
        "kp_sent": ["AX-1.2a", "AX-2.6", "AX-3.8"],
        "discussed": ["AX-1.2a", "AX-2.6", "AX-3.8"],
        "attempts": ["AX-1.2a", "AX-2.6", "AX-3.8"],
        "start": ["AX-1.2a", "AX-2.6", "AX-3.8"],
        "invoice": ["AX-1.2a", "AX-2.6", "AX-3.8", "AX-6.5"],
        "launched": ["AX-1.2a", "AX-2.6", "AX-3.8", "AX-6.5", "AX-7.5"],
        "refused": ["AX-9.2"],
    }


def test_what_it_answers_is_what_the_move_does(alice: User, olga: User) -> None:
    for code in ("new", "taken", "kp_sent", "refused"):
        deal = at_stage(alice, code)
        for user in (alice, olga):
            for answer in explain(deal, user=user, now=NOON).stages:
                if answer.is_current:
                    continue
                with refused() as caught:
                    move(fresh(deal), answer.stage.code, by=user)
                    raise engine.MoveRefused([])
                assert tuple(caught.value.refusals) == answer.refusals, (code, answer.stage.code)


def test_it_answers_for_the_person_who_asks(alice: User, olga: User) -> None:
    deal = at_stage(alice, "refused")
    assert not stages(deal, alice)["new"].allowed
    assert stages(deal, olga)["new"].allowed
    allow("leads", "new", "enter", "manager")
    assert not stages(deal, olga)["new"].allowed


def test_it_changes_nothing(alice: User) -> None:
    deal = at_stage(alice, "kp_sent")
    before = state(deal)
    explain(deal, user=alice, now=NOON)
    assert state(deal) == before


def rules(deal, user: User, now=NOON) -> dict:
    return {answer.rule.code: answer for answer in explain(deal, user=user, now=now).rules}


def test_for_every_rule_it_says_what_became_of_it(alice: User, lab: Lab) -> None:
    lab.rule("add_tag", {"names": ["да"]}, stage="one")
    lab.rule("add_tag", {"names": ["нет"]}, stage="one", given=(("fields", {"codes": ["note"]}),))
    lab.rule("add_tag", {"names": ["позже"]}, stage="one", when="stay", period="1d")
    lab.rule("add_tag", {"names": ["там"]}, stage="two")
    lab.rule("add_tag", {"names": ["когда"]}, when="before", date="day", period="1d")
    lab.require("never", stage="two")
    lab.ready()
    found = rules(make_deal(alice, pipeline="lab"), alice)
    assert list(found) == ["rule-1", "rule-2", "rule-3", "rule-5"]
    assert (found["rule-1"].last_run.status, found["rule-1"].unmet) == ("ok", "")
    assert found["rule-2"].last_run.status == "skipped"
    assert "Поле note" in found["rule-2"].unmet
    assert (found["rule-3"].last_run, found["rule-3"].due_at) == (None, NOON + DAY)
    assert (found["rule-5"].last_run, found["rule-5"].due_at) == (None, None)
    assert "да" in found["rule-1"].words


def test_a_rule_of_a_stage_that_was_left_is_shown_with_its_last_run(alice: User) -> None:
    deal = at_stage(alice, "taken")
    move(deal, "qualified", **EVERYTHING, now=NOON + HOUR)
    found = rules(deal, alice)
    ran = [
        answer
        for answer in found.values()
        if answer.rule.clause == "AX-2.1" and answer.rule.when == "enter"
    ]
    assert [answer.last_run.status for answer in ran] == ["ok"]
    assert [answer.due_at for answer in found.values() if answer.rule.clause == "AX-9.7"] == [
        NOON + 8 * WEEK
    ]


def test_a_condition_that_breaks_is_said_and_is_no_broken_page(alice: User, lab: Lab, ask) -> None:
    def broken(context, params):
        raise ZeroDivisionError

    ask("broken", broken)
    lab.rule("add_tag", {"names": ["да"]}, stage="one", given=(("broken", {}),))
    lab.ready()
    (answer,) = rules(make_deal(alice, pipeline="lab"), alice).values()
    assert "ZeroDivisionError" in answer.unmet
    assert answer.last_run.status == "failed"


def test_a_task_is_named_by_its_text_and_not_by_its_code(alice: User, lab: Lab) -> None:
    lab.rule("create_task", {"text": "Позвонить", "code": "ring", "due": "1d"}, stage="one")
    lab.rule("create_task", {"text": "Набрать", "code": "ring", "due": "1d"}, stage="two")
    lab.rule("cancel_tasks", {"codes": ["ring", "by_hand"]}, stage="one")
    lab.ready()
    said = [answer.words for answer in rules(make_deal(alice, pipeline="lab"), alice).values()]
    assert any("«Позвонить», «Набрать», by_hand" in words for words in said)
    assert not any("ring" in words for words in said)
