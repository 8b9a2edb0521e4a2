"""The one door: a move happens whole or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm import deals
from crm.models import Deal, User
from pipelines import catalog, engine
from pipelines.actor import SYSTEM, Actor
from pipelines.engine import MoveRefused, StaleMove
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import RuleRun
from tests.clauses.steps import EVERYTHING, at_stage, fresh, move, refused, talk, try_to_reach
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab, state

HOUR = timedelta(hours=1)


# ── Refused: nothing has changed ───────────────────────────────────────────────


def test_a_refused_move_changes_nothing_not_even_the_answers_and_the_contact(
    alice: User, lab: Lab
) -> None:
    lab.require("never", stage="two")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    before = state(deal)
    with refused(MoveRefused):
        move(deal, "two", note="новое", budget="5", **{"contact.mood": "хорошее"})
    assert state(deal) == before
    assert (deal.values, deal.budget, deal.contact.values, deal.stage.code) == ({}, 0, {}, "one")


def test_one_bad_answer_of_several_sets_none_of_them(alice: User, lab: Lab) -> None:
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    before = state(deal)
    with refused(BadAnswer) as caught:
        move(deal, "two", note="новое", day="когда-нибудь", nonsense="?", **{"company.name": "x"})
    assert set(caught.value.errors) == {"day", "nonsense", "company.name"}
    assert state(deal) == before
    assert deal.values == {}


def test_an_answer_for_a_contact_that_is_not_there_is_refused_by_a_sentence(
    alice: User, lab: Lab
) -> None:
    lab.ready()
    deal = make_deal(alice, pipeline="lab", contact=None)
    with refused(BadAnswer) as caught:
        deals.edit_deal(
            deal, {"note": "да", "contact.mood": "хорошее"}, by=Actor.person(alice), now=NOON
        )
    assert list(caught.value.errors) == ["contact.mood"]
    assert (deal.values, fresh(deal).values) == ({}, {})


def test_a_contacts_field_is_filled_in_by_the_move_that_asks_for_it(alice: User, lab: Lab) -> None:
    lab.require("fields", {"codes": ["contact.mood", "note"]}, stage="two")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    with refused(MoveRefused) as caught:
        move(deal, "two")
    assert caught.value.fields == ["contact.mood", "note"]
    move(deal, "two", note="да", **{"contact.mood": "хорошее"})
    assert fresh(deal.contact).values == {"mood": "хорошее"}
    assert deal.events.get(verb="field.changed").data["fields"]["contact.mood"] == [None, "хорошее"]


def test_all_refusals_are_collected_each_with_its_clause_and_fields(alice: User, lab: Lab) -> None:
    lab.require("role", {"roles": ["head"]}, stage="one", when="leave")
    lab.require("fields", {"codes": ["note"]}, stage="two")
    lab.require("fields", {"codes": ["day"]}, stage="two", message="Без даты нельзя.")
    lab.require("never", {"why": "Никогда."}, stage="two")
    lab.require("above", {"field": "budget", "than": 10})
    lab.ready()
    with refused(MoveRefused) as caught:
        move(make_deal(alice, pipeline="lab"), "two")
    found = [(refusal.clause, refusal.fields) for refusal in caught.value.refusals]
    assert found == [
        ("L-1", ()),
        ("L-2", ("note",)),
        ("L-3", ("day",)),
        ("L-4", ()),
        ("L-5", ("budget",)),
    ]
    assert caught.value.fields == ["note", "day", "budget"]
    assert "Без даты нельзя. (L-3)" in str(caught.value)
    assert "Никогда. (L-4)" in str(caught.value)


def test_a_requirement_whose_condition_does_not_hold_asks_nothing(alice: User, lab: Lab) -> None:
    lab.require("never", stage="two", given=(("fields", {"codes": ["note"]}),))
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    with refused(MoveRefused):
        move(deal, "two", note="да")
    assert fresh(move(deal, "two")).stage.code == "two"


def test_a_requirement_that_breaks_refuses_and_is_no_broken_page(
    alice: User, lab: Lab, ask
) -> None:
    def broken(context, params):
        raise ZeroDivisionError

    ask("broken", broken)
    lab.require("broken", stage="two")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    with refused(MoveRefused) as caught:
        move(deal, "two")
    assert [refusal.clause for refusal in caught.value.refusals] == ["L-1"]
    assert "rule-1" in str(caught.value)


def test_a_requirement_naming_a_field_that_is_gone_refuses_by_a_sentence(
    alice: User, lab: Lab
) -> None:
    rule = lab.require("choice", {"field": "note", "among": ["да"]}, stage="two")
    lab.row.fields.filter(code="note").update(is_active=False)
    lab.ready()
    with refused(MoveRefused, match=rule.code):
        move(make_deal(alice, pipeline="lab"), "two")


# ── What a move asks of the stages it skips ────────────────────────────────────


def test_the_fields_of_skipped_stages_are_asked_and_nothing_else_of_them(
    alice: User, lab: Lab
) -> None:
    lab.require("fields", {"codes": ["note"]}, stage="two")
    lab.require("never", stage="two")
    lab.rule("set_field", {"values": {"day": "2026-03-11"}}, stage="two")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    with refused(MoveRefused) as caught:
        move(deal, "three")
    assert caught.value.fields == ["note"]
    assert len(caught.value.refusals) == 1
    move(deal, "three", note="да")
    assert "day" not in fresh(deal).values


def test_back_and_to_the_lost_stage_nothing_is_asked_of_the_stages_between(
    alice: User, lab: Lab
) -> None:
    lab.require("fields", {"codes": ["note"]}, stage="two")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    move(deal, "three", note="да")
    deals.edit_deal(deal, {"note": ""}, by=Actor.person(alice), now=NOON)
    move(deal, "one")
    move(deal, "lost")
    assert fresh(deal).status == "lost"


def test_a_requirement_of_the_whole_pipeline_is_asked_once(alice: User, lab: Lab) -> None:
    lab.require("fields", {"codes": ["note"]})
    lab.ready()
    with refused(MoveRefused) as caught:
        move(make_deal(alice, pipeline="lab"), "three")
    assert len(caught.value.refusals) == 1


# ── Where to, and from where ───────────────────────────────────────────────────


def test_a_deal_moved_by_a_colleague_meanwhile_is_not_moved_again(alice: User, olga: User) -> None:
    deal = make_deal(alice)
    mine = fresh(deal)
    move(deal, "taken", by=olga, platform="site", now=NOON + HOUR)
    with refused(StaleMove) as caught:
        move(mine, "qualified", **EVERYTHING)
    assert (caught.value.who, caught.value.stage) == ("Ольга Титова", "Взята в работу")
    assert "11:00" in caught.value.when
    assert all(part in str(caught.value) for part in ("Ольга Титова", "Взята в работу", "11:00"))
    assert fresh(deal).stage.code == "taken"


def test_the_stage_that_the_page_showed_counts_not_that_of_the_instance(alice: User) -> None:
    deal = make_deal(alice)
    seen = deal.stage_id
    move(deal, "taken", platform="site")
    with refused(StaleMove):
        engine.move(
            fresh(deal),
            to="qualified",
            by=Actor.person(alice),
            now=NOON,
            seen=seen,
            answers=EVERYTHING,
        )


def test_what_the_system_moved_meanwhile_is_said_to_be_the_systems(alice: User) -> None:
    deal = make_deal(alice)
    mine = fresh(deal)
    move(deal, "taken", by=SYSTEM, platform="site")
    with refused(StaleMove) as caught:
        move(mine, "taken", platform="site")
    assert caught.value.who in ("the system", "система")


def test_a_deal_is_not_moved_to_the_stage_it_is_on(alice: User) -> None:
    deal = make_deal(alice)
    before = state(deal)
    with refused(match="Новая заявка"):
        move(deal, "new")
    assert state(deal) == before


@pytest.mark.parametrize("way", ["code", "id", "compiled"])
def test_a_stage_of_another_pipeline_is_no_stage_of_this_one(alice: User, way: str) -> None:
    other = catalog.by_code("production").stage_by_code["in_work"]
    deal = make_deal(alice)
    to = {"code": other.code, "id": other.id, "compiled": other}[way]
    with refused(match="###CRM###"):
        engine.move(deal, to=to, by=Actor.person(alice), now=NOON)
    assert fresh(deal).stage.code == "new"


def test_a_deal_archived_meanwhile_is_not_moved_nor_changed(alice: User) -> None:
    deal = make_deal(alice)
    mine = fresh(deal)
    deals.archive_deal(deal, by=Actor.person(alice), now=NOON)
    before = state(deal)
    by = Actor.person(alice)
    for verb in (
        lambda: move(fresh(mine), "taken", platform="site"),
        lambda: deals.edit_deal(fresh(mine), {"niche": "x"}, by=by, now=NOON),
        lambda: deals.write_note(fresh(mine), text="x", by=by, now=NOON),
        lambda: deals.tag_deal(fresh(mine), add=["x"], by=by, now=NOON),
        lambda: deals.assign_deal(fresh(mine), owner=alice, by=by, now=NOON),
        lambda: talk(fresh(mine)),
    ):
        with refused(RegulationError):
            verb()
    assert state(deal) == before


# ── Opening a deal elsewhere than on the first stage ───────────────────────────


def open_on(owner: User, code: str, **answers) -> Deal:
    pipeline = catalog.by_code("leads")
    return deals.open_deal(
        pipeline=pipeline, name="x", owner=owner, by=Actor.person(owner), now=NOON,
        stage=pipeline.stage_by_code[code], answers=answers,
    )  # fmt: skip


def test_a_deal_opened_on_a_later_stage_is_asked_what_that_stage_asks(alice: User) -> None:
    with refused(MoveRefused) as caught:
        open_on(alice, "qualified", niche="Пекарни")
    assert caught.value.fields == ["source"]
    assert not Deal.objects.exists()
    assert open_on(alice, "qualified", niche="Пекарни", source="ads").tasks.get().code == "send_kp"


def test_a_deal_opened_on_a_closed_stage_waits_for_nothing(alice: User) -> None:
    with refused(MoveRefused):
        open_on(alice, "refused", refusal_reason="wrong_address")
    deal = open_on(alice, "refused", refusal_reason="spam")
    assert (deal.status, deal.closed_at, deal.timers.count()) == ("lost", NOON, 0)


# ── What a move leaves behind ──────────────────────────────────────────────────


def test_a_move_is_told_in_the_feed_with_its_fields_and_its_author(alice: User) -> None:
    deal = make_deal(alice)
    change = engine.move(
        deal,
        to="taken",
        by=Actor.person(alice),
        now=NOON + HOUR,
        answers={"platform": "site"},
        reason="созвонились",
    )
    assert (change.from_stage.code, change.to_stage.code, change.stayed) == ("new", "taken", HOUR)
    moved, filled = deal.events.get(verb="deal.moved"), deal.events.get(verb="field.changed")
    assert (moved.actor, moved.data["from"], moved.data["to"]) == (
        alice,
        "Новая заявка",
        "Взята в работу",
    )
    assert (moved.data["reason"], filled.data["fields"]) == (
        "созвонились",
        {"platform": [None, "site"]},
    )
    assert filled.pk < moved.pk
    created = deal.events.filter(verb="task.created").latest("pk")
    assert (created.cause, created.rule.clause, created.actor) == (moved, "AX-2.1", alice)


def test_a_reason_with_what_no_column_holds_is_no_broken_page(alice: User) -> None:
    deal = make_deal(alice)
    answers = {"platform": "site", "niche": "a\x00b\ud800c"}
    engine.move(
        deal,
        to="taken",
        by=Actor.person(alice),
        now=NOON,
        answers=answers,
        reason="\x00" + "я" * 50_000,
    )
    assert fresh(deal).values["niche"] == "abc"
    assert len(deal.events.get(verb="deal.moved").data["reason"]) == 1000


def test_a_stages_limit_gives_the_deal_its_deadline(alice: User, lab: Lab) -> None:
    lab.row.stages.filter(code="two").update(limit="2h")
    lab.ready()
    deal = move(make_deal(alice, pipeline="lab"), "two")
    assert fresh(deal).stage_deadline == NOON + 2 * HOUR
    assert fresh(move(deal, "three")).stage_deadline is None


def test_the_statements_of_a_move_do_not_grow_with_the_deals_history(alice: User) -> None:
    def statements(deal: Deal) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            move(fresh(deal), "kp_sent", **EVERYTHING)
        return len(queries)

    young, old = at_stage(alice, "qualified"), at_stage(alice, "qualified")
    for number in range(30):
        deals.write_note(old, text=f"заметка {number}", by=Actor.person(alice), now=NOON)
        try_to_reach(old)
    for _time in range(3):
        move(old, "taken")
        move(old, "qualified")
    assert statements(old) <= statements(young) + 1


def test_a_move_reads_no_configuration_from_the_database(alice: User) -> None:
    deal = fresh(make_deal(alice))
    by = Actor.person(User.objects.get(pk=alice.pk))
    with CaptureQueriesContext(connection) as queries:
        engine.move(deal, to="taken", by=by, now=NOON, answers={"platform": "site"})
    read = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    for table in (
        'pipelines_rule"',
        "pipelines_condition",
        "pipelines_field",
        "pipelines_scenario",
        "stageright",
    ):
        assert not [sql for sql in read if table in sql], table


# ── The archive ────────────────────────────────────────────────────────────────


def test_an_archived_deal_has_no_tasks_and_no_timers_and_keeps_its_history(alice: User) -> None:
    deal = make_deal(alice)
    deals.archive_deal(deal, by=Actor.person(alice), now=NOON)
    assert not deal.tasks.filter(state="open").exists()
    assert not deal.timers.filter(state="armed").exists()
    assert deal.events.filter(verb="deal.archived").exists()
    assert fresh(deal).next_task_at is None
    assert engine.fire_due(NOON + timedelta(days=365)) == 0


def test_an_outside_id_that_is_the_number_of_another_event_is_another_occasion(
    alice: User, lab: Lab
) -> None:
    lab.rule("add_tag", {"names": ["звонил"]}, when="on", verb="call.missed")
    lab.ready()
    deal = make_deal(alice, pipeline="lab")
    own = engine.record("call.missed", deal=deal, now=NOON)
    engine.record("call.missed", deal=deal, outside_id=str(own.pk), now=NOON)
    assert RuleRun.objects.filter(deal=deal, status="ok").count() == 2
