"""The feed as sentences: one event, one line, with its author, what stood before and what came of it.

A portion costs one query for the events and two for the letters among them, whatever its length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.template.defaultfilters import linebreaksbr, urlize
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import contacting, outgoing
from crm.clients import fields as client_fields
from crm.contacting import ATTEMPTS, COMMUNICATION
from crm.guards.client import proves
from crm.models import Deal, Task
from crm.money.sums import say_sum
from pipelines import catalog, fields, registry
from pipelines.catalog import CompiledField, CompiledPipeline
from pipelines.models import Event, RuleRun
from pipelines.verbs import TIMER_FIRED

PORTION = 30


@dataclass(frozen=True)
class Change:
    """One thing before and after, in words."""

    label: str
    before: str
    after: str


@dataclass
class Line:
    """One entry of the feed for people. `tone` is a colour of the theme; `verb` lets the template choose a form."""

    event: Event
    title: str
    icon: str = "point"
    tone: str = "secondary"
    who: str = ""
    clause: str = ""
    text: str = ""
    note: str = ""
    changes: list[Change] = field(default_factory=list)
    link: str = ""
    message: Any = None
    from_sale: bool = False
    is_evidence: bool = False
    # A thing a person said or wrote stands out; what the system did is a line.
    spoken: bool = False

    @property
    def html(self) -> SafeString:
        """The text with its line breaks and links, escaped."""
        return linebreaksbr(urlize(self.text))


@dataclass(frozen=True)
class Portion:
    lines: list[Line]
    # The id to ask the next portion before; None where the feed ends.
    next: int | None


def chain(deal: Deal) -> list[Deal]:
    """The deal and the sales it continues, itself first."""
    found = [deal]
    while (origin := found[-1].origin) is not None and origin not in found:
        found.append(origin)
    return found


def read_feed(deal: Deal, *, before: int | None = None, limit: int = PORTION) -> Portion:
    """The newest entries of the deal and of the sale it continues, older than the entry `before`."""
    deals = {item.pk: item for item in chain(deal)}
    events = Event.objects.filter(deal__in=deals).select_related("actor", "rule").order_by("-pk")
    if before is not None:
        events = events.filter(pk__lt=before)
    found = list(events[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    lines = lines_of(found, {pk: item.pipeline_id for pk, item in deals.items()})
    for line in lines:
        line.from_sale = line.event.deal_id != deal.pk
    return Portion(lines, found[-1].pk if more else None)


def lines_of(events: Iterable[Event], pipelines: dict[int, int]) -> list[Line]:
    """Sentences for events (with actor and rule loaded), given each deal's pipeline."""
    events = list(events)
    letters = outgoing.messages_by_id(
        [event.data["message"] for event in events if "message" in event.data]
    )
    compiled = {deal: _pipeline(pipeline) for deal, pipeline in pipelines.items()}
    done = {_choice(event): event for event in events if event.verb == "task.completed"}
    chosen = {_choice(event) for event in events if event.verb == "scenario.chosen"}
    skipped = _skipped(events)
    lines = []
    for event in events:
        if event.verb == "task.completed" and _choice(event) in chosen:
            # Said by the line of its outcome.
            continue
        if event.pk in skipped:
            continue
        line = _line(event, compiled.get(event.deal_id or 0), letters)
        if event.verb == "scenario.chosen" and (finished := done.get(_choice(event))):
            _finished(line, finished.data)
        lines.append(line)
    return lines


def _skipped(events: list[Event]) -> set[int | None]:
    """Moments that came and changed nothing, for a condition was not met: no news to anybody."""
    fired = [event.pk for event in events if event.verb == TIMER_FIRED]
    if not fired:
        return set()
    runs = RuleRun.objects.filter(cause__in=fired, status=RuleRun.Status.SKIPPED)
    return set(runs.values_list("cause", flat=True))


def _choice(event: Event) -> tuple[Any, ...]:
    """What the outcome of a task and the task done by it have in common."""
    data = event.data
    return event.deal_id, event.cause_id, event.at, data.get("task"), data.get("scenario")


def _finished(line: Line, data: dict[str, Any]) -> None:
    """The outcome has finished the task: its line says so, with the result."""
    result = data.get("result", "")
    line.text = _("Task done: %(text)s") % {"text": data.get("text", "")}
    if result and result.casefold() not in line.title.casefold():
        line.text = f"{line.text}\n{result}"
    line.spoken = True


def _line(event: Event, pipeline: CompiledPipeline | None, letters: dict[int, Any]) -> Line:
    verb = registry.verbs.get(event.verb)
    line = Line(
        event, title=str(verb.label if verb else event.verb), icon=verb.icon if verb else "point"
    )
    # A rule that puts a call on record speaks for the person who made the call.
    by_person = event.actor and (not event.rule_id or event.verb in COMMUNICATION | ATTEMPTS)
    line.who = str(event.actor) if by_person else _("the system")
    line.clause = event.rule.clause if event.rule else event.data.get("clause", "")
    if event.actor and not by_person:
        line.note = _("after what %(who)s did") % {"who": event.actor}
    line.is_evidence = proves(event)
    line.message = letters.get(event.data.get("message", 0))
    if say := _SENTENCES.get(event.verb):
        say(line, event.data, pipeline)
    else:
        # What another app records brings its own words.
        line.text = str(event.data.get("text", ""))
    line.title = line.title[:1].upper() + line.title[1:]
    return line


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
            Change(
                label, "", fields.show(known[code], answer) if code in known else _moment(answer)
            )
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


def _note(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.text, line.tone, line.spoken = data.get("text", ""), "yellow", True


def _task(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    """A task set, done, moved, changed or cancelled: its text is the title's second half."""
    line.title = f"{line.title}: {data.get('text', '')}"
    match line.event.verb:
        case "task.created":
            line.text = _("until %(due)s, %(owner)s") % {
                "due": _moment(data.get("due_at")),
                "owner": data.get("owner", ""),
            }
        case "task.completed":
            line.text, line.tone, line.spoken = data.get("result", ""), "green", True
        case "task.postponed":
            line.changes = [Change(_("Until"), _moment(data.get("from")), _moment(data.get("to")))]
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
                    *(str(kinds.get(value, _moment(value))) for value in pair),
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


def _file(line: Line, data: dict[str, Any], pipeline: CompiledPipeline | None) -> None:
    line.title = f"{line.title}: {data.get('name', '')}"


_SENTENCES: dict[str, Callable[[Line, dict[str, Any], CompiledPipeline | None], None]] = {
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
    "note.written": _note,
    **dict.fromkeys(
        ("task.created", "task.completed", "task.postponed", "task.changed", "task.cancelled"),
        _task,
    ),
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
    **dict.fromkeys(("letter.queued", "letter.sent", "letter.failed", "letter.received"), _letter),
    **dict.fromkeys(("file.added", "file.removed"), _file),
    **dict.fromkeys(("violation.recorded", "violation.explained", "violation.excused"), _violation),
    "rule.overridden": _overridden,
    "deal.warned": _warned,
    **dict.fromkeys(("contact.changed", "company.changed"), _client),
}


def _moment(raw: Any) -> str:
    """An ISO moment as people write it; any other text as it is."""
    try:
        moment: datetime | None = parse_datetime(str(raw)) if raw else None
    except ValueError:
        moment = None
    if moment is None:
        return str(raw or "")
    return date_format(
        timezone.localtime(moment) if timezone.is_aware(moment) else moment, "SHORT_DATETIME_FORMAT"
    )


def _pipeline(pipeline_id: int) -> CompiledPipeline | None:
    """None for a pipeline that was switched off since: its fields are then shown by code."""
    try:
        return catalog.pipeline(pipeline_id)
    except KeyError:
        return None
