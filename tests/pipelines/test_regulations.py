"""The clauses of a playbook as rows: other words are another edition, another order is none."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import translation

from pipelines import playbook
from pipelines.errors import PlaybookError
from pipelines.models import Clause, Pipeline, Regulation
from tests.pipelines.playbook_files import CAKES, COMPANY, changed, write

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATER = datetime(2026, 4, 2, 9, tzinfo=UTC)
pytestmark = pytest.mark.django_db

IN_SECTIONS = """\
effective: 2026-11-01
clauses:
  Тесто:
    B-1: Тесто месят руками.
    B-2: Тесту дают отдохнуть.
  Печь:
    B-3: Печь греют заранее.
"""


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def company(clauses: str) -> str:
    return changed(COMPANY, "clauses: [B-1, B-2, B-3]\n", clauses)


def load(tmp_path: Path, clauses: str = IN_SECTIONS, *, now: datetime = NOW, cakes: str = CAKES):
    return playbook.load(write(tmp_path / "bakery", company(clauses), cakes=cakes), now=now)


def rows() -> list[tuple[str, str, str]]:
    found = Clause.objects.filter(regulation__playbook="bakery", is_active=True)
    return list(found.order_by("position").values_list("code", "section", "words"))


def regulation() -> Regulation:
    return Regulation.objects.get(playbook="bakery")


def test_clauses_in_sections_become_rows(tmp_path: Path) -> None:
    report = load(tmp_path)
    assert rows() == [
        ("B-1", "Тесто", "Тесто месят руками."),
        ("B-2", "Тесто", "Тесту дают отдохнуть."),
        ("B-3", "Печь", "Печь греют заранее."),
    ]
    found = regulation()
    assert (found.name, found.effective, found.edition) == ("Bakery", date(2026, 11, 1), 1)
    assert "regulation: edition 1" in list(report.lines())


@pytest.mark.parametrize(
    "written",
    [
        "clauses: [B-1, B-2, B-3]\n",
        "clauses: {B-1: '', B-2: '', B-3: ''}\n",
        "clauses: {B-1: '', Печь: [B-2, B-3]}\n",
    ],
)
def test_a_list_and_a_flat_mapping_are_clauses_too(tmp_path: Path, written: str) -> None:
    load(tmp_path, written)
    assert [code for code, _section, _words in rows()] == ["B-1", "B-2", "B-3"]


def test_the_same_words_again_change_nothing(tmp_path: Path) -> None:
    load(tmp_path)
    assert not load(tmp_path, now=LATER).changed
    assert (regulation().edition, regulation().changed_at) == (1, NOW)


def test_other_words_are_another_edition(tmp_path: Path) -> None:
    load(tmp_path)
    load(tmp_path, changed(IN_SECTIONS, "руками", "ногами"), now=LATER)
    assert (regulation().edition, regulation().changed_at) == (2, LATER)


def test_a_clause_that_is_gone_is_archived_and_another_edition(tmp_path: Path) -> None:
    load(tmp_path)
    fewer = changed(IN_SECTIONS, "    B-2: Тесту дают отдохнуть.\n", "")
    load(tmp_path, fewer, cakes=CAKES.replace("B-2", "B-1"), now=LATER)
    assert [code for code, _section, _words in rows()] == ["B-1", "B-3"]
    assert regulation().edition == 2
    row = Clause.objects.get(regulation=regulation(), code="B-2")
    load(tmp_path, now=LATER)
    row.refresh_from_db()
    assert (row.is_active, regulation().edition) == (True, 3)


def test_another_section_or_day_is_nothing_to_read_anew(tmp_path: Path) -> None:
    load(tmp_path)
    moved = changed(changed(IN_SECTIONS, "Печь:", "Огонь:"), "2026-11-01", "2026-12-01")
    assert load(tmp_path, moved, now=LATER).changed
    assert (regulation().edition, regulation().effective) == (1, date(2026, 12, 1))
    assert rows()[2][1] == "Огонь"


def test_a_changed_rule_is_an_edition_of_its_pipeline_alone(tmp_path: Path) -> None:
    load(tmp_path)
    load(tmp_path, cakes=changed(CAKES, "limit: 2d", "limit: 3d"), now=LATER)
    assert Pipeline.objects.get(code="cakes").edition == 2
    assert regulation().edition == 1


@pytest.mark.parametrize(
    ("clauses", "problem"),
    [
        (IN_SECTIONS.replace("B-3:", "B-1:"), "the clause B-1 stands here twice"),
        (IN_SECTIONS.replace("2026-11-01", "tomorrow"), "a date is written 2026-03-01"),
        (IN_SECTIONS.replace("B-3:", "B-3-which-is-far-too-long:"), "at most 20 characters"),
        (IN_SECTIONS.replace("Печь греют заранее.", "{B-4: {x: y}}"), "must be a text"),
    ],
)
def test_a_mistake_is_said_with_its_line(tmp_path: Path, clauses: str, problem: str) -> None:
    with pytest.raises(PlaybookError) as error:
        load(tmp_path, clauses)
    assert any(problem in found and "company.yaml:" in found for found in error.value.problems)
    assert not Regulation.objects.filter(playbook="bakery").exists()


def test_a_rule_may_cite_a_clause_of_any_section(tmp_path: Path) -> None:
    assert playbook.check(write(tmp_path / "bakery", company(IN_SECTIONS))) == []
    without = changed(IN_SECTIONS, "    B-3: Печь греют заранее.\n", "    B-4: Печь.\n")
    problems = playbook.check(write(tmp_path / "bakery", company(without)))
    assert problems
    assert all("B-3" in problem for problem in problems)


def test_the_command_compares_and_exports_clauses(tmp_path: Path, capsys) -> None:
    load(tmp_path)
    call_command("playbook", "diff", str(tmp_path / "bakery"))
    assert capsys.readouterr().out == ""
    write(tmp_path / "bakery", company(changed(IN_SECTIONS, "заранее", "вовремя")))
    call_command("playbook", "diff", str(tmp_path / "bakery"))
    assert "+    B-3: Печь греют вовремя." in capsys.readouterr().out

    call_command("playbook", "export", "bakery", dir=tmp_path / "out")
    load(tmp_path, "clauses: [B-1, B-2, B-3]\n")
    playbook.load(tmp_path / "out", now=LATER)
    assert rows()[0] == ("B-1", "Тесто", "Тесто месят руками.")
