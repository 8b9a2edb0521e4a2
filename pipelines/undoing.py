"""Taking a move back: what it brought about is read from the feed, whose entries know what caused them.

Every verb says how its entry is reversed (`reverses`) or that it needs no reversing (`harmless`). A move that caused
anything else can't be taken back, and its author is told so at once, before anybody presses «Undo».
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import door, feed, registry, timers, writes
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import RegulationError
from pipelines.grace import GRACE
from pipelines.locking import lock
from pipelines.models import Event, RuleRun, StageChange
from pipelines.transactions import holding, verb
from pipelines.verbs import DEAL_MOVED, FIELD_CHANGED, TIMER_FIRED

MOVE_UNDONE = registry.event(
    "deal.move_undone", label=gettext_lazy("move undone"), icon="arrow-back-up"
)

MOVED_COLUMNS = ("pipeline", "stage", "status", "stage_since", "stage_deadline", "closed_at")


class CannotUndo(RegulationError):
    """This move can't be taken back; the sentence says why."""


@dataclass(frozen=True)
class Undoing:
    """What a reversal is given. Within the grace nothing of the move has left the house; later, what has left stays out."""

    deal: Any
    pipeline: CompiledPipeline
    by: Actor
    now: datetime
    in_grace: bool


Reversal = Callable[[Event, Undoing], None]
R = TypeVar("R", bound=Reversal)

_reversals: dict[str, Reversal] = {}
_harmless: set[str] = set()


def reverses(verb: str) -> Callable[[R], R]:
    """Register how an entry of the verb, caused by a move, is taken back. Errors of its own: CannotUndo."""

    def register(function: R) -> R:
        _reversals[verb] = function
        return function

    return register


def harmless(*verbs: str) -> None:
    """Entries of these verbs are said, not done: they neither hinder an undo nor need a reversal."""
    _harmless.update(verbs)


def obstacles(change: StageChange) -> list[str]:
    """What this move brought about that nothing takes back, each in words; empty if it can be undone."""
    if change.before.get("pledged"):
        return [_("It was passed with a reason, and that stands in the register.")]
    return _in_words(_stubborn(effects(change), change))


@verb
@feed.gathering()
def undo_move(
    change: StageChange, *, by: Actor, now: datetime, within: timedelta | None = GRACE
) -> Event:
    """Put the deal back as it was before the move, with all that the move brought about; returns the feed entry.

    `within` is how long after the move this is possible (None: without end; letters that have left stay sent).
    Errors: CannotUndo: too late, changed since, somebody else's, or something of it can't be taken back.
    """
    deal = change.deal
    pipeline = lock(deal)
    change = (
        StageChange.every.select_for_update(of=("self",)).select_related("event").get(pk=change.pk)
    )
    _check(change, by, now, within)
    chain = effects(change)
    if found := _stubborn(chain, change):
        raise CannotUndo(_("It can't be undone: %(what)s.") % {"what": "; ".join(_in_words(found))})
    _check_untouched(change, chain)
    undoing = Undoing(deal, pipeline, by, now, in_grace=within is not None)
    with holding(deal):
        for event in reversed(chain):
            if reversal := _reversals.get(event.verb):
                reversal(event, undoing)
        _put_back(change, undoing)
        _mark_runs(change, chain)
    return feed.write(
        MOVE_UNDONE,
        deal=deal,
        by=by,
        now=now,
        data={
            "from": change.to_stage.name,
            "to": pipeline.stage_by_id[deal.stage_id].name,
            "move": change.event_id,
        },
    )


def effects(change: StageChange) -> list[Event]:
    """All that the move set off by rules and remedies, and what that set off in its turn; the oldest first."""
    roots = [change.event_id, *filter(None, [change.before.get("filled")])]
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"roots": roots})
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(Event.objects.filter(pk__in=ids).order_by("pk")) if ids else []


_CHAIN = """
    WITH RECURSIVE chain(id) AS (
        SELECT id FROM pipelines_event WHERE cause_id = ANY(%(roots)s)
        UNION
        SELECT event.id FROM pipelines_event AS event JOIN chain ON event.cause_id = chain.id
    )
    SELECT id FROM chain
"""


def _check(change: StageChange, by: Actor, now: datetime, within: timedelta | None) -> None:
    if change.undone_at is not None:
        raise CannotUndo(_("This move has been undone already."))
    if change.from_stage_id is None:
        raise CannotUndo(_("A deal's first stage is no move."))
    mover = change.event.actor_id
    people = by.user.visible_owner_ids if by.is_person else None
    if change.event.rule_id or mover is None:
        raise CannotUndo(_("The regulation moved this deal, not a person."))
    if by.is_person and people is not None and mover not in people:
        raise CannotUndo(_("Who moved the deal, or a head over him, may undo it."))
    if change.before.get("pledged"):
        raise CannotUndo(obstacles(change)[0])
    if within is not None and now - change.at > within:
        raise CannotUndo(
            _("A move can be undone for %(seconds)s seconds; they are over.")
            % {"seconds": int(within.total_seconds())}
        )


def _check_untouched(change: StageChange, chain: list[Event]) -> None:
    """Errors: CannotUndo where a person changed the deal since, or a move or a timer came that is not of this move."""
    ours = [event.pk for event in chain]
    since = (
        Event.objects.filter(deal=change.deal_id, pk__gt=change.event_id)
        .exclude(pk__in=ours)
        .exclude(verb__in=[*_harmless, MOVE_UNDONE])
        .select_related("actor")
        .order_by("pk")
    )
    for event in since:
        if event.actor_id is not None or event.verb in (DEAL_MOVED, TIMER_FIRED):
            raise CannotUndo(
                _("The deal was changed since by %(who)s: %(what)s.")
                % {
                    "who": event.actor or _("the system"),
                    "what": registry.verbs[event.verb].label,
                }
            )


def _stubborn(chain: Iterable[Event], change: StageChange) -> list[Event]:
    return [
        event
        for event in chain
        if event.verb not in _harmless
        and (event.verb not in _reversals or event.deal_id not in (None, change.deal_id))
    ]


def _in_words(events: Iterable[Event]) -> list[str]:
    labels = (
        registry.verbs[event.verb].label if event.verb in registry.verbs else event.verb
        for event in events
    )
    return list(dict.fromkeys(str(label) for label in labels))


def _put_back(change: StageChange, undoing: Undoing) -> None:
    deal, pipeline, now = undoing.deal, undoing.pipeline, undoing.now
    source = pipeline.stage_by_id.get(change.from_stage_id or 0)
    entered = pipeline.stage_by_id.get(change.to_stage_id)
    if source is None or entered is None:
        raise CannotUndo(_("The stage is gone from the pipeline since."))
    timers.cancel_stage(deal, pipeline, entered, now=now, closing=source.kind != "open")
    changed = change.before.get("fields", {})
    deal.put_back({code: before for code, (before, _after) in changed.items()})
    with door.opened():
        deal.move_to(source, at=_moment(change.before["stage_since"]))
        deal.stage_deadline = _moment(change.before["stage_deadline"])
        deal.closed_at = _moment(change.before["closed_at"])
        writes.update(deal, *deal.filled_columns, *MOVED_COLUMNS)
    if changed:
        timers.rearm(deal, pipeline, changed, now=now)
    timers.bring_back(deal, cancelled_at=change.at)
    StageChange.every.filter(pk=change.pk).update(undone_at=now)


def _mark_runs(change: StageChange, chain: list[Event]) -> None:
    """The rules' runs of this move stay as rows, as what was taken back."""
    heard = [change.event_id, change.before.get("filled"), *(event.pk for event in chain)]
    occasions = [f"enter:{change.pk}", f"leave:{change.pk}", *(f"event:{pk}" for pk in heard if pk)]
    runs = RuleRun.objects.filter(deal=change.deal_id, occasion__in=occasions)
    runs.exclude(status=RuleRun.Status.SKIPPED).update(status=RuleRun.Status.UNDONE)


def _moment(text: str | None) -> Any:
    return parse_datetime(text) if text else None


@reverses(DEAL_MOVED)
def _moved_on(event: Event, undoing: Undoing) -> None:
    """A rule of the entered stage moved the deal further: that goes back first."""
    further = StageChange.every.select_related("event").get(event=event)
    _put_back(further, undoing)
    _mark_runs(further, [])


@reverses(FIELD_CHANGED)
def _field_set(event: Event, undoing: Undoing) -> None:
    changed = event.data["fields"]
    undoing.deal.put_back({code: before for code, (before, _after) in changed.items()})
    writes.update(undoing.deal, *undoing.deal.filled_columns)
    timers.rearm(undoing.deal, undoing.pipeline, changed, now=undoing.now)


harmless("rule.failed")
