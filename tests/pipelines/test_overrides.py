"""A role named in the rule passes a guard once, with a reason and a day by which it is put right."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, transaction

from crm.models import Deal, Task, User
from crm.planning import tasks
from pipelines import engine, explain, overrides, playbook
from pipelines.actor import SYSTEM, Actor
from pipelines.errors import BadAnswer, MoveRefused
from pipelines.models import Event, KeptForGood, Override, Pipeline, Rule, RuleRun
from pipelines.overrides import Pledge
from tests.factories import NOON, make_deal
from tests.pipelines.admin_forms import form_data
from tests.pipelines.lab import Lab, allow
from tests.pipelines.playbook_files import CAKES, changed, write

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 10)
PLEDGE = Pledge("Клиент пришлёт договор завтра", TODAY + timedelta(days=3))


@pytest.fixture
def guarded(lab: Lab) -> Lab:
    """Stage two asks for the note; a head may pass it."""
    lab.require("fields", {"codes": ["note"]}, stage="two", overridable_by=["head"])
    lab.ready()
    return lab


@pytest.fixture
def deal(guarded: Lab, alice: User, olga: User) -> Deal:
    return make_deal(alice, pipeline="lab")


def move(deal: Deal, by: User, pledge: Pledge | None = PLEDGE, **kwargs: Any) -> Any:
    return engine.move(
        deal, to=kwargs.pop("to", "two"), by=Actor.person(by), now=NOON, pledge=pledge, **kwargs
    )


def test_the_named_role_passes_once_with_a_reason_and_a_day(deal: Deal, olga: User) -> None:
    move(deal, olga)
    assert deal.stage.code == "two"
    found = Override.objects.get()
    assert (found.deal, found.by, found.clause, found.rule_code) == (deal, olga, "L-1", "rule-1")
    assert (found.reason, found.until) == (PLEDGE.reason, PLEDGE.until)
    assert "Поле note" in found.message
    told = Event.objects.get(verb="rule.overridden")
    assert found.event == told
    assert told.data["clause"] == "L-1"
    assert told.data["text"] == PLEDGE.reason
    task = Task.objects.get(text__contains="Поле note")
    assert found.task == task
    assert (task.owner, task.deal, task.all_day) == (olga, deal, True)
    assert task.due_at.date() == PLEDGE.until


def test_it_is_for_one_move_only(deal: Deal, olga: User) -> None:
    move(deal, olga)
    engine.move(deal, to="one", by=Actor.person(olga), now=NOON)
    with pytest.raises(MoveRefused):
        move(deal, olga, pledge=None)
    assert Override.objects.count() == 1


def test_who_is_not_named_does_not_pass(deal: Deal, alice: User) -> None:
    with pytest.raises(MoveRefused) as refused:
        move(deal, alice)
    assert [refusal.overridable_by for refusal in refused.value.refusals] == [("head",)]
    deal.reload()
    assert deal.stage.code == "one"
    assert not Override.objects.exists()
    assert not Event.objects.filter(verb="rule.overridden").exists()


def test_an_administrator_passes_what_anybody_may_pass(deal: Deal, administrator: User) -> None:
    move(deal, administrator)
    assert Override.objects.get().by == administrator


def test_nobody_passes_a_rule_that_names_nobody(
    guarded: Lab, alice: User, administrator: User, olga: User
) -> None:
    guarded.require("never", {"why": "Никогда"}, stage="two")
    guarded.ready()
    deal = make_deal(alice, pipeline="lab")
    for person in (olga, administrator):
        with pytest.raises(MoveRefused) as refused:
            move(deal, person)
        # All that stands against it is told, what he could have passed included.
        assert [refusal.clause for refusal in refused.value.refusals] == ["L-1", "L-2"]
    assert not Override.objects.exists()


def test_two_rules_that_say_the_same_are_both_passed_or_none(
    guarded: Lab, alice: User, olga: User
) -> None:
    # The skipped stage asks for the same field under the same words, and lets nobody pass.
    guarded.require("fields", {"codes": ["note"]}, stage="three")
    row = guarded.row.rules.get(code="rule-2")
    row.clause = "L-1"
    row.save()
    guarded.ready()
    deal = make_deal(alice, pipeline="lab")
    with pytest.raises(MoveRefused):
        move(deal, olga, to="three")
    row.overridable_by = ["head"]
    row.save()
    guarded.ready()
    move(deal, olga, to="three")
    assert sorted(Override.objects.values_list("rule_code", flat=True)) == ["rule-1", "rule-2"]
    # One thing is to be put right.
    assert Task.objects.filter(text__contains="Поле note").count() == 1


def test_a_stage_right_is_no_rule_to_pass(guarded: Lab, alice: User, olga: User) -> None:
    allow("lab", "two", "enter", "robot")
    deal = make_deal(alice, pipeline="lab")
    with pytest.raises(MoveRefused, match=r"роль|role"):
        move(deal, olga)


@pytest.mark.parametrize(
    ("pledge", "wrong"),
    [
        (Pledge("", TODAY), {"override_reason"}),
        (Pledge("  ", None), {"override_reason", "override_until"}),
        (Pledge("потом", None), {"override_until"}),
        (Pledge("потом", TODAY - timedelta(days=1)), {"override_until"}),
        (Pledge("потом", TODAY + timedelta(days=367)), {"override_until"}),
        (Pledge("п" * 2001, TODAY), {"override_reason"}),
    ],
)
def test_nothing_passes_without_a_reason_and_a_day(
    deal: Deal, olga: User, pledge: Pledge, wrong: set[str]
) -> None:
    with pytest.raises(BadAnswer) as bad:
        move(deal, olga, pledge)
    assert set(bad.value.errors) == wrong
    assert deal.stage.code == "one"
    assert not Override.objects.exists()


def test_today_and_a_year_from_now_are_days(deal: Deal, olga: User) -> None:
    move(deal, olga, Pledge("сегодня", TODAY))
    engine.move(deal, to="one", by=Actor.person(olga), now=NOON)
    move(deal, olga, Pledge("через год", TODAY + timedelta(days=366)))
    assert Override.objects.count() == 2


def test_where_nothing_stands_against_the_move_a_pledge_is_nothing(deal: Deal, olga: User) -> None:
    move(deal, olga, answers={"note": "есть"})
    assert not Override.objects.exists()
    assert not Task.objects.filter(deal=deal, created_by=olga).exists()


def test_neither_the_system_nor_a_rule_passes(deal: Deal, olga: User) -> None:
    for by in (SYSTEM, Actor.person(olga).through(1)):
        with pytest.raises(MoveRefused):
            engine.move(deal, to="two", by=by, now=NOON, pledge=PLEDGE)


def test_a_rule_that_cancels_tasks_on_entering_leaves_the_promise(
    guarded: Lab, alice: User, olga: User
) -> None:
    guarded.rule("cancel_tasks", {"codes": []}, stage="two")
    guarded.ready()
    deal = make_deal(alice, pipeline="lab")
    tasks.create_task(
        text="Старая", due_at=NOON, owner=alice, deal=deal, by=Actor.person(alice), now=NOON
    )
    move(deal, olga)
    assert [task.text for task in Task.objects.open()] == [Override.objects.get().task.text]  # type: ignore[union-attr]
    deal.reload()
    assert deal.next_task_at is not None


def test_the_task_stands_where_tasks_by_hand_are_refused(
    guarded: Lab, alice: User, olga: User
) -> None:
    guarded.require("never", {}, stage="two", when="task")
    guarded.ready()
    deal = make_deal(alice, pipeline="lab")
    move(deal, olga)
    assert Override.objects.get().task is not None


def test_rules_hear_that_a_guard_was_passed(guarded: Lab, alice: User, olga: User) -> None:
    guarded.rule("add_tag", {"names": ["обход"]}, when="on", verb="rule.overridden")
    guarded.ready()
    deal = make_deal(alice, pipeline="lab")
    move(deal, olga)
    assert [tag.name for tag in deal.tags.all()] == ["обход"]
    assert RuleRun.objects.filter(status="ok", rule__name="add_tag").count() == 1


def test_why_says_who_may_pass(deal: Deal, alice: User) -> None:
    [answer] = [
        answer
        for answer in explain.stage_answers(deal, user=alice, now=NOON)
        if answer.stage.code == "two"
    ]
    assert answer.refusals[0].overridable_by == ("head",)


def test_an_override_stays_on_record(deal: Deal, olga: User) -> None:
    move(deal, olga)
    found = Override.objects.get()
    with pytest.raises(KeptForGood):
        found.delete()
    with pytest.raises(KeptForGood):
        Override.objects.update(reason="другая")
    with pytest.raises(DatabaseError), transaction.atomic():
        Override.objects.create(
            deal=deal,
            pipeline_id=deal.pipeline_id,
            clause="L",
            message="",
            by=olga,
            reason="",
            until=TODAY,
            event=found.event,
            at=NOON,
        )


def test_a_move_that_fails_later_leaves_no_override(
    guarded: Lab, deal: Deal, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("the task table is gone")

    monkeypatch.setattr(overrides, "_set_task", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        move(deal, olga)
    assert not Override.objects.exists()
    assert Deal.objects.get(pk=deal.pk).stage.code == "one"


# ── In a playbook ──────────────────────────────────────────────────────────────

GUARD = "{fields: [flavour], clause: B-1}"


def cakes(folder: Path, old: str, new: str) -> Path:
    return write(folder / "bakery", cakes=changed(CAKES, old, new))


def test_a_playbook_names_who_may_pass_and_is_exported_with_it(tmp_path: Path) -> None:
    passed = "{fields: [flavour], clause: B-1, override: [baker, head baker]}"
    playbook.load(cakes(tmp_path, GUARD, passed), now=NOON)
    row = Pipeline.objects.get(code="cakes")
    assert row.rules.get(code="baking.enter.fields").overridable_by == ["baker", "head baker"]
    text = playbook.export(row)
    assert "override: [baker, head baker]" in text
    again = write(tmp_path / "bakery", cakes=text)
    assert not playbook.load(again, now=NOON).pipelines
    report = playbook.load(cakes(tmp_path, GUARD, GUARD.replace("B-1}", "B-1 }")), now=NOON)
    [change] = report.pipelines
    assert any(line.startswith("-") and "override" in line for line in change.lines)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (GUARD, "{fields: [flavour], clause: B-1, override: [cook]}", "cook"),
        ("code: sweeten}", "code: sweeten, override: [baker]}", "override: "),
        (
            "{answered: when, clause: B-3}",
            "{answered: when, clause: B-3, override: baker}",
            "override: ",
        ),
    ],
)
def test_a_playbook_that_lets_nobody_known_or_the_wrong_rule_be_passed_is_refused(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    [found] = playbook.check(cakes(tmp_path, old, new))
    assert problem in found


def test_an_administrator_says_who_may_pass(client: Any, guarded: Lab, administrator: User) -> None:
    rule = guarded.row.rules.get()
    client.force_login(administrator)
    page = client.get(f"/admin/pipelines/rule/{rule.pk}/change/").content.decode()
    assert 'name="overridable_by"' in page
    Group.objects.get_or_create(name="manager")
    for when, roles, kept in (
        ("enter", ["head", "manager"], ["head", "manager"]),
        ("enter", [], []),
        ("choose", ["head"], []),
        ("enter", ["nobody"], []),
    ):
        data = form_data(client.get(f"/admin/pipelines/rule/{rule.pk}/change/"), "rule_form")
        data |= {"when": [when], "overridable_by": roles}
        client.post(f"/admin/pipelines/rule/{rule.pk}/change/", data)
        assert Rule.objects.get(pk=rule.pk).overridable_by == kept
