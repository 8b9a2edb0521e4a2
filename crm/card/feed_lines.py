"""The feed as sentences: one event, one line, with its author, what stood before and what came of it.

A portion costs one query for the events and two for the letters among them, whatever its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from crm import outgoing
from crm.card.feed_filter import ALL, Filter
from crm.card.feed_line import Line
from crm.card.sentences import SENTENCES
from crm.contacting import ATTEMPTS, COMMUNICATION
from crm.guards.client import proves
from crm.models import Deal
from pipelines import catalog, registry
from pipelines.catalog import CompiledField, CompiledPipeline
from pipelines.models import Event, RuleRun
from pipelines.verbs import TIMER_FIRED

PORTION = 30


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


def read_feed(
    deal: Deal, *, asked: Filter = ALL, before: int | None = None, limit: int = PORTION
) -> Portion:
    """The newest entries of the deal and of the sale it continues that are `asked` for, older than the entry `before`."""
    deals = {item.pk: item for item in chain(deal)}
    events = entries_of(deals).select_related("actor", "rule")
    if before is not None:
        events = events.filter(pk__lt=before)
    events = asked.narrow(events, fields_of(item.pipeline_id for item in deals.values()))
    found = list(asked.ordered(events)[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    lines = lines_of(found, {pk: item.pipeline_id for pk, item in deals.items()})
    for line in lines:
        line.from_sale = line.event.deal_id != deal.pk
    return Portion(lines, found[-1].pk if more else None)


def entries_of(deals: Iterable[int]) -> QuerySet[Event]:
    """The whole feed of a deal: its entries and those of the sales it continues."""
    return Event.objects.filter(deal__in=list(deals))


def carries_words(event: Event) -> bool:
    """Whether somebody said or wrote something in it: a note, a letter, a message, a call, a form."""
    spoken = event.verb.startswith(("note.", "letter.", "message.", "call.", "form."))
    return spoken and bool(event.data.get("text") or event.data.get("excerpt"))


def fields_of(pipelines: Iterable[int]) -> Iterator[CompiledField]:
    """The fields whose changes a feed of deals of these pipelines tells, asked for only where one searches."""
    for known in map(_pipeline, set(pipelines)):
        yield from known.fields.values() if known else ()


def lines_of(events: Iterable[Event], pipelines: Mapping[int, int]) -> list[Line]:
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
    line.carries_words = carries_words(event)
    line.message = letters.get(event.data.get("message", 0))
    if say := SENTENCES.get(event.verb):
        say(line, event.data, pipeline)
    else:
        # What another app records brings its own words.
        line.text = str(event.data.get("text", ""))
    line.title = line.title[:1].upper() + line.title[1:]
    return line


def _pipeline(pipeline_id: int) -> CompiledPipeline | None:
    """None for a pipeline that was switched off since: its fields are then shown by code."""
    try:
        return catalog.pipeline(pipeline_id)
    except KeyError:
        return None
