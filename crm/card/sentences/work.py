"""What was done about a deal, in words: tasks, sums, files."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from crm.card.feed_line import Change, Line, Sentence, moment
from crm.models import Task
from crm.money.sums import say_sum
from pipelines.catalog import CompiledPipeline


def _task(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    """A task set, done, moved, changed or cancelled: its text is the title's second half."""
    line.title = f"{line.title}: {data.get('text', '')}"
    match line.event.verb:
        case "task.created":
            line.text = _("until %(due)s, %(owner)s") % {
                "due": moment(data.get("due_at")),
                "owner": data.get("owner", ""),
            }
        case "task.completed":
            line.text, line.tone, line.spoken = data.get("result", ""), "green", True
        case "task.postponed":
            line.changes = [Change(_("Until"), moment(data.get("from")), moment(data.get("to")))]
        case "task.cancelled":
            line.text = data.get("result", "")
        case "task.changed":
            labels = {
                "text": _("Text"),
                "due_at": _("Until"),
                "kind": _("Kind"),
                "owner": _("Responsible"),
            }
            kinds = dict(Task.Kind.choices)
            line.changes = [
                Change(
                    labels.get(name, name),
                    *(str(kinds.get(value, moment(value))) for value in pair),
                )
                for name, pair in data.get("fields", {}).items()
            ]


def _sum(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    """A payment or an invoice: its number and its sum in the title, what it is for below."""
    said = [f"№ {data['number']}"] if data.get("number") else []
    # An event of before sums were written has none.
    with suppress(InvalidOperation):
        said.append(say_sum(Decimal(str(data.get("amount"))), str(data.get("currency", ""))))
    if said:
        line.title = f"{line.title}: {', '.join(said)}"
    line.text = str(data.get("text", ""))
    line.tone = {"payment.received": "green", "payment.refunded": "red"}.get(
        line.event.verb, "blue"
    )


def _file(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.title = f"{line.title}: {data.get('name', '')}"


SENTENCES: dict[str, Sentence] = {
    **dict.fromkeys(
        ("task.created", "task.completed", "task.postponed", "task.changed", "task.cancelled"),
        _task,
    ),
    **dict.fromkeys(
        (
            "payment.received",
            "payment.refunded",
            "invoice.made",
            "invoice.changed",
            "invoice.sent",
            "invoice.paid",
            "invoice.cancelled",
        ),
        _sum,
    ),
    **dict.fromkeys(("file.added", "file.removed"), _file),
}
