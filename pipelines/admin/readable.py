"""JSON of runs and events as people read it: a small table, never a raw dictionary."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines.catalog import CompiledPipeline

# Keys that rules, events and actions of ours write; any other is shown as it is.
LABELS: dict[str, Any] = {
    "answers": gettext_lazy("answers"),
    "attempts": gettext_lazy("contact attempts"),
    "arrival": gettext_lazy("came by"),
    "cancelled": gettext_lazy("tasks cancelled"),
    "channels": gettext_lazy("known channels"),
    "clause": gettext_lazy("clause"),
    "code": gettext_lazy("code"),
    "completed": gettext_lazy("tasks completed"),
    "contact": gettext_lazy("contact"),
    "deal": gettext_lazy("deal"),
    "due_at": gettext_lazy("due at"),
    "error": gettext_lazy("error"),
    "fields": gettext_lazy("fields"),
    "from": gettext_lazy("from the stage"),
    "kind": gettext_lazy("kind"),
    "label": gettext_lazy("outcome"),
    "last_contact_at": gettext_lazy("last communication"),
    "late_minutes": gettext_lazy("minutes late"),
    "message": gettext_lazy("letter"),
    "moved": gettext_lazy("moved to"),
    "name": gettext_lazy("name"),
    "offered": gettext_lazy("offered"),
    "owner": gettext_lazy("responsible"),
    "reason": gettext_lazy("reason"),
    "result": gettext_lazy("result"),
    "rule": gettext_lazy("rule"),
    "scenario": gettext_lazy("outcome"),
    "silent_since": gettext_lazy("silent since"),
    "skipped": gettext_lazy("skipped"),
    "stayed": gettext_lazy("stayed on"),
    "subject": gettext_lazy("subject"),
    "tags": gettext_lazy("tags"),
    "task": gettext_lazy("task"),
    "text": gettext_lazy("text"),
    "to": gettext_lazy("to the stage"),
}


def table(data: Any, pipeline: CompiledPipeline | None = None) -> str:
    """Key and value in words, a row each; a dash for nothing."""
    if not isinstance(data, dict) or not data:
        return say(data, pipeline)
    rows = (
        (label(str(key), pipeline), say(value, pipeline, str(key))) for key, value in data.items()
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
        for key, value in data.items()
        if value not in (None, "", [], {}) and not str(key).endswith("_code")
    )
    return f"{said[:limit]}…" if len(said) > limit else said


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
    field = pipeline.fields.get(key) if pipeline is not None else None
    return str(field.choices.get(value, value)) if field is not None else str(value)


def _is_change(value: Any, key: str, pipeline: CompiledPipeline | None) -> bool:
    """[before, after] of a changed field."""
    return len(value) == 2 and pipeline is not None and key in pipeline.fields


def _moment(text: str) -> Any:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None
