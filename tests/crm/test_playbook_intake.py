"""Where requests go and whose clients are whose, in a playbook: checked in words, loaded, exported as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.utils.translation import override

from crm.intake import policies
from crm.models import ClientRule, IntakeRule, IntakeSource
from crm.sections import intake as section
from pipelines import catalog, playbook
from tests.crm.test_playbook_sections import write

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db
GOOD = """\
roles: [manager]
intake:
  calls: {pipeline: cakes, role: manager, distribute: in_turn}
  forms: {pipeline: cakes, tags: ["#site"], fields: {title: budget}}
  sources:
    landing:
      forms: {tags: ["#landing"], role: manager}
      messages: {pipeline: cakes}
clients: {one_manager: B-2}
"""


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("[calls]", "calls, forms"),
        ("{call: {pipeline: cakes}}", "(did you mean “calls”?)"),
        ("{calls: cakes}", "mapping"),
        ("{calls: {}}", "“pipeline” is missing"),
        ("{calls: {pipeline: cake}}", "(did you mean “cakes”?)"),
        ("{calls: {pipeline: [cakes]}}", "unknown pipeline"),
        ("{calls: {pipeline: cakes, also: [bread]}}", "“bread”"),
        ("{calls: {pipeline: cakes, also: bread}}", "list"),
        ("{calls: {pipeline: cakes, role: boss}}", "“boss”"),
        ("{calls: {pipeline: cakes, distribute: fair}}", "in_turn"),
        ("{calls: {pipeline: cakes, tags: [1]}}", "tags"),
        ("{calls: {pipeline: cakes, tag: [a]}}", "(did you mean “tags”?)"),
        ("{forms: {pipeline: cakes, fields: {a: sum}}}", "“sum”"),
        ("{forms: {pipeline: cakes, fields: [a]}}", "mapping"),
        ("{sources: [a]}", "mapping"),
        ("{sources: {a b: {}}}", "a code has"),
        ("{sources: {a: {forms: {role: boss, pipeline: cakes}}}}", "sources.a.forms"),
        ("{sources: {a: {forms: {tags: [x]}}}}", "“pipeline” is missing"),
    ],
)
def test_a_mistake_is_said_in_words(tmp_path: Path, section: str, problem: str) -> None:
    with override("en"):
        (found,) = playbook.check(write(tmp_path / "b", f"intake: {section}\n"))
    assert problem in found


@pytest.mark.parametrize(
    ("section", "problem"),
    [("B-1", "mapping"), ("{one: B-1}", "“one”"), ("{one_manager: B-9}", "B-9")],
)
def test_a_mistake_about_clients_is_said_in_words(
    tmp_path: Path, section: str, problem: str
) -> None:
    with override("en"):
        (found,) = playbook.check(write(tmp_path / "b", f"clients: {section}\n"))
    assert problem in found


def test_what_is_loaded_is_exported_and_changes_nothing_a_second_time(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", GOOD)
    assert sorted(playbook.load(folder, now=NOW).sections) == ["clients", "intake"]
    assert section.export("bakery") == {
        "calls": {"pipeline": "cakes", "role": "manager", "distribute": "in_turn"},
        "forms": {"pipeline": "cakes", "tags": ["#site"], "fields": {"title": "budget"}},
        "sources": {
            "landing": {
                "forms": {"role": "manager", "tags": ["#landing"]},
                "messages": {"pipeline": "cakes"},
            }
        },
    }
    assert section.export_clients("bakery") == {"one_manager": "B-2"}
    assert playbook.load(folder, now=NOW).sections == []
    playbook.load(write(tmp_path / "b", "intake: {}\nclients: {}\n"), now=NOW)
    assert not IntakeRule.objects.filter(playbook="bakery").exists()
    assert section.export_clients("bakery") == {}


def test_a_source_changes_what_it_names_and_adds_its_tags(tmp_path: Path) -> None:
    playbook.load(write(tmp_path / "b", GOOD), now=NOW)
    catalog.refresh()
    landing = IntakeSource(code="landing", playbook="bakery", kinds=["forms"], tags=["#own"])
    found = policies.destination("forms", playbook="bakery", source=landing)
    assert found is not None
    assert (found.pipeline.code, found.role) == ("cakes", "manager")
    assert found.tags == ("#site", "#landing", "#own")
    assert policies.destination("letters", playbook="bakery", source=None) is None


def test_an_administrators_change_of_the_clause_is_in_force_at_once(tmp_path: Path) -> None:
    playbook.load(write(tmp_path / "b", GOOD), now=NOW)
    catalog.refresh()
    assert policies.one_manager(catalog.by_code("cakes")) == "B-2"
    rule = ClientRule.objects.get(playbook="bakery")
    rule.one_manager = ""
    rule.save()
    catalog.refresh()
    assert policies.one_manager(catalog.by_code("cakes")) == ""
