"""The one door: every change of a deal's stage goes through here, whole or not at all.

`place` puts a new deal on its first stage, `move` moves it, `choose` runs a scenario, `take` an offer,
`record` an event, `fire_due` the timers. All take the moment as `now` and write in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from pipelines import (
    asking,
    catalog,
    door,
    feed,
    overrides,
    registry,
    remedies,
    rules,
    timers,
    writes,
)
from pipelines import fields as field_values
from pipelines import grace as grace_of
from pipelines.actor import SYSTEM, Actor
from pipelines.catalog import CompiledPipeline, CompiledScenario, CompiledStage
from pipelines.compiling import namespace
from pipelines.context import Context, caused_by
from pipelines.errors import MoveRefused, Refusal, RegulationError, StaleMove
from pipelines.firing import fire_due, retry
from pipelines.locking import lock, lock_to_edit
from pipelines.models import Event, Offer, StageChange
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
    "cancel_timers",
    "change_fields",
    "choose",
    "date_changed",
    "fire_due",
    "handle",
    "lock",
    "lock_to_edit",
    "move",
    "place",
    "record",
    "retry",
    "take",
]

MOVED_COLUMNS = ("pipeline", "stage", "status", "stage_since", "stage_deadline", "closed_at")


@transaction.atomic
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
    `prepare` adds what hangs on the saved row (tags, say) before the rules look at it. Errors: MoveRefused.
    """
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = stage or pipeline.first_stage
    context = Context(deal=deal, pipeline=pipeline, by=by, now=now, to_stage=stage)
    if by.is_person:
        _refuse_if(asking.before(context, FIELD_CHANGED))
    if stage is not pipeline.first_stage:
        _refuse_if([*asking.right_to_enter(by, stage), *asking.entering(context, None, stage)])
    with door.opened():
        deal.move_to(stage, at=now)
        deal.stage_deadline = pipeline.calendar.add(now, stage.limit) if stage.limit else None
        deal.save(force_insert=True)
    event = feed.write(
        DEAL_OPENED, deal=deal, by=by, now=now, data={"to": stage.name, "to_code": stage.code}
    )
    change = StageChange.objects.create(deal=deal, to_stage_id=stage.id, event=event, at=now)
    context.event = event
    if prepare:
        with holding(deal):
            prepare()
    if stage.kind == "open":
        timers.arm_pipeline(deal, pipeline, now=now)
    _enter(context, stage, change)
    _hear(event, deal, pipeline, by, now)
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
    before, as_it_was = deal.snapshot(), _columns_of(deal)
    try:
        promised, filled_in = remedies.part(answers or {})
        with _keeping_to_the_rules(deal, by=by, now=now):
            changes = deal.fill(filled_in, by=by, now=now)
        context.answers = remedies.check(promised, now)
        against = asking.each_against(context, source, target)
        if pledge is None:
            _refuse_if(list(dict.fromkeys(against)))
            passed = []
        else:
            passed = overrides.passing(against, by=by, pledge=pledge, now=now)
    except RegulationError:
        deal.restore(before)
        raise

    stayed, filled = now - deal.stage_since, deal.filled_columns
    with door.opened():
        deal.move_to(target, at=now)
        deal.stage_deadline = pipeline.calendar.add(now, target.limit) if target.limit else None
        writes.update(deal, *filled, *MOVED_COLUMNS)
    event = feed.draft(
        DEAL_MOVED,
        deal=deal,
        by=by,
        now=now,
        data={
            "from": source.name,
            "from_code": source.code,
            "to": target.name,
            "to_code": target.code,
            "reason": field_values.storable(reason)[: field_values.TEXT_LIMIT],
        },
    )
    filled_event = feed.draft(FIELD_CHANGED, deal=deal, by=by, now=now, data={"fields": changes})
    feed.flush(*([filled_event, event] if changes else [event]))
    if changes:
        as_it_was |= {"fields": changes, "filled": filled_event.pk}
    if pledge and passed:
        as_it_was["pledged"] = True
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
    told = overrides.tell(passed, context, pledge) if pledge else []
    if changes:
        date_changed(deal, changes, now=now)
    timers.cancel_stage(deal, pipeline, source, now=now, closing=target.kind != "open")
    if source.kind != "open" and target.kind == "open":
        timers.arm_pipeline(deal, pipeline, now=now)
    writes.later(_withdraw_offers, deal.pk, of=deal.pk)
    with grace_of.waiting(now + grace if grace else None):
        with caused_by(event.pk, deeper=0):
            remedies.run(context)
        leaving = rules.Job(
            pipeline.rules_of("leave", "do", stage_id=source.id), context, f"leave:{change.pk}"
        )
        _enter(context, target, change, leaving)
        if changes:
            # Only now: a rule that hears it may move the deal on, and the entered stage's rules come first.
            _hear(filled_event, deal, pipeline, by, now)
        _hear(event, deal, pipeline, by, now)
    if pledge and passed:
        # Last: a rule of the entered stage that cancels tasks must not cancel the promise.
        overrides.keep(passed, told, context, pledge)
        for entry in told:
            _hear(entry, deal, pipeline, by, now)
    return change


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
    _refuse_if(
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
    _hear(event, deal, pipeline, by, now)
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


def record(
    verb: str,
    *,
    now: datetime,
    by: Actor = SYSTEM,
    deal: Any = None,
    contact: Any = None,
    company: Any = None,
    data: dict[str, Any] | None = None,
    outside_id: str | None = None,
) -> Event:
    """Append a fact to the feed and let the rules that listen for it run on the deal (locked by the caller).

    Inside a larger verb a fact that no rule hears and nobody delivers twice waits for the others: it has no id yet.
    """
    pipeline = catalog.pipeline(deal.pipeline_id) if deal is not None else None
    heard = pipeline is not None and verb in pipeline.hears
    event = (feed.write if heard or outside_id else feed.note)(
        verb,
        now=now,
        by=by,
        deal=deal,
        contact=contact,
        company=company,
        data=data,
        outside_id=outside_id,
    )
    if pipeline is not None and heard:
        _hear(event, deal, pipeline, by, now)
    return event


def handle(verb: str, *, deal: Any, outside_id: str, now: datetime, **facts: Any) -> Event | None:
    """Take in an outside event, once however often it is delivered; None for a repetition."""
    try:
        with transaction.atomic():
            lock(deal)
            return record(verb, deal=deal, outside_id=outside_id, now=now, **facts)
    except IntegrityError:
        if Event.objects.filter(verb=verb, outside_id=outside_id).exists():
            return None
        raise


def change_fields(
    deal: Any, answers: dict[str, Any], *, by: Actor, now: datetime
) -> dict[str, list[Any]]:
    """Fill fields of a locked deal, save and record; returns {code: [before, after]}. Errors: BadAnswer."""
    with _keeping_to_the_rules(deal, by=by, now=now):
        changes = deal.fill(answers, by=by, now=now)
    if changes:
        deal.save(update_fields=deal.filled_columns)
        _fields_changed(deal, changes, by=by, now=now)
    return changes


@contextmanager
def _keeping_to_the_rules(deal: Any, *, by: Actor, now: datetime) -> Iterator[None]:
    """Values filled in inside must keep to the requirements under `on: field.changed`. Errors: MoveRefused.

    What was against them before may stay so: a deal with one bad value can be edited everywhere else.
    """
    pipeline = catalog.pipeline(deal.pipeline_id)
    if FIELD_CHANGED not in pipeline.asked_before:
        yield
        return
    context = Context(deal=deal, pipeline=pipeline, by=by, now=now)
    standing, before = asking.before(context, FIELD_CHANGED), deal.snapshot()
    # The values of a contact or a company are rows of their own: they go back with the savepoint.
    try:
        with transaction.atomic():
            yield
            found = asking.before(context, FIELD_CHANGED)
            _refuse_if([refusal for refusal in found if refusal not in standing])
    except RegulationError:
        deal.restore(before)
        raise


def date_changed(deal: Any, dates: Iterable[str], *, now: datetime) -> None:
    """A date that timers may count from has changed on a locked deal."""
    timers.rearm(deal, catalog.pipeline(deal.pipeline_id), dates, now=now)


def cancel_timers(deal: Any, *, now: datetime) -> None:
    """Nothing is due any more on a locked deal that leaves the lists."""
    timers.cancel_all(deal, now=now)


def _fields_changed(deal: Any, changes: dict[str, list[Any]], *, by: Actor, now: datetime) -> None:
    date_changed(deal, changes, now=now)
    record(FIELD_CHANGED, deal=deal, by=by, now=now, data={"fields": changes})


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


def _hear(event: Event, deal: Any, pipeline: CompiledPipeline, by: Actor, now: datetime) -> None:
    if event.verb in pipeline.hears:
        heard = pipeline.rules_of("on", "do", stage_id=deal.stage_id, verb=event.verb)
        context = Context(deal=deal, pipeline=pipeline, by=by, now=now, event=event)
        # Delivered twice, an outside event is one row; its own id might be the number of another row.
        rules.hear(rules.Job(heard, context, f"event:{event.pk}"))


def _resolve(pipeline: CompiledPipeline, to: CompiledStage | str | int) -> CompiledStage:
    table: dict[Any, CompiledStage] = (
        pipeline.stage_by_id if isinstance(to, int) else pipeline.stage_by_code
    )
    found = pipeline.stage_by_id.get(to.id) if isinstance(to, CompiledStage) else table.get(to)
    if found is None:
        raise RegulationError(_("“%(pipeline)s” has no such stage.") % {"pipeline": pipeline.name})
    return found


def _refuse_if(found: list[Refusal]) -> None:
    if found:
        raise MoveRefused(found)


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
