"""The compiled regulation: read once a process, anew when anybody changes it."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import User
from pipelines import catalog
from pipelines.engine import MoveRefused
from pipelines.models import Pipeline, Rule
from tests.clauses.steps import fresh, move, refused
from tests.factories import make_deal
from tests.pipelines.lab import Lab, restamp


def test_refreshing_what_nobody_changed_is_one_query(axelerator: None) -> None:
    compiled = catalog.by_code("leads")
    with CaptureQueriesContext(connection) as queries:
        catalog.refresh()
    assert len(queries) == 1
    assert catalog.by_code("leads") is compiled


def test_a_changed_pipeline_alone_is_compiled_anew(axelerator: None) -> None:
    leads, production = catalog.by_code("leads"), catalog.by_code("production")
    restamp("leads")
    assert catalog.by_code("leads") is not leads
    assert catalog.by_code("production") is production


def test_a_move_obeys_a_rule_changed_by_another_process_a_moment_ago(alice: User) -> None:
    deal = make_deal(alice)
    # Another process changes rows and stamp; this one has heard nothing.
    import uuid

    Rule.objects.filter(pipeline__code="leads", clause="AX-1.2a").delete()
    Pipeline.objects.filter(code="leads").update(stamp=uuid.uuid4())
    assert fresh(move(deal, "taken")).stage.code == "taken"


def test_a_rule_switched_off_asks_nothing(alice: User) -> None:
    deal = make_deal(alice)
    with refused(MoveRefused):
        move(deal, "taken")
    Rule.objects.filter(pipeline__code="leads", clause="AX-1.2a").update(is_active=False)
    restamp("leads")
    move(deal, "taken")


def test_a_pipeline_that_is_switched_off_is_gone(axelerator: None) -> None:
    Pipeline.objects.filter(code="production").update(is_active=False)
    catalog.refresh()
    assert [pipeline.code for pipeline in catalog.pipelines()] == ["leads", "licences"]
    with pytest.raises(KeyError):
        catalog.by_code("production")


def test_the_statements_of_compiling_do_not_grow_with_the_rules(lab: Lab) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            lab.ready()
        return len(queries)

    lab.rule("add_tag", {"names": ["да"]}, given=(("fields", {"codes": ["note"]}),))
    lab.scenario("done", asks={"when": "date"})
    before = statements()
    for number in range(5):
        lab.rule("add_tag", {"names": ["да"]}, given=(("fields", {"codes": ["note"]}),))
        lab.scenario(f"done-{number}", asks={"when": "date"})
    assert statements() == before


def test_stages_are_known_by_id_over_all_pipelines(axelerator: None) -> None:
    stage = catalog.by_code("production").first_stage
    assert catalog.stage(stage.id) is stage
    with pytest.raises(KeyError):
        catalog.stage(10**9)
