"""What people said and wrote, in words: notes, calls, messages, letters, forms."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from crm import contacting
from crm.card.feed_line import Change, Line, Sentence, moment
from pipelines import registry
from pipelines.catalog import CompiledPipeline


def _note(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.text, line.tone, line.spoken = data.get("text", ""), "yellow", True


def _call(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.text, line.link, line.spoken = data.get("text", ""), data.get("recording", ""), True
    line.tone = {"call.answered": "green", "call.missed": "red"}.get(line.event.verb, "orange")
    if line.event.verb == "call.answered" and data.get("incoming"):
        line.title = _("conversation, the client called")
    if seconds := data.get("seconds"):
        line.title += ", " + say_length(seconds)


def say_length(seconds: int) -> str:
    """How long a conversation was: «12 min», of less than a minute «40 s»."""
    if seconds < 60:
        return _("%(n)s s") % {"n": seconds}
    return _("%(n)s min") % {"n": seconds // 60}


def _form(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.text, line.spoken, line.tone = data.get("text", ""), True, "green"
    if data.get("source"):
        line.title += f": {data['source']}"
    line.changes = [Change(name, "", value) for name, value in data.get("values", {}).items()]


def _message(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    verb = line.event.verb
    # What the outbox tells later of a message's fate repeats no text.
    line.text = data.get("error" if verb == "message.failed" else "text", "")
    line.spoken = "text" in data
    line.tone = {"message.received": "green", "message.failed": "red"}.get(verb, "blue")
    if data.get("channel"):
        line.title += f" ({contacting.channel_label(data['channel'])})"
    if verb == "message.queued" and data.get("again"):
        line.text = _("It is tried once more.")


def _letter(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    subject = data.get("subject") or _("without a subject")
    line.title = f"{line.title}: {subject}"
    line.tone = {"letter.failed": "red", "letter.received": "green"}.get(line.event.verb, "blue")
    match line.event.verb:
        case "letter.queued":
            line.spoken, line.text = True, data.get("excerpt", "")
        case "letter.received":
            line.spoken, line.text = True, data.get("text") or data.get("excerpt", "")
        case "letter.failed":
            line.text = data.get("error", "") or (line.message.error if line.message else "")


def _pinned(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    verb = registry.verbs.get(data.get("of", ""))
    what = str(verb.label if verb else data.get("of", ""))
    line.title = f"{line.title}: {what}, {moment(data.get('at'))}"


SENTENCES: dict[str, Sentence] = {
    "note.written": _note,
    **dict.fromkeys(("feed.pinned", "feed.unpinned"), _pinned),
    **dict.fromkeys(("call.answered", "call.unanswered", "call.missed"), _call),
    **dict.fromkeys(
        (
            "message.received",
            "message.queued",
            "message.sent",
            "message.failed",
            "message.delivered",
            "message.read",
        ),
        _message,
    ),
    "form.submitted": _form,
    **dict.fromkeys(("letter.queued", "letter.sent", "letter.failed", "letter.received"), _letter),
}
