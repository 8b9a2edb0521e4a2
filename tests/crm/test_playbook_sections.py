"""The rules about names in a playbook: checked in words, loaded, exported as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crm.models import NamingRule
from crm.names import naming_rules
from crm.sections import names
from pipelines import catalog, playbook

NOW = datetime(2026, 3, 10, 7, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db
COMPANY = """\
playbook: bakery
name: Bakery
clauses: [B-1, B-2]
"""
CAKES = """\
pipeline: cakes
name: Cakes
stages:
  - stage: new
    name: New
"""


def write(folder: Path, section: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "company.yaml").write_text(COMPANY + section, encoding="utf-8")
    (folder / "cakes.yaml").write_text(CAKES, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ("[deal]", "deal, contact or company"),
        ("{deals: {clause: B-1}}", "(did you mean “deal”?)"),
        ("{deal: B-1}", "mapping"),
        ("{deal: {word: [1, 4], clause: B-1}}", "(did you mean “words”?)"),
        ("{deal: {order: B-1}}", "order"),
        ("{deal: {words: [1, 4]}}", "“clause”"),
        ("{deal: {words: [4, 1], clause: B-1}}", "[1, 4]"),
        ("{deal: {words: [0, 4], clause: B-1}}", "[1, 4]"),
        ("{deal: {words: 4, clause: B-1}}", "[1, 4]"),
        ("{deal: {words: [true, x], clause: B-1}}", "[1, 4]"),
        ("{deal: {clause: B-3}}", "B-3"),
        ("{deal: {clause: [B-1]}}", "clause"),
        ("{contact: {order: true}}", "“clause”"),
        ("{company: {legal_form: B-7}}", "B-7"),
    ],
)
def test_a_mistake_is_said_in_words(tmp_path: Path, section: str, problem: str) -> None:
    from django.utils.translation import override

    with override("en"):
        (found,) = playbook.check(write(tmp_path / "b", f"naming: {section}\n"))
    assert "company.yaml" in found
    assert problem in found


def test_what_is_loaded_is_exported_and_changes_nothing_a_second_time(tmp_path: Path) -> None:
    section = (
        "naming:\n  deal: {words: [2, 3], clause: B-1}\n  contact: {clause: B-2, order: true}\n"
    )
    folder = write(tmp_path / "b", section)
    assert playbook.load(folder, now=NOW).sections == ["naming"]
    assert names.export("bakery") == {
        "deal": {"words": [2, 3], "clause": "B-1"},
        "contact": {"clause": "B-2", "order": "B-2"},
    }
    assert playbook.load(folder, now=NOW).sections == []
    assert playbook.load(write(tmp_path / "b", "naming: {}\n"), now=NOW).sections == ["naming"]
    assert not NamingRule.objects.filter(playbook="bakery").exists()


def test_a_change_is_in_force_at_once_also_in_other_processes(tmp_path: Path) -> None:
    folder = write(tmp_path / "b", "naming: {deal: {words: [1, 2], clause: B-1}}\n")
    playbook.load(folder, now=NOW)
    catalog.refresh()
    assert naming_rules.check("deal", "Раз два три", catalog.by_code("cakes")).complaints
    rule = NamingRule.objects.get(playbook="bakery")
    rule.most = 3
    rule.save()
    catalog.refresh()
    assert naming_rules.check("deal", "Раз два три", catalog.by_code("cakes")).is_right
    rule.delete()
    catalog.refresh()
    assert naming_rules.check("deal", "а б в г д.", catalog.by_code("cakes")).name == "а б в г д."


def test_the_shipped_playbook_is_exported_as_it_is_written(axelerator: None) -> None:
    assert names.export("axelerator") == {
        "deal": {"words": [1, 4], "clause": "AX-N1"},
        "contact": {"words": [1, 3], "clause": "AX-N2", "order": "AX-N2.5"},
        "company": {"legal_form": "AX-N3.1", "capitals": "AX-N3.2"},
    }


def test_an_administrator_changes_the_rules_about_names(client, axelerator, administrator) -> None:
    client.force_login(administrator)
    rule = NamingRule.objects.get(playbook="axelerator", record="deal")
    address = f"/admin/crm/namingrule/{rule.pk}/change/"
    typed = {"playbook": "axelerator", "record": "deal", "clause": "AX-N1"}
    assert client.post(address, typed | {"least": 5, "most": 2}).status_code == 200
    assert client.post(address, typed | {"least": 1, "most": 2}).status_code == 302
    client.get("/deals/")
    assert naming_rules.check("deal", "Раз два три", catalog.by_code("leads")).complaints
