"""The rights of a stage: whose roles may edit, enter and leave it; rules and robots go where people may not."""

from __future__ import annotations

from crm import deals
from crm.models import User
from pipelines import catalog
from pipelines.actor import SYSTEM, Actor
from pipelines.engine import MoveRefused
from tests.clauses.steps import fresh, move, refused
from tests.factories import NOON, UserFactory, make_deal
from tests.pipelines.lab import Lab, allow


def test_a_stage_that_ones_role_may_not_enter_refuses(alice: User, olga: User) -> None:
    allow("leads", "taken", "enter", "head")
    deal = make_deal(alice)
    with refused(MoveRefused, match="Взята в работу"):
        move(deal, "taken", platform="site")
    assert fresh(move(deal, "taken", by=olga, platform="site")).stage.code == "taken"


def test_a_stage_that_ones_role_may_not_leave_keeps_the_deal(
    alice: User, olga: User, administrator: User
) -> None:
    allow("leads", "new", "leave", "head")
    deal = make_deal(alice)
    with refused(MoveRefused, match="Новая заявка"):
        move(deal, "taken", platform="site")
    move(deal, "taken", by=administrator, platform="site")


def test_a_rule_carries_the_regulation_out_where_the_person_may_not_go(
    alice: User, lab: Lab
) -> None:
    lab.rule("move", {"to": "three"}, stage="two")
    lab.ready()
    allow("lab", "three", "enter", "head")
    assert fresh(move(make_deal(alice, pipeline="lab"), "two")).stage.code == "three"


def test_a_stage_that_ones_role_may_not_edit_keeps_its_fields(alice: User, olga: User) -> None:
    allow("leads", "new", "edit", "head")
    deal = make_deal(alice)
    for verb in (
        lambda by: deals.edit_deal(deal, {"niche": "x"}, by=by, now=NOON),
        lambda by: deals.assign_deal(deal, owner=olga, by=by, now=NOON),
        lambda by: deals.link_people(deal, contact=None, company=None, by=by, now=NOON),
        lambda by: deals.archive_deal(deal, by=by, now=NOON),
    ):
        with refused(match="Новая заявка"):
            verb(Actor.person(alice))
    deals.edit_deal(deal, {"niche": "Пекарни"}, by=Actor.person(olga), now=NOON)
    assert fresh(deal).values == {"niche": "Пекарни"}


def test_a_deal_is_not_opened_on_a_stage_that_ones_role_may_not_enter(
    alice: User, olga: User
) -> None:
    allow("leads", "taken", "enter", "head")
    pipeline = catalog.by_code("leads")
    stage = pipeline.stage_by_code["taken"]
    facts = {
        "pipeline": pipeline,
        "name": "x",
        "stage": stage,
        "answers": {"platform": "site"},
        "now": NOON,
    }
    with refused(MoveRefused, match="Взята в работу"):
        deals.open_deal(owner=alice, by=Actor.person(alice), **facts)
    assert deals.open_deal(owner=olga, by=Actor.person(olga), **facts).stage_id == stage.id


def test_nobody_enters_by_hand_where_only_a_robot_goes(
    alice: User, administrator: User, lab: Lab
) -> None:
    lab.require("robot_only", stage="two")
    lab.ready()
    robot = UserFactory(email="robot@example.com", roles=["robot"])
    for person in (alice, administrator):
        with refused(MoveRefused):
            move(make_deal(alice, pipeline="lab"), "two", by=person)
    for actor in (robot, SYSTEM):
        assert fresh(move(make_deal(alice, pipeline="lab"), "two", by=actor)).stage.code == "two"
