"""The one door: every change of a deal's stage goes through here, whole or not at all.

`place` puts a new deal on its first stage, `move` moves it, `choose` runs a scenario, `take` an offer. All take the
moment as `now` and write in one transaction. Callers also find here what else is done with a deal under its rules:
`record` (a fact), `change_fields`, `fire_due` (timers), `retry` (a failed run).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pipelines import (
    asking,
    catalog,
    door,
    feed,
    overrides,
    reads,
    registry,
    remedies,
    rules,
    timers,
    writes,
)
from pipelines import fields as field_values
from pipelines import grace as grace_of
from pipelines.actor import Actor
from pipelines.asking import refuse_if
from pipelines.catalog import CompiledPipeline, CompiledScenario, CompiledStage
from pipelines.compiling import namespace
from pipelines.context import Context, caused_by
from pipelines.errors import MoveRefused, Refusal, RegulationError, StaleMove
from pipelines.filling import change_fields, date_changed, keeping_to_the_rules
from pipelines.firing import fire_due, retry
from pipelines.locking import lock, lock_to_edit
from pipelines.models import Event, Offer, StageChange
from pipelines.recording import hear, record
from pipelines.transactions import holding, verb
from pipelines.verbs import (
    DEAL_MOVED,
    DEAL_OPENED,
    FIELD_CHANGED,
    OFFER_TAKEN,
    SCENARIO_CHOSEN,
    TIMER_FIRED,
)

__all__ = [
    "DEAL_MOVED",
    "DEAL_OPENED",
    "FIELD_CHANGED",
    "OFFER_TAKEN",
    "SCENARIO_CHOSEN",
    "TIMER_FIRED",
    "MoveRefused",
    "StaleMove",
    "cancel_timers",
    "change_fields",
    "choose",
    "date_changed",
    "fire_due",
    "lock",
    "lock_to_edit",
    "move",
    "place",
    "record",
    "retry",
    "take",
]

MOVED_COLUMNS = ("pipeline", "stage", "status", "stage_since", "stage_deadline", "closed_at")


@verb
@feed.gathering()
def place(
    deal: Any,
    *,
    stage: CompiledStage | None = None,
    by: Actor,
    now: datetime,
    prepare: Callable[[], None] | None = None,
) -> StageChange:
    """Save a new deal on `stage` (by default the pipeline's first) and run what entering it brings.

    The entering requirements are asked only on a stage other than the first: a new request is never turned away.
    `prepare` adds what hangs on the new row (tags, say) before the rules look at it; what it could refuse its caller asks
    beforehand. Errors: MoveRefused, before anything is written.
    """
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = stage or pipeline.first_stage
    context = Context(deal=deal, pipeline=pipeline, by=by, now=now, to_stage=stage)
    if by.is_person:
        refuse_if(asking.before(context, FIELD_CHANGED))
    if stage is not pipeline.first_stage:
        refuse_if([*asking.right_to_enter(by, stage), *asking.entering(context, None, stage)])
    with door.opened():
        deal.move_to(stage, at=now)
        deal.stage_deadline = pipeline.calendar.add(now, stage.limit) if stage.limit else None
        writes.insert(deal)
    reads.join([deal.pk])
    event = feed.write(
        DEAL_OPENED, deal=deal, by=by, now=now, data={"to": stage.name, "to_code": stage.code}
    )
    change = StageChange(deal=deal, to_stage_id=stage.id, event=event, at=now)
    writes.insert(change)
    context.event = event
    if prepare:
        with holding(deal):
            prepare()
    if stage.kind == "open":
        timers.arm_pipeline(deal, pipeline, now=now)
    _enter(context, stage, change)
    hear(event, deal, pipeline, by, now)
    return change


@verb
@feed.gathering()
def move(
    deal: Any,
    *,
    to: CompiledStage | str | int,
    by: Actor,
    now: datetime,
    answers: dict[str, Any] | None = None,
    seen: int | None = None,
    reason: str = "",
    pledge: overrides.Pledge | None = None,
    grace: timedelta | None = None,
) -> StageChange:
    """Move the deal to the stage `to` (compiled, code or id), with `answers` by field code filled in first.

    `seen` is the id of the stage on which the caller saw the deal (by default the instance's own). With a `pledge`
    the requirements that the mover may pass don't refuse this one move; one that he may not pass refuses it whole.
    What the move's rules send waits for `grace`, so that `pipelines.undoing` can take it back.
    Errors: StaleMove, MoveRefused (with all refusals), BadAnswer, RegulationError for a deal archived meanwhile
    or a stage of another pipeline; after any of them nothing has changed, the instance included.
    """
    seen = seen or deal.stage_id
    pipeline = lock(deal)
    target = _resolve(pipeline, to)
    if deal.stage_id != seen:
        raise _stale(deal)
    source = pipeline.stage_by_id[deal.stage_id]
    if target.id == source.id:
        raise RegulationError(_("The deal is already on “%(stage)s”.") % {"stage": source.name})

    context = Context(
        deal=deal, pipeline=pipeline, by=by, now=now, from_stage=source, to_stage=target
    )
    as_it_was = _columns_of(deal)
    changes, passed = _asked(context, source, target, answers=answers or {}, pledge=pledge)
    if pledge and passed:
        as_it_was["pledged"] = True
    change, filled = _moved(context, source, target, as_it_was, changes=changes, reason=reason)
    told = overrides.tell(passed, context, pledge) if pledge else []
    if changes:
        date_changed(deal, changes, now=now)
    timers.cancel_stage(deal, pipeline, source, now=now, closing=target.kind != "open")
    if source.kind != "open" and target.kind == "open":
        timers.arm_pipeline(deal, pipeline, now=now)
    writes.later(_withdraw_offers, deal.pk, of=deal.pk)
    with grace_of.waiting(now + grace if grace else None):
        _follow(context, source, target, change, filled)
    if pledge and passed:
        # Last: a rule of the entered stage that cancels tasks must not cancel the promise.
        overrides.keep(passed, told, context, pledge)
        for entry in told:
            hear(entry, deal, pipeline, by, now)
    return change


def _asked(
    context: Context,
    source: CompiledStage,
    target: CompiledStage,
    *,
    answers: dict[str, Any],
    pledge: overrides.Pledge | None,
) -> tuple[dict[str, list[Any]], list[Refusal]]:
    """Fill the answers in and ask what stands against the move: {code: [before, after]}, and what the pledge passes.

    Errors: as of `move`; the deal is then as it was.
    """
    deal, by, now = context.deal, context.by, context.now
    before = deal.snapshot()
    try:
        promised, filled_in = remedies.part(answers)
        with keeping_to_the_rules(deal, by=by, now=now):
            changes = deal.fill(filled_in, by=by, now=now)
        context.answers = remedies.check(promised, now)
        against = asking.each_against(context, source, target)
        if pledge is not None:
            return changes, overrides.passing(against, by=by, pledge=pledge, now=now)
        refuse_if(list(dict.fromkeys(against)))
    except RegulationError:
        deal.restore(before)
        raise
    return changes, []


def _moved(
    context: Context,
    source: CompiledStage,
    target: CompiledStage,
    as_it_was: dict[str, Any],
    *,
    changes: dict[str, list[Any]],
    reason: str,
) -> tuple[StageChange, Event | None]:
    """Write the deal on its new stage, its feed, and the passage with all that takes it back; None: nothing was filled in."""
    deal, now = context.deal, context.now
    stayed, filled = now - deal.stage_since, deal.filled_columns
    with door.opened():
        deal.move_to(target, at=now)
        deal.stage_deadline = (
            context.pipeline.calendar.add(now, target.limit) if target.limit else None
        )
        writes.update(deal, *filled, *MOVED_COLUMNS)
    event, filled_event = _told(context, source, target, changes=changes, reason=reason)
    if changes:
        as_it_was |= {"fields": changes, "filled": filled_event.pk}
    change = StageChange(
        deal=deal,
        from_stage_id=source.id,
        to_stage_id=target.id,
        event=event,
        at=now,
        stayed=stayed,
        before=as_it_was,
    )
    writes.insert(change)
    context.event = event
    return change, filled_event if changes else None


def _follow(
    context: Context,
    source: CompiledStage,
    target: CompiledStage,
    change: StageChange,
    filled: Event | None,
) -> None:
    """What the move brings: the promised remedies, the rules of leaving and entering, and those that hear of it."""
    deal, pipeline, by, now = context.deal, context.pipeline, context.by, context.now
    event: Event = change.event
    with caused_by(event.pk, deeper=0):
        remedies.run(context)
    leaving = rules.Job(
        pipeline.rules_of("leave", "do", stage_id=source.id), context, f"leave:{change.pk}"
    )
    _enter(context, target, change, leaving)
    if filled is not None:
        # Only now: a rule that hears it may move the deal on, and the entered stage's rules come first.
        hear(filled, deal, pipeline, by, now)
    hear(event, deal, pipeline, by, now)


def _told(
    context: Context,
    source: CompiledStage,
    target: CompiledStage,
    *,
    changes: dict[str, list[Any]],
    reason: str,
) -> tuple[Event, Event]:
    """The entry of the move and that of the fields filled in with it, which is written only if there are any."""
    of: dict[str, Any] = {"deal": context.deal, "by": context.by, "now": context.now}
    moved = {
        "from": source.name,
        "from_code": source.code,
        "to": target.name,
        "to_code": target.code,
        "reason": field_values.storable(reason)[: field_values.TEXT_LIMIT],
    }
    event = feed.draft(DEAL_MOVED, data=moved, **of)
    filled_event = feed.draft(FIELD_CHANGED, data={"fields": changes}, **of)
    feed.flush(*([filled_event, event] if changes else [event]))
    return event, filled_event


@verb
@feed.gathering()
def choose(
    deal: Any,
    scenario: CompiledScenario,
    *,
    task: Any,
    by: Actor,
    now: datetime,
    answers: dict[str, Any],
) -> Event:
    """Run what a scenario brings; the caller (`crm.planning.tasks.choose_outcome`) has locked and ended the task, if there is one.

    Whole or not at all: a move it makes that the regulation refuses raises MoveRefused for the form to ask on.
    """
    pipeline = lock(deal)
    context = Context(deal=deal, pipeline=pipeline, by=by, now=now, task=task, answers=answers)
    refuse_if(
        rules.refusals(pipeline.rules_of("choose", "require", scenario=scenario.code), context)
    )
    data = {
        "scenario": scenario.code,
        "label": scenario.label,
        **({"task": task.pk, "text": task.text} if task is not None else {}),
        **_notes(answers),
    }
    event = context.event = feed.write(SCENARIO_CHOSEN, deal=deal, by=by, now=now, data=data)
    rules.run(
        pipeline.rules_of("choose", "do", scenario=scenario.code),
        context,
        f"event:{event.pk}",
        strict=by.is_person,
    )
    hear(event, deal, pipeline, by, now)
    return event


@transaction.atomic
@feed.gathering()
def take(offer: Offer, *, by: Actor, now: datetime, answers: dict[str, Any] | None = None) -> None:
    """Do what the system offered, as the person who accepts. Errors: MoveRefused, RegulationError if it has lapsed."""
    deal = offer.deal
    pipeline = lock_to_edit(deal, by)
    if not Offer.objects.filter(pk=offer.pk, state=Offer.State.OPEN).update(
        state=Offer.State.TAKEN
    ):
        raise RegulationError(_("This offer no longer stands."))
    action = registry.actions[offer.action]
    form = action.form(offer.params, pipeline=pipeline.vocabulary)
    if not form.is_valid():
        raise RegulationError(_("The rule has changed since; the offer no longer fits it."))
    event = feed.write(OFFER_TAKEN, deal=deal, by=by, now=now, data={"text": offer.text})
    context = Context(
        deal=deal, pipeline=pipeline, by=by, now=now, event=event, answers=answers or {}
    )
    context.rule = pipeline.rule(offer.rule_id)
    with holding(deal):
        action.run(context, namespace(form))


def cancel_timers(deal: Any, *, now: datetime) -> None:
    """Nothing is due any more on a locked deal that leaves the lists."""
    timers.cancel_all(deal, now=now)


def _columns_of(deal: Any) -> dict[str, Any]:
    """What a move overwrites, as JSON."""
    moments = {name: getattr(deal, name) for name in ("stage_since", "stage_deadline", "closed_at")}
    return {name: moment and moment.isoformat() for name, moment in moments.items()}


def _withdraw_offers(deals: list[int]) -> None:
    Offer.objects.filter(deal__in=deals, state=Offer.State.OPEN).update(state=Offer.State.WITHDRAWN)


def _enter(context: Context, stage: CompiledStage, change: StageChange, *before: rules.Job) -> None:
    """Arm the stage's timers and run its rules, those of the left stage first, all in one go."""
    occasion = f"enter:{change.pk}"
    timers.arm_stage(context.deal, context.pipeline, stage, now=context.now, entry=occasion)
    entering = context.pipeline.rules_of("enter", "do", stage_id=stage.id)
    rules.follow([*before, rules.Job(entering, context, occasion)])


def _resolve(pipeline: CompiledPipeline, to: CompiledStage | str | int) -> CompiledStage:
    table: dict[Any, CompiledStage] = (
        pipeline.stage_by_id if isinstance(to, int) else pipeline.stage_by_code
    )
    found = pipeline.stage_by_id.get(to.id) if isinstance(to, CompiledStage) else table.get(to)
    if found is None:
        raise RegulationError(_("“%(pipeline)s” has no such stage.") % {"pipeline": pipeline.name})
    return found


def _stale(deal: Any) -> StaleMove:
    last = (
        StageChange.objects.filter(deal=deal)
        .select_related("event__actor", "to_stage")
        .latest("pk")
    )
    return StaleMove(
        stage=last.to_stage.name,
        who=str(last.event.actor or _("the system")),
        when=date_format(timezone.localtime(last.at), "SHORT_DATETIME_FORMAT"),
    )


def _notes(answers: dict[str, Any]) -> dict[str, Any]:
    return {
        "answers": {code: str(value) for code, value in answers.items() if value not in (None, "")}
    }
