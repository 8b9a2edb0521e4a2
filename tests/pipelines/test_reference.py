"""docs/reference.md and docs/playbooks.md leave nothing out of what a playbook can be written with."""

from __future__ import annotations

import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from pipelines import playbook, registry
from pipelines.playbook import reference
from pipelines.playbook.cursor import Cursor

REGISTERING = re.compile(r"registry\.(event|section|built_in)\(|^@(guard|action|registry)\b", re.M)
DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_reference_is_current() -> None:
    out = StringIO()
    call_command("playbook", "reference", stdout=out)
    kept = (DOCS / "reference.md").read_text(encoding="utf-8")
    assert out.getvalue() == kept, "run: manage.py playbook reference > docs/reference.md"


def test_the_reference_names_everything_that_is_registered() -> None:
    page = reference.write()
    for name in (*registry.guards, *registry.actions):
        assert f"\n### {name}\n" in page
    for name in (*registry.verbs, *registry.date_sources, *registry.sections):
        assert f"`{name}`" in page


def test_whatever_is_registered_is_known_without_the_pages() -> None:
    # A worker and a command load no pages: an event registered by a view's import alone would be unknown there.
    root = DOCS.parent
    registering = [
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for app in ("pipelines", "crm", "notifications", "licenses")
        for path in sorted((root / app).rglob("*.py"))
        if REGISTERING.search(path.read_text(encoding="utf-8"))
    ]
    assert len(registering) > 20
    code = (
        "import sys, django; django.setup();"
        f" print([name for name in {registering!r} if name not in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "[]"


def test_whoever_adds_a_guard_or_an_action_says_what_it_does() -> None:
    mute = [guard.name for guard in registry.guards.values() if not guard.check.__doc__]
    mute += [action.name for action in registry.actions.values() if not action.run.__doc__]
    assert mute == []


def test_the_page_of_playbooks_names_every_key_of_the_format(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (DOCS / "playbooks.md").read_text(encoding="utf-8")
    asked: set[str] = set()
    done = Cursor.done

    def noting(cursor: Cursor, *args: Any) -> None:
        asked.update(cursor.known)
        done(cursor, *args)

    monkeypatch.setattr(Cursor, "done", noting)
    for folder in playbook.shipped(None):
        playbook.read_book(folder)
    assert {"stage", "script", "asks", "countries"} <= asked
    keys = asked - registry.guards.keys() - registry.actions.keys()
    unnamed = [key for key in sorted(keys) if not re.search(rf"`{key}\b|\b{key}:", page)]
    assert unnamed == []
