"""`manage.py clauses` finds the rules and tests of each clause, and fails when a proved one loses its own."""

from __future__ import annotations

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from pipelines.playbook import proofs
from tests.pipelines.playbook_files import CAKES, COMPANY, changed, write

FIVE_CLAUSES = changed(COMPANY, "B-3]", "B-3, B-4, B-5]")
TESTS = """\
import pytest
from pytest import mark

@pytest.mark.clause("B-1", "B-4")
async def test_one(): pass

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.clause("B-2"))])
def test_two(x): pass

@pytest.mark.skip
@pytest.mark.clause("B-3")
def test_three(): pass

@pytest.mark.clause("B-3")
def helper(): pass

@pytest.mark.clause("B-1")
class TestFour:
    def test_inside(self): pass
    def helper(self): pass
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    (tmp_path / "tests" / "deep" / "test_x.py").write_text(TESTS, encoding="utf-8")
    write(tmp_path / "bakery", FIVE_CLAUSES)
    return tmp_path


def collect(root: Path) -> tuple[dict[str, proofs.Clause], list[str]]:
    clauses, problems = proofs.collect(root / "tests", root=root)
    return {clause.id: clause for clause in clauses}, problems


def test_each_clause_knows_its_rules_and_tests(root: Path) -> None:
    clauses, problems = collect(root)
    assert problems == []
    assert clauses["B-1"].rules == ["cakes: new.leave.by", "cakes: baking.enter.fields"]
    assert clauses["B-1"].tests == [
        "tests/deep/test_x.py::test_one",
        "tests/deep/test_x.py::TestFour::test_inside",
    ]
    assert clauses["B-2"].tests == ["tests/deep/test_x.py::test_two"]
    assert (clauses["B-3"].held_by, clauses["B-3"].proved) == ({"rule"}, False)
    assert (clauses["B-4"].held_by, clauses["B-4"].proved) == ({"test"}, True)
    assert clauses["B-5"].held_by == set()


def test_a_whole_module_may_be_marked(root: Path) -> None:
    text = 'import pytest\npytestmark = [pytest.mark.django_db, pytest.mark.clause("B-5")]\ndef test_y(): pass\n'
    (root / "tests" / "test_y.py").write_text(text, encoding="utf-8")
    assert collect(root)[0]["B-5"].tests == ["tests/test_y.py::test_y"]


def test_a_clause_that_no_playbook_has_is_a_problem(root: Path) -> None:
    (root / "tests" / "test_y.py").write_text(
        'import pytest\n@pytest.mark.clause("B-7")\ndef test_y(): pass\n', encoding="utf-8"
    )
    assert collect(root)[1] == ["tests/test_y.py::test_y: no playbook has the clause B-7"]


def test_a_clause_that_two_playbooks_have_is_a_problem(root: Path) -> None:
    other = changed(COMPANY, "playbook: bakery", "playbook: mill")
    write(root / "mill", changed(other, "[B-1, B-2, B-3]", "[M-1, B-2]"), mill=CAKES)
    assert any(problem.endswith("bakery has this clause too") for problem in collect(root)[1])


def test_a_proved_clause_that_loses_its_rule_or_test_is_named(root: Path) -> None:
    clauses, _problems = collect(root)
    listed = root / "proved.txt"
    listed.write_text("# what is proved\n" + proofs.as_list(clauses.values()), encoding="utf-8")
    assert "B-1 rule test\nB-2 rule test\nB-4 test\n" in listed.read_text(encoding="utf-8")
    assert proofs.lost(clauses.values(), listed) == []

    write(root / "bakery", FIVE_CLAUSES, cakes=CAKES.replace("B-2", "B-3"))
    (root / "tests" / "deep" / "test_x.py").write_text(
        TESTS.replace('"B-1", "B-4"', '"B-1"'), encoding="utf-8"
    )
    lost = proofs.lost(collect(root)[0].values(), listed)
    assert lost == ["B-2 has lost its rule", "B-4 has lost its test"]


def test_the_command_fails_where_something_was_lost(tmp_path: Path) -> None:
    """No database: the test asks for none, and pytest-django refuses every query."""
    listed = tmp_path / "proved.txt"
    listed.write_text("KO-99 test\n", encoding="utf-8")
    out = StringIO()
    with pytest.raises(CommandError, match="KO-99 has lost its test"):
        call_command("clauses", fail_under=listed, stdout=out)
    assert "of 154 proved" in out.getvalue()


# How many clauses each written regulation has: one that is lost from a playbook is missed here.
CLAUSES = {"axelerator": 72, "idrive": 30, "pzka": 33, "school": 19}


def test_the_playbooks_list_every_clause_once_with_words_of_its_own() -> None:
    clauses, problems = proofs.collect(Path(__file__).parent.parent)
    assert problems == []
    assert Counter(clause.company for clause in clauses) == CLAUSES
    assert len({clause.id for clause in clauses}) == sum(CLAUSES.values()) == 154
    assert all(clause.words for clause in clauses)
