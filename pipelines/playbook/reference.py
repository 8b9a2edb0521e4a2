"""The reference of what a playbook can be written with: guards, actions, events, dates and sections, as Markdown.

Made from the registry, so that it can't leave anything out; a test holds `docs/reference.md` against it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.utils import translation

from pipelines import params, registry
from pipelines.models import Field, Question

HEAD = """\
# Reference: what a playbook can be written with

Written by `manage.py playbook reference > docs/reference.md`; the format around it is in [playbooks.md](playbooks.md).
A parameter in **bold** must be given; the first one may be given bare: `{silence: 4h}` is `{silence: {period: 4h}}`.
"""
# What is written for a field, by its class; a subclass speaks for itself.
TYPES: dict[type[forms.Field], str] = {
    params.StageField: "a stage's code",
    params.StagesField: "stages' codes",
    params.FieldField: "a field's code",
    params.FieldsField: "fields' codes",
    params.TemplateField: "a template's code",
    params.ScenarioField: "a scenario's code",
    params.PipelineField: "a pipeline's code",
    params.WordsField: "words",
    params.DurationField: "a period",
    params.RoleField: "a role",
    params.RolesField: "roles",
    params.PairsField: "field: value",
    forms.MultipleChoiceField: "some of",
    forms.ChoiceField: "one of",
    forms.IntegerField: "a whole number",
    forms.DecimalField: "a number",
    forms.BooleanField: "true or false",
    forms.SlugField: "a code",
    forms.CharField: "a text",
    forms.Field: "a value",
}


def write() -> str:
    """The whole page, in English whatever language is active."""
    with translation.override("en"):
        return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield HEAD
    yield "## Guards: under `require`, `if`, `unless`\n"
    for guard in _sorted(registry.guards):
        yield from _entry(guard, guard.check)
    yield "## Actions: under `do`\n"
    for action in _sorted(registry.actions):
        yield from _entry(
            action, action.run, *(["It changes the stage, so it runs last."] * action.moves)
        )
    yield "## Events: under `on`\n"
    for verb in _sorted(registry.verbs):
        yield f"- `{verb.name}`: {verb.label}"
    yield "\n## Dates: under `before` and `after`\n"
    yield "Besides these, every field of a deal that holds a date.\n"
    for source in _sorted(registry.date_sources):
        yield f"- `{source.name}`: {source.label}"
    yield "\n## Fields that every deal has\n"
    for field in _sorted(registry.built_ins, "code"):
        said = f"{field.label} ({field.type}{', read only' if field.read_only else ''})"
        yield f"- `{field.code}`: {said}"
    for title, types in (
        ("Types of fields", Field.Type),
        ("Types of a scenario's questions", Question.Type),
    ):
        yield f"\n## {title}\n"
        for code, label in types.choices:
            yield f"- `{code}`: {label}"
    yield "\n## Sections of company.yaml\n"
    for names, text in _sections():
        yield f"### {names}\n\n```\n{text}\n```\n"


def _sorted(table: dict[str, Any], key: str = "name") -> list[Any]:
    return sorted(table.values(), key=lambda entry: str(getattr(entry, key)))


def _entry(entry: Any, function: Any, *more: str) -> Iterator[str]:
    yield f"### {entry.name}\n"
    # The line breaks of the code's width are not those of the page.
    said = " ".join((inspect.getdoc(function) or str(entry.label)).split())
    yield " ".join([said, *more]) + "\n"
    fields = entry.form.base_fields
    for name, field in fields.items():
        yield _parameter(name, field)
    if fields:
        yield ""


def _parameter(name: str, field: forms.Field) -> str:
    shown = f"**{name}**" if field.required else name
    label = str(field.label or name.replace("_", " "))
    line = f"- {shown} – {label}: {_type(field)}"
    return f"{line}. {field.help_text}" if field.help_text else line


def _type(field: forms.Field) -> str:
    said = next(TYPES[kind] for kind in type(field).__mro__ if kind in TYPES)
    if type(field) in (forms.ChoiceField, forms.MultipleChoiceField):
        codes = [f"`{code}`" for code, _label in field.choices if code != ""]  # type: ignore[attr-defined]
        said += " " + ", ".join(codes)
    if (initial := field.initial) not in (None, "", False):
        said += f" (default `{initial}`)"
    return said


def _sections() -> Iterable[tuple[str, str]]:
    """What one module reads stands under one heading: its names, and what the module says of them."""
    together: dict[str, list[str]] = {}
    for section in _sorted(registry.sections):
        together.setdefault(section.check.__module__, []).append(f"`{section.name}`")
    for module, names in together.items():
        yield ", ".join(names), inspect.getdoc(sys.modules[module]) or ""
