"""What changed in a deal or a client, in words: stages, fields, people, outcomes, and what the system noted of it."""

from __future__ import annotations

from typing import Any

from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.card.feed_line import Change, Line, Sentence, moment
from crm.clients import fields as client_fields
from pipelines import fields
from pipelines.catalog import CompiledField, CompiledPipeline
from pipelines.verbs import TIMER_FIRED


def _opened(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.title, line.tone = _("Deal opened on “%(stage)s”") % {"stage": data.get("to", "")}, "blue"


def _moved(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.title = _("Moved: %(before)s → %(after)s") % {
        "before": data.get("from", ""),
        "after": data.get("to", ""),
    }
    line.text = data.get("reason", "")
    stage = pipeline.stage_by_code.get(data.get("to_code", "")) if pipeline else None
    line.tone = {"won": "green", "lost": "red"}.get(stage.kind if stage else "", "blue")


def _fields(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    changes = data.get("fields", {})
    known = pipeline.fields if pipeline else {}
    line.changes = [_change(known.get(code), code, pair) for code, pair in changes.items()]
    line.title = ngettext("Field changed", "Fields changed", len(changes))


def _change(known: CompiledField | None, code: str, pair: list[Any]) -> Change:
    if known is None:
        return Change(code, *(str(value or "") for value in pair))
    return Change(str(known.label), *(_in_words(known, value) for value in pair))


def _in_words(known: CompiledField, value: Any) -> str:
    if known.type == "evidence" and value:
        return _("entry %(number)s of the feed") % {"number": value}
    return fields.show(known, value)


def _outcome(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.title = _("Outcome “%(label)s”") % {"label": data.get("label", "")}
    line.text, line.tone = data.get("text", ""), "purple"
    scenario = (
        next((item for item in pipeline.scenarios if item.code == data.get("scenario")), None)
        if pipeline
        else None
    )
    labels = {question.code: question.label for question in scenario.questions} if scenario else {}
    known = pipeline.fields if pipeline else {}
    for code, answer in data.get("answers", {}).items():
        label = labels.get(code) or (str(known[code].label) if code in known else code)
        line.changes.append(
            Change(label, "", fields.show(known[code], answer) if code in known else moment(answer))
        )


def _offer(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.title, line.tone = _("Offer accepted: %(text)s") % {"text": data.get("text", "")}, "purple"


def _time_came(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    late = data.get("late_minutes", 0)
    if late >= 5:
        line.text = _late(late)


def _late(minutes: int) -> str:
    """In the unit in which people speak of it: «16 hours late», not «995 minutes»."""
    if minutes < 60:
        return ngettext("%(n)s minute late", "%(n)s minutes late", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        hours = minutes // 60
        return ngettext("%(n)s hour late", "%(n)s hours late", hours) % {"n": hours}
    days = minutes // (24 * 60)
    return ngettext("%(n)s day late", "%(n)s days late", days) % {"n": days}


def _rule_failed(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.text, line.tone = data.get("error", ""), "red"


def _assigned(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.changes = [Change(_("Responsible"), data.get("from", ""), data.get("to", ""))]


def _handed_over(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.title = _("Handed over to “%(pipeline)s”: %(person)s") % {
        "pipeline": data.get("pipeline", ""),
        "person": data.get("to", ""),
    }
    line.tone = "green"


def _tagged(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    signs = [f"+ {name}" for name in data.get("added", [])] + [
        f"− {name}" for name in data.get("removed", [])
    ]
    line.text = ", ".join(signs)


def _linked(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    pairs = zip(
        [_("Contact"), _("Company")], data.get("from", []), data.get("to", []), strict=False
    )
    line.changes = [
        Change(label, before, after) for label, before, after in pairs if before != after
    ]


def _client(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    """A contact or a company that was changed on its own card."""
    of = line.event.verb.partition(".")[0]
    line.changes = [
        _change(client_fields.named(of, code), client_fields.label_of_point(code), pair)
        for code, pair in data.get("fields", {}).items()
    ]


def _violation(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    """A breach, its explanation or its excuse: whose it is, and the clause that was broken."""
    line.title = f"{line.title}: {data.get('culprit', '')}"
    line.text, line.clause = data.get("text", ""), data.get("clause", "")
    line.tone, line.spoken = {
        "violation.recorded": ("red", False),
        "violation.explained": ("yellow", True),
        "violation.excused": ("green", True),
    }[line.event.verb]


def _overridden(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.tone, line.spoken = "orange", True
    line.text = f"{data.get('message', '')}\n{data.get('text', '')}"
    if until := parse_date(data.get("until", "")):
        day = date_format(until, "SHORT_DATE_FORMAT")
        line.text += "\n" + _("To be put right by %(day)s.") % {"day": day}


def _warned(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.text, line.tone = data.get("text", ""), "yellow"
    line.clause = data.get("clause", "") or line.clause


SENTENCES: dict[str, Sentence] = {
    "deal.opened": _opened,
    "deal.moved": _moved,
    "field.changed": _fields,
    "scenario.chosen": _outcome,
    "offer.taken": _offer,
    TIMER_FIRED: _time_came,
    "rule.failed": _rule_failed,
    "deal.assigned": _assigned,
    "client.given": _assigned,
    "deal.handed_over": _handed_over,
    "deal.tagged": _tagged,
    "deal.linked": _linked,
    **dict.fromkeys(("violation.recorded", "violation.explained", "violation.excused"), _violation),
    "rule.overridden": _overridden,
    "deal.warned": _warned,
    **dict.fromkeys(("contact.changed", "company.changed"), _client),
}
