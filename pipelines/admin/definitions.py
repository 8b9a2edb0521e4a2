"""What an admin page needs to know of its pipeline: its codes with labels, and the choices of its fields."""

from __future__ import annotations

from typing import Any

from pipelines import catalog, registry
from pipelines.catalog import CompiledPipeline
from pipelines.compiling import compile_pipelines
from pipelines.models import Pipeline, Rule


def compiled(pipeline: Pipeline) -> CompiledPipeline:
    """The pipeline compiled as it stands; one that is switched off too, which the catalog does not keep."""
    try:
        return catalog.pipeline(pipeline.pk, stamp=pipeline.stamp)
    except KeyError:
        return compile_pipelines([pipeline.pk])[pipeline.pk]


def choices_of_fields(pipeline: CompiledPipeline) -> dict[str, dict[str, str]]:
    """Field code → its choices, for the list fields."""
    return {code: dict(field.choices) for code, field in pipeline.fields.items() if field.choices}


def verb_choices() -> list[tuple[str, str]]:
    return sorted(
        ((name, str(verb.label)) for name, verb in registry.verbs.items()), key=lambda pair: pair[1]
    )


def entry_choices(table: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Guards or actions with their labels, in the labels' order."""
    found = [(f"{prefix}{name}", str(entry.label)) for name, entry in table.items()]
    return sorted(found, key=lambda pair: pair[1].casefold())


def task_choices(pipeline: Pipeline) -> list[tuple[str, str]]:
    """Codes of the tasks that rules of its playbook set, with the tasks' texts."""
    found: dict[str, str] = {}
    rules = Rule.objects.filter(pipeline__playbook=pipeline.playbook, effect=Rule.Effect.DO)
    for params in rules.filter(params__has_key="code").values_list("params", flat=True):
        if params.get("code"):
            found.setdefault(str(params["code"]), str(params.get("text") or params["code"]))
    return list(found.items())


def kind_choices() -> list[tuple[str, str]]:
    """Kinds of tasks, as the action that sets tasks offers them."""
    for action in registry.actions.values():
        fields = action.form.base_fields
        if {"code", "kind"} <= set(fields):
            return [(code, str(label)) for code, label in fields["kind"].choices if code]  # type: ignore[attr-defined]
    return []
