"""The project's own code, read as trees, for the tests that forbid a thing everywhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ("pipelines", "crm", "notifications", "licenses", "config")


def sources(*folders: str, but: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in (
            sorted(ROOT.joinpath(folder).rglob("*.py"))
            if ROOT.joinpath(folder).is_dir()
            else [ROOT / folder]
        ):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name and not name.startswith(but):
                yield name, ast.parse(path.read_text(encoding="utf-8"), name)


def places(name: str, nodes: list[ast.AST]) -> list[str]:
    return [f"{name}:{node.lineno}" for node in nodes]
