"""Which clause of a regulation is held by which rules and tests, read from files alone: no database, no imports."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .books import SHIPPED, read_book, shipped

# A test that is skipped or expected to fail proves nothing.
IDLE_MARKS = {"skip", "xfail"}


@dataclass
class Clause:
    """`rules` as `pipeline: code`, `tests` as pytest names them."""

    id: str
    company: str = ""
    words: str = ""
    rules: list[str] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)

    @property
    def proved(self) -> bool:
        """A clause that only pages or records keep has no rule: its test is its proof."""
        return bool(self.tests)

    @property
    def held_by(self) -> set[str]:
        return {word for word, found in (("rule", self.rules), ("test", self.tests)) if found}


def collect(tests: Path, *, root: Path = SHIPPED) -> tuple[list[Clause], list[str]]:
    """Every clause of the playbooks with what holds it, and the problems: clauses that stand twice or nowhere."""
    table: dict[str, Clause] = {}
    problems: list[str] = []
    cited: dict[str, list[str]] = defaultdict(list)
    for folder in shipped(root):
        book, wrong = read_book(folder)
        problems += [f"{folder.name}/{sentence}" for sentence in wrong]
        for clause in book.company.clauses:
            if clause.code in table:
                where = f"{folder.name}/{clause.place}"
                problems.append(f"{where}: {table[clause.code].company} has this clause too")
            table[clause.code] = Clause(clause.code, book.company.code, clause.words)
        for pipeline in book.pipelines:
            for rule in pipeline.rules:
                if rule.active and rule.clause:
                    cited[rule.clause].append(f"{pipeline.code}: {rule.code}")
    marked = marks_in(tests)
    for code, places in [*cited.items(), *marked.items()]:
        if code not in table:
            problems.append(f"{places[0]}: no playbook has the clause {code}")
    for code, entry in table.items():
        entry.rules, entry.tests = cited.get(code, []), marked.get(code, [])
    return list(table.values()), problems


def marks_in(tests: Path) -> dict[str, list[str]]:
    """The tests by clause, as `@pytest.mark.clause("…")` on the test, its class or its module says."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(tests.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        name = path.relative_to(tests.parent).as_posix()
        for test, clause in _marked(tree.body, name, _of_module(tree)):
            if test not in found[clause]:
                found[clause].append(test)
    return found


def _marked(body: Iterable[ast.stmt], name: str, outer: list[str]) -> Iterator[tuple[str, str]]:
    for item in body:
        if not isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if IDLE_MARKS & {
            mark for decorator in item.decorator_list for mark in _own_mark(decorator)
        }:
            continue
        clauses = [
            *outer,
            *(clause for decorator in item.decorator_list for clause in _clauses(decorator)),
        ]
        if isinstance(item, ast.ClassDef):
            if item.name.startswith("Test"):
                yield from _marked(item.body, f"{name}::{item.name}", clauses)
        elif item.name.startswith("test"):
            yield from ((f"{name}::{item.name}", clause) for clause in clauses)


def _of_module(tree: ast.Module) -> list[str]:
    return [
        clause
        for item in tree.body
        if isinstance(item, ast.Assign)
        and any(isinstance(to, ast.Name) and to.id == "pytestmark" for to in item.targets)
        for clause in _clauses(item.value)
    ]


def _clauses(tree: ast.AST) -> Iterator[str]:
    """The arguments of every `mark.clause(…)` inside, a parameter's `marks=` too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _mark(node.func) == "clause":
            yield from (
                arg.value
                for arg in node.args
                if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
            )


def _own_mark(decorator: ast.expr) -> Iterator[str]:
    if mark := _mark(decorator.func if isinstance(decorator, ast.Call) else decorator):
        yield mark


def _mark(node: ast.expr) -> str:
    """`skip` of `pytest.mark.skip`."""
    if (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mark"
    ):
        return node.attr
    return ""


def lost(clauses: Iterable[Clause], proved: Path) -> list[str]:
    """What the committed list holds and is no longer so. A line is `AX-2.1 rule test`; `#` begins a comment."""
    now = {clause.id: clause.held_by for clause in clauses}
    found = []
    for line in proved.read_text(encoding="utf-8").splitlines():
        clause, *words = line.partition("#")[0].split() or [""]
        if clause:
            missing = sorted(set(words or ["test"]) - now.get(clause, set()))
            found += [f"{clause} has lost its {word}" for word in missing]
    return found


def as_list(clauses: Iterable[Clause]) -> str:
    """The proved clauses as the committed list writes them."""
    return "".join(
        f"{clause.id} {' '.join(sorted(clause.held_by))}\n" for clause in clauses if clause.proved
    )
