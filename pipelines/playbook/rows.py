"""The columns of the row that a spec stands for; what links rows is put in by the loader."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from .specs import FieldSpec, PipelineSpec, QuestionSpec, RuleSpec, ScenarioSpec, StageSpec


@singledispatch
def columns(spec: Any) -> dict[str, Any]:
    raise TypeError(type(spec).__name__)


def _take(spec: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(spec, name) for name in names}


@columns.register
def _(spec: PipelineSpec) -> dict[str, Any]:
    return _take(spec, "code", "name", "position", "currency", "note")


@columns.register
def _(spec: FieldSpec) -> dict[str, Any]:
    return _take(
        spec,
        "record",
        "code",
        "label",
        "type",
        "choices",
        "tab",
        "help_text",
        "on_board",
        "in_filter",
    )


@columns.register
def _(spec: StageSpec) -> dict[str, Any]:
    return _take(
        spec,
        "code",
        "name",
        "kind",
        "color",
        "limit",
        "goal",
        "general_rules",
        "script",
        "needs_task",
        "starts",
    )


@columns.register
def _(spec: ScenarioSpec) -> dict[str, Any]:
    return _take(
        spec, "code", "label", "tasks", "kinds", "stages", "completes", "result", "on_card"
    )


@columns.register
def _(spec: QuestionSpec) -> dict[str, Any]:
    return _take(spec, "code", "label", "type", "required")


@columns.register
def _(spec: RuleSpec) -> dict[str, Any]:
    named = _take(
        spec,
        "code",
        "clause",
        "when",
        "period",
        "date",
        "verb",
        "effect",
        "name",
        "params",
        "message",
    )
    return named | {"overridable_by": list(spec.override), "is_active": spec.active}
