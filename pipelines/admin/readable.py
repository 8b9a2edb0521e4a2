"""JSON of runs and events as people read it: a small table, never a raw dictionary."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from pipelines.catalog import CompiledPipeline

# Keys that rules, events and actions of ours write; any other is shown as it is.
LABELS: dict[str, Any] = {
    "added": gettext_lazy("added"),
    "again": gettext_lazy("asked again"),
    "allowed": gettext_lazy("allowed"),
    "already": gettext_lazy("was there already"),
    "amount": gettext_lazy("sum"),
    "answers": gettext_lazy("answers"),
    "arrival": gettext_lazy("came by"),
    "attempts": gettext_lazy("contact attempts"),
    "before": gettext_lazy("before"),
    "cancelled": gettext_lazy("tasks cancelled"),
    "channel": gettext_lazy("channel"),
    "channels": gettext_lazy("known channels"),
    "clause": gettext_lazy("clause"),
    "completed": gettext_lazy("tasks completed"),
    "contact": gettext_lazy("contact"),
    "count": gettext_lazy("deals"),
    "culprit": gettext_lazy("culprit"),
    "currency": gettext_lazy("currency"),
    "day": gettext_lazy("day"),
    "deal": gettext_lazy("deal"),
    "delivery": gettext_lazy("delivery"),
    "deputy": gettext_lazy("deputy"),
    "due": gettext_lazy("still due"),
    "due_at": gettext_lazy("due at"),
    "error": gettext_lazy("error"),
    "excerpt": gettext_lazy("beginning"),
    "expires_on": gettext_lazy("good until"),
    "fields": gettext_lazy("fields"),
    "file": gettext_lazy("file"),
    "files": gettext_lazy("files"),
    "first": gettext_lazy("the first time"),
    "from": pgettext_lazy("of a change", "from"),
    "incoming": gettext_lazy("the client began"),
    "invoice": gettext_lazy("invoice"),
    "item": gettext_lazy("item of a list"),
    "kind": gettext_lazy("kind"),
    "label": gettext_lazy("outcome"),
    "last_contact_at": gettext_lazy("last communication"),
    "late_minutes": gettext_lazy("minutes late"),
    "left": gettext_lazy("days left"),
    "licence": gettext_lazy("licence"),
    "mentions": gettext_lazy("called"),
    "message": gettext_lazy("letter"),
    "month": gettext_lazy("month"),
    "moved": gettext_lazy("moved to"),
    "name": gettext_lazy("name"),
    "number": gettext_lazy("No."),
    "offered": gettext_lazy("offered"),
    "over_seconds": gettext_lazy("beyond what is allowed, seconds"),
    "owner": gettext_lazy("responsible"),
    "paid": gettext_lazy("paid so far"),
    "payment": gettext_lazy("payment"),
    "pipeline": gettext_lazy("pipeline"),
    "provider": gettext_lazy("payment provider"),
    "reason": gettext_lazy("reason"),
    "recording": gettext_lazy("recording"),
    "refused": gettext_lazy("what the rule said"),
    "removed": gettext_lazy("removed"),
    "result": gettext_lazy("result"),
    "rule": gettext_lazy("rule"),
    "scenario": gettext_lazy("outcome"),
    "seconds": gettext_lazy("length, seconds"),
    "silent_since": gettext_lazy("silent since"),
    "size": gettext_lazy("size, bytes"),
    "skipped": gettext_lazy("skipped"),
    "source": gettext_lazy("source"),
    "state": gettext_lazy("state"),
    "stayed": gettext_lazy("stayed on"),
    "step": gettext_lazy("step of the countdown"),
    "subject": gettext_lazy("subject"),
    "tags": gettext_lazy("tags"),
    "task": gettext_lazy("task"),
    "team": gettext_lazy("team"),
    "template": gettext_lazy("template"),
    "text": gettext_lazy("text"),
    "to": pgettext_lazy("of a change", "to"),
    "unit": gettext_lazy("unit"),
    "until": gettext_lazy("to be put right by"),
    "user": gettext_lazy("person"),
    "violation": gettext_lazy("violation"),
    "weight": gettext_lazy("weight"),
    "who": gettext_lazy("who"),
    "whose": gettext_lazy("whose"),
}
# Keys whose values are codes of a column's own list: (model, column).
CODES = {
    "arrival": ("crm.Deal", "arrival"),
    "kind": ("crm.Task", "kind"),
    "status": ("crm.Deal", "status"),
}
# Keys whose values are codes of stages.
STAGES = frozenset({"moved", "stayed", "to", "from"})
# Their values say nothing to a reader, and the code of a stage stands beside its name.
INTERNAL = frozenset(
    {
        "from_code",
        "to_code",
        "code",
        "rule",
        "id",
        "from_id",
        "to_id",
        "owner_id",
        "culprit_id",
        "preview",
    }
)


def table(data: Any, pipeline: CompiledPipeline | None = None) -> str:
    """Key and value in words, a row each; a dash for nothing."""
    if not isinstance(data, dict) or not data:
        return say(data, pipeline)
    rows = (
        (label(str(key), pipeline), say(value, pipeline, str(key))) for key, value in _told(data)
    )
    return format_html(
        '<table class="readable">{}</table>',
        format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows),
    )


def line(data: Any, pipeline: CompiledPipeline | None = None, limit: int = 160) -> str:
    """The same on one line, for lists."""
    if not isinstance(data, dict):
        return _text(data, pipeline)
    said = "; ".join(
        f"{label(str(key), pipeline)}: {_text(value, pipeline, str(key))}"
        for key, value in _told(data)
        if value not in (None, "", [], {})
    )
    return f"{said[:limit]}…" if len(said) > limit else said


def _told(data: dict[str, Any]) -> list[tuple[str, Any]]:
    """What is for people; an outcome with its label needs no code."""
    hidden = INTERNAL | {"scenario"} if "label" in data else INTERNAL
    return [(key, value) for key, value in data.items() if key not in hidden]


def label(key: str, pipeline: CompiledPipeline | None) -> str:
    if pipeline is not None and key in pipeline.fields:
        return str(pipeline.fields[key].label)
    return str(LABELS.get(key, key.replace("_", " ")))


def say(value: Any, pipeline: CompiledPipeline | None, key: str = "") -> str:
    if isinstance(value, dict) and value:
        return table(value, pipeline)
    return _text(value, pipeline, key)


def _text(value: Any, pipeline: CompiledPipeline | None, key: str = "") -> str:
    if value is None or value in ("", [], {}):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return line(value, pipeline)
    if isinstance(value, (list, tuple)):
        return (
            " → ".join(_text(item, pipeline, key) for item in value)
            if _is_change(value, key, pipeline)
            else ", ".join(_text(item, pipeline, key) for item in value)
        )
    if isinstance(value, str) and len(value) > 15 and (moment := _moment(value)):
        return date_format(timezone.localtime(moment), "SHORT_DATETIME_FORMAT")
    if key in CODES:
        model, column = CODES[key]
        return str(_choices(model, column).get(value, value))
    if pipeline is not None and key in STAGES and value in pipeline.stage_by_code:
        return pipeline.stage_by_code[value].name
    if pipeline is not None and key == "scenario":
        return next((item.label for item in pipeline.scenarios if item.code == value), str(value))
    field = pipeline.fields.get(key) if pipeline is not None else None
    return str(field.choices.get(value, value)) if field is not None else str(value)


def _choices(model: str, column: str) -> dict[Any, Any]:
    field: Any = apps.get_model(model)._meta.get_field(column)
    return dict(field.flatchoices)


def _is_change(value: Any, key: str, pipeline: CompiledPipeline | None) -> bool:
    """[before, after] of a changed field."""
    return len(value) == 2 and pipeline is not None and key in pipeline.fields


def _moment(text: str) -> Any:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None
