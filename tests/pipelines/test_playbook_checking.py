"""A playbook with a mistake is refused with the file, the line, the place and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import translation

from pipelines import playbook
from tests.pipelines.playbook_files import CAKES, COMPANY, changed, write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


def test_the_playbook_without_mistakes_has_no_problems(tmp_path: Path) -> None:
    assert playbook.check(write(tmp_path / "bakery")) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("{controls: [due]", "{contrals: [due]", "unknown guard “contrals” (did you mean “controls”?)"),
        ("{move: sold, clause", "{mvoe: sold, clause", "unknown action “mvoe” (did you mean “move”?)"),
        ("unless: robot_only", "unless: robots_only", "unknown guard “robots_only” (did you mean “robot_only”?)"),
        ("{fields: [flavour]", "{fields: [flavor]", "cakes.yaml:25: stage baking: enter: require 1: fields: codes: "),
        ("{fields: [flavour]", "{fields: [flavor]", "(did you mean “flavour”?)"),
        ("contact.nickname]", "contact.nick]", "(did you mean “contact.nickname”?)"),
        ("{move: sold,", "{move: selled,", "(did you mean “sold”?)"),
        ("code: sweeten", "clouse: B-1", "unknown key “clouse”"),
        ("code: sweeten", "move: sold", "a rule has exactly one action, here: “set_field”, “move”"),
        ("{values: {flavour: choco}}", "{values: {falvour: choco}}", "falvour"),
        ("{to: sold, answers", "{to: sold, answer", "unknown parameter “answer” (did you mean “answers”?)"),
        ("{answered: when, clause: B-3}", "{answered: when, clause: B-4}", "unknown clause “B-4”"),
        ("{answered: when, clause: B-3}", "{answered: when}", "the rule cites no clause"),
        ("stages: [baking]", "stages: [backing]", "unknown stage “backing” (did you mean “baking”?)"),
        ("stages: [baking]", "tasks: [bake]", "unknown task “bake”"),
        ("stages: [baking]", "kinds: [cal]", "unknown task kind “cal” (did you mean “call”?)"),
        ("type: datetime}", "type: moment}", "type: "),
        ("{question: flavour, type: field", "{question: flavor, type: field", "unknown field “flavor”"),
        ("{answered: when, clause: B-3}", "{answered: [when], clause: B-3}", "code: must be one value"),
        ("{move: sold, clause", "{move: {to: {sold: sold}}, clause", "to: must be one value"),
        ("unless: robot_only", "unless: [[robot_only]]", "a condition is a guard's name, or one mapping"),
        ("unless: robot_only", "unless: {by: person, robot_only: null}", "a condition is a guard's name, or one mapping"),
        ("limit: 2d", "limit: soon", "limit: “soon” is not a duration"),
        ("after: 4h working", "after: 4x", "period: “4x” has an unknown unit"),
        ("period: 1d", "perod: 1d", "“period” is missing"),
        ("date: due, period", "date: do, period", "unknown date “do”"),
        ("event: deal.moved", "event: deal.move", "unknown event “deal.move” (did you mean “deal.moved”?)"),
        ("{enter: [baker]", "{enter: [bakers]", "unknown role “bakers” (did you mean “baker”?)"),
        ("{enter: [baker]", "{entre: [baker]", "unknown key “entre”"),
        ("kind: won", "kind: one", "kind: "),
        ("- stage: new\n    name", "- stage: new\n    kind: lost\n    name", "the first stage must be an open one"),
        ("{stage: sold,", "{stage: new,", "the stage “new” is defined twice"),
        ("{field: due,", "{field: flavour,", "the field “flavour” is defined twice"),
        ("{field: due,", "{field: budget,", "every record has the field “budget” of itself"),
        ("clause: B-2, code: sweeten", "clause: B-2, code: any.before.move", "the rule “any.before.move” is defined twice"),
        ("choices: {choco: Шоколад, \"no\": Без вкуса}", "choices: {}", "choices: "),
        ("name: Печём", "name: Печём\n    name: Пекут", "cakes.yaml:17: the key “name” stands here twice (first on line 16)"),
        ("needs_task: false", "needs_task: off", "must be true or false, not “off”"),
        ("position: 3", "position: third", "must be a whole number, not “third”"),
        ("currency: BYN", "currency: rubles", "currency: "),
        ("position: 3", "schedule: nights", "unknown schedule “nights” (there are: "),
        ("limit: 2d", "limit: [2d]", "must be a text, not a list"),
        ("{set_field: {due: 2026-03-01}, clause: B-2}", "set_field", "here must stand a mapping"),
        ("    color: orange\n", "    {goal: one, two}\n", "cakes.yaml:18: "),
        ("kind: won,", "goal: one, two,", "“two” "),
        ("name: Торты", "name: \"Торты", "cakes.yaml:"),
        ("name: Торты", "name: !!python/name:os.system Торты", "is not used in playbooks"),
        ("name: Торты", "name: " + "Т" * 101, "name: "),
        ("pipeline: cakes", "pipeline: торты!", "code: "),
    ],
)  # fmt: skip
def test_a_mistake_in_a_pipeline_is_named(tmp_path: Path, old: str, new: str, problem: str) -> None:
    problems = playbook.check(write(tmp_path / "bakery", cakes=changed(CAKES, old, new)))
    assert problem in "\n".join(problems)
    assert all(line.startswith("cakes.yaml:") for line in problems), problems


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("playbook: bakery\n", "", "company.yaml:1: “playbook” is missing"),
        (
            "playbook: bakery",
            "playbook: пекарня",
            "company.yaml:1: playbook: a code has Latin letters",
        ),
        (
            "mon-fri:",
            "mon-fry:",
            "company.yaml:8: schedule: week: mon-fry: days of the week are written",
        ),
        ("mon-fri:", "fri-mon:", "end before they begin"),
        ("13:00, 14:00", "13:00, 12:00", "overlap"),
        ("sat: 10:00-12:00", "sat: 10-12h", "is not like"),
        ("sat: 10:00-12:00", "fri: 10:00-12:00", "overlap"),
        ("Europe/Minsk", "Europe/Mink", "is not a time zone"),
        ("[BY]", "[BX]", "BX"),
        ("2026-01-05", "2026-13-05", "a date is written 2026-03-01"),
        ("2026-01-05", "2026-05-09", "the date 2026-05-09 stands here twice"),
        ("roles:", "rules:", "unknown key “rules” (did you mean “roles”?)"),
        ("roles: [", "roles: [[x], ", "must be a list of words"),
    ],
)
def test_a_mistake_in_the_company_is_named(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    problems = playbook.check(write(tmp_path / "bakery", changed(COMPANY, old, new)))
    assert problem in "\n".join(problems)


def test_rules_that_move_a_deal_in_a_circle_are_named_with_the_circle(tmp_path: Path) -> None:
    text = changed(
        CAKES, "    leave:\n", "    enter: {do: [{move: baking, clause: B-1}]}\n    leave:\n"
    )
    text = changed(
        text,
        "        - {set_field: {due: 2026-03-01}, clause: B-2}\n",
        "        - {move: {to: sold}, clause: B-2}\n        - {move: new, if: [by: system], clause: B-2}\n",
    )
    [problem] = playbook.check(write(tmp_path / "bakery", cakes=text))
    assert "in a circle: new → baking → new (rules new.enter.move, baking.enter.move-2)" in problem


def test_a_rule_of_the_whole_pipeline_closes_a_circle_too(tmp_path: Path) -> None:
    text = changed(
        CAKES, "    leave:\n", "    enter: {do: [{move: baking, clause: B-1}]}\n    leave:\n"
    )
    text = changed(
        text, "rules:\n  enter:\n", "rules:\n  enter:\n    do: [{move: {to: new}, clause: B-1}]\n"
    )
    assert "new → baking → new" in "\n".join(playbook.check(write(tmp_path / "bakery", cakes=text)))


def test_moves_that_end_are_no_circle(tmp_path: Path) -> None:
    text = changed(
        CAKES, "    leave:\n", "    enter: {do: [{move: baking, clause: B-1}]}\n    leave:\n"
    )
    assert playbook.check(write(tmp_path / "bakery", cakes=text)) == []


def test_pipelines_of_the_same_playbook_know_each_other(tmp_path: Path) -> None:
    over = "        - {hand_over: {pipeline: pies, role: baker}, clause: B-2}\n"
    text = changed(CAKES, "    stay:\n", over + "    stay:\n")
    pies = "pipeline: pies\nname: Пироги\nstages:\n  - {stage: new, name: Новый}\n"
    assert playbook.check(write(tmp_path / "bakery", cakes=text, pies=pies)) == []
    [problem] = playbook.check(write(tmp_path / "bakery", cakes=text))
    assert "pipeline: " in problem


def test_the_same_pipeline_in_two_files_is_a_mistake(tmp_path: Path) -> None:
    problems = playbook.check(write(tmp_path / "bakery", cakes=CAKES, pies=CAKES))
    assert "pies.yaml:1: pipeline: the pipeline “cakes” is defined twice" in "\n".join(problems)


def test_a_template_may_come_with_the_company_file(tmp_path: Path) -> None:
    text = changed(
        CAKES, "    stay:\n", "        - {send_email: {template: thanks}, clause: B-2}\n    stay:\n"
    )
    assert "template: " in "\n".join(playbook.check(write(tmp_path / "bakery", cakes=text)))
    company = COMPANY + "templates:\n  - {template: thanks}\n"
    problems = playbook.check(write(tmp_path / "bakery", company, cakes=text))
    assert not [line for line in problems if line.startswith("cakes.yaml")]


@pytest.mark.parametrize(
    "content",
    [b"", b"- a list", b"\xff\xfe\x00", b"a: &x [*x]", b"[" * 100, b"just a word", b"? [a]\n: b"],
)
def test_a_file_that_is_no_playbook_is_refused_with_a_sentence(
    tmp_path: Path, content: bytes
) -> None:
    folder = write(tmp_path / "bakery")
    (folder / "cakes.yaml").write_bytes(content)
    assert [line for line in playbook.check(folder) if line.startswith("cakes.yaml")]
    (folder / "company.yaml").write_bytes(content)
    assert [line for line in playbook.check(folder) if line.startswith("company.yaml")]


def test_a_folder_without_a_company_is_refused_with_a_sentence(tmp_path: Path) -> None:
    folder = write(tmp_path / "bakery")
    (folder / "company.yaml").unlink()
    assert playbook.check(folder)[0].startswith("company.yaml")


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = changed(
        changed(CAKES, "limit: 2d", "limit: soon"), "event: deal.moved", "event: deal.lost"
    )
    assert len(playbook.check(write(tmp_path / "bakery", cakes=text))) == 2
