"""No company, pipeline or stage is known to the code by its name: regulations are playbooks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pipelines.playbook.books import read_book, shipped
from tests.pipelines.source import APPS, ROOT, sources


def _names_of_the_playbooks() -> set[str]:
    """Names of companies, pipelines and stages that ship; short everyday words would be found everywhere."""
    found = set()
    for folder in shipped():
        book, problems = read_book(folder)
        assert problems == []
        found.add(book.company.name)
        for pipeline in book.pipelines:
            found |= {pipeline.name, *(stage.name for stage in pipeline.stages)}
    return {name for name in found if len(name) > 3}


def test_the_code_knows_no_company_pipeline_or_stage_by_name() -> None:
    names = _names_of_the_playbooks()
    assert {"###CRM###", "Axelerator", "Квалифицирован"} <= names
    # Of every company that ships, of those to come too.
    assert {read_book(folder)[0].company.name for folder in shipped()} <= names
    word = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names)))
    skipped = ("/migrations/", "/playbooks/", "/demo/", "/tests/", "/vendor/", "/dist/")
    found = []
    for folder, endings in {
        **dict.fromkeys(APPS, (".py",)),
        "templates": (".html", ".jinja", ".txt"),
        "static": (".js",),
    }.items():
        for path in sorted(ROOT.joinpath(folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if (
                path.suffix not in endings
                or any(part in f"/{name}" for part in skipped)
                or name.endswith(".min.js")
            ):
                continue
            text = (
                _without_docstrings(path)
                if path.suffix == ".py"
                else path.read_text(encoding="utf-8")
            )
            found += [f"{name}: {match.group()}" for match in word.finditer(text)]
    assert found == []


def test_the_code_knows_no_company_by_its_code() -> None:
    codes = {folder.name for folder in shipped()}
    found = [
        f"{name}: {node.value}"
        # A trial run has to begin with one of them.
        for name, tree in sources(*APPS, but=("config/run.py",))
        if "/demo/" not in f"/{name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and node.value in codes
    ]
    assert found == []


def _without_docstrings(path: Path) -> str:
    """The string constants of a module but its docstrings, which may say what a thing is for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return "\n".join(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    )
