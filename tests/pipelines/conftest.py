"""The small regulation of `lab.py`, and actions that misbehave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pipelines import registry
from pipelines.params import ParamsForm
from tests.pipelines.lab import Lab


@pytest.fixture
def lab(axelerator: None) -> Lab:
    return Lab()


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`act("boom", run)` registers an action for this test."""

    def register(
        name: str, run: Callable[[Any, Any], dict[str, Any] | None], *, moves: bool = False
    ) -> None:
        monkeypatch.setitem(
            registry.actions, name, registry.Action(name, name, ParamsForm, run, moves)
        )

    return register


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`ask("odd", check)` registers a guard for this test."""

    def register(
        name: str, check: Callable[[Any, Any], registry.No | None], *, of_fields: bool = False
    ) -> None:
        monkeypatch.setitem(
            registry.guards, name, registry.Guard(name, name, ParamsForm, check, of_fields)
        )

    return register
