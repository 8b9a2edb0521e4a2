"""What the documents point at is there: files and folders, names in the code, other pages, commands of `make`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
FOLDERS = "bench|config|crm|docs|licenses|locale|notifications|pipelines|static|templates|tests"
A_PATH = re.compile(rf"(?:{FOLDERS})/[\w./-]*")
A_NAME = re.compile(rf"((?:{FOLDERS})(?:\.\w+)+)(?:\(.*)?")
A_TEMPLATE = re.compile(r"(?:crm|licenses|notifications)/[\w/]+\.html")
TARGETS = set(re.findall(r"^([a-z-]+):", ROOT.joinpath("Makefile").read_text(), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


def is_there(name: str) -> bool:
    """Whether `crm.outgoing.letters` or `config.asgi:application` is a module, or stands in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:length])
        files = [place.with_suffix(".py"), place / "__init__.py"]
        if found := next((file for file in files if file.exists()), None):
            rest = parts[length:]
            source = found.read_text(encoding="utf-8")
            return all(re.search(rf"\b{part}\b", source) for part in rest)
    return False


def dead(page: Path) -> list[str]:
    """What a page points at and is not there."""
    text = page.read_text(encoding="utf-8")
    links = {link for link in LINK.findall(text) if "://" not in link}
    codes = set(CODE.findall(text))
    templates = {code for code in codes if A_TEMPLATE.fullmatch(code)}
    paths = {code for code in codes - templates if A_PATH.fullmatch(code)}
    names = {found[1] for code in codes if (found := A_NAME.fullmatch(code))}
    commands = {
        code.split("make ", 1)[1].split()[0] for code in codes if re.search(r"\bmake [a-z]", code)
    }
    return sorted(
        [link for link in links if not leads_somewhere(page, link)]
        + [path for path in paths if not ROOT.joinpath(path).exists()]
        + [
            template
            for template in templates
            if not any(
                ROOT.joinpath(folder, template).exists()
                for folder in ("templates", "templates/jinja2")
            )
        ]
        + [name for name in names if not is_there(name)]
        + [f"make {command}" for command in commands - TARGETS]
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_points_at_is_there(page: Path) -> None:
    assert dead(page) == []


def test_a_dead_end_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "[here](page.md#title) [gone](gone.md) [past](page.md#nowhere) `crm/gone.py` `crm/urls.py` `crm.deals.open_deal`\n"
        "`crm.deals.close_the_shop` `crm/board.html` `crm/gone.html` `make gone` `PORT=80 make run`\n# Title\n",
        encoding="utf-8",
    )
    assert dead(page) == [
        "crm.deals.close_the_shop", "crm/gone.html", "crm/gone.py", "gone.md", "make gone", "page.md#nowhere",
    ]  # fmt: skip
