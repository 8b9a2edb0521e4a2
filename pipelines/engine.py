"""The one door: every change of a deal's stage goes through here, whole or not at all.

`place` puts a new deal on its first stage, `move` moves it, `choose` runs a scenario, `take` an offer,
`record` an event, `fire` a timer. All take the moment as `now` and write in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import catalog, door, feed, registry, rules, timers
from pipelines import fields as field_values
from pipelines.actor import SYSTEM, Actor
from pipelines.catalog import CompiledPipeline, CompiledRule, CompiledScenario, CompiledStage
from pipelines.context import Context
from pipelines.errors import MoveRefused, Refusal, RegulationError, StaleMove
from pipelines.models import Event, Offer, RuleRun, StageChange, Timer
from pipelines.transactions import holding, is_held

DEAL_OPENED = registry.event("deal.opened", label=gettext_lazy("deal opened"), icon="plus")
DEAL_MOVED = registry.event("deal.moved", label=gettext_lazy("moved"), icon="arrow-right")
FIELD_CHANGED = registry.event("field.changed", label=gettext_lazy("fields changed"), icon="pencil")
SCENARIO_CHOSEN = registry.event(
    "scenario.chosen", label=gettext_lazy("outcome chosen"), icon="git-branch"
)
OFFER_TAKEN = registry.event("offer.taken", label=gettext_lazy("offer accepted"), icon="bulb")
TIMER_FIRED = registry.event("timer.fired", label=gettext_lazy("time came"), icon="clock")


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
    if stage is not pipeline.first_stage:
        _refuse_if([*_right_to_enter(by, stage), *_entering(context, None, stage)])
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


@transaction.atomic
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
) -> StageChange:
    """Move the deal to the stage `to` (compiled, code or id), with `answers` by field code filled in first.

    `seen` is the id of the stage on which the caller saw the deal (by default the instance's own).
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
    before = deal.snapshot()
    try:
        changes = deal.fill(answers or {}, by=by, now=now)
        _refuse_if(standing_against(context, source, target))
    except RegulationError:
        deal.restore(before)
        raise

    stayed, filled = now - deal.stage_since, deal.filled_columns
    with door.opened():
        deal.move_to(target, at=now)
        deal.stage_deadline = pipeline.calendar.add(now, target.limit) if target.limit else None
        deal.save(
            update_fields=[
                *filled,
                "pipeline",
                "stage",
                "status",
                "stage_since",
                "stage_deadline",
                "closed_at",
            ]
        )
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
    feed.flush()
    Event.objects.bulk_create([filled_event, event] if changes else [event])
    change = StageChange.objects.create(
        deal=deal,
        from_stage_id=source.id,
        to_stage_id=target.id,
        event=event,
        at=now,
        stayed=stayed,
    )
    context.event = event
    if changes:
        date_changed(deal, changes, now=now)
        _hear(filled_event, deal, pipeline, by, now)
    timers.cancel_stage(deal, pipeline, source, now=now, closing=target.kind != "open")
    if source.kind != "open" and target.kind == "open":
        timers.arm_pipeline(deal, pipeline, now=now)
    Offer.objects.filter(deal=deal, state=Offer.State.OPEN).update(state=Offer.State.WITHDRAWN)
    leaving = rules.Job(
        pipeline.rules_of("leave", "do", stage_id=source.id), context, f"leave:{change.pk}"
    )
    _enter(context, target, change, leaving)
    _hear(event, deal, pipeline, by, now)
    return change


@transaction.atomic
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
    """Run what a scenario brings; the caller (`crm.tasks.choose_outcome`) has locked and ended the task.

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
        "task": task.pk,
        "text": task.text,
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
    pipeline = lock(deal)
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
        action.run(context, catalog.namespace(form))


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
    if changes := deal.fill(answers, by=by, now=now):
        deal.save(update_fields=deal.filled_columns)
        _fields_changed(deal, changes, by=by, now=now)
    return changes


def date_changed(deal: Any, dates: Iterable[str], *, now: datetime) -> None:
    """A date that timers may count from has changed on a locked deal."""
    timers.rearm(deal, catalog.pipeline(deal.pipeline_id), dates, now=now)


def cancel_timers(deal: Any, *, now: datetime) -> None:
    """Nothing is due any more on a locked deal that leaves the lists."""
    timers.cancel_all(deal, now=now)


def fire_due(now: datetime, *, limit: int = 100) -> int:
    """Fire up to `limit` due timers; returns how many were claimed. One step of the tick, run until it returns 0.

    The first timers of all deals run together; a deal's further ones after it, for what the first one's rule did
    to the deal may have cancelled them.
    """
    with transaction.atomic(), feed.gathering():
        claimed = timers.claim(now, limit)
        firsts: dict[int, Timer] = {}
        for timer in claimed:
            firsts.setdefault(timer.deal_id, timer)
        fired = _fire(list(firsts.values()), now)
        for timer in claimed:
            first = firsts[timer.deal_id]
            if timer is not first and timers.is_armed(timer):
                timer.deal = first.deal
                fired += _fire([timer], now)
        Timer.objects.filter(pk__in=fired).update(state=Timer.State.FIRED, ended_at=now)
        stale = {timer.pk for timer in claimed}.difference(fired)
        if stale:
            Timer.objects.filter(pk__in=stale, state=Timer.State.ARMED).update(
                state=Timer.State.CANCELLED, ended_at=now
            )
    return len(claimed)


def _fire(due: list[Timer], now: datetime) -> list[int]:
    """Run the rules of due timers on their (locked, different) deals; the ids of those that still applied."""
    applying = [(timer, *found) for timer in due if (found := _applying(timer))]
    events = [
        feed.draft(
            TIMER_FIRED,
            deal=timer.deal,
            now=now,
            by=SYSTEM.through(rule.id),
            data={
                "rule": rule.code,
                "clause": rule.clause,
                "late_minutes": int((now - timer.due_at).total_seconds() // 60),
            },
        )
        for timer, _pipeline, rule in applying
    ]
    feed.flush()
    Event.objects.bulk_create(events)
    rules.run_all(
        [
            rules.Job(
                [rule],
                Context(deal=timer.deal, pipeline=pipeline, by=SYSTEM, now=now, event=event),
                timer.occasion,
            )
            for (timer, pipeline, rule), event in zip(applying, events, strict=True)
        ]
    )
    return [timer.pk for timer, _pipeline, _rule in applying]


def _applying(timer: Timer) -> tuple[CompiledPipeline, CompiledRule] | None:
    """The pipeline and the rule of a timer, if the rule still stands and the deal is where it asks for it."""
    deal = timer.deal
    try:
        pipeline = catalog.pipeline(deal.pipeline_id)
    except KeyError:
        return None
    rule = pipeline.rule(timer.rule_id)
    if rule is None or deal.archived_at or rule.stage_id not in (None, deal.stage_id):
        return None
    return pipeline, rule


@transaction.atomic
def retry(run: RuleRun, *, by: Actor, now: datetime) -> RuleRun:
    """Run a failed rule again for its occasion; the row keeps the new outcome. Errors: RegulationError."""
    nothing = RegulationError(_("There is nothing to retry: the rule is gone or has run."))
    # Retried by another meanwhile, it is another row.
    locked = RuleRun.objects.select_for_update(of=("self",)).filter(pk=run.pk).first()
    if locked is None:
        raise nothing
    run, deal = locked, locked.deal
    pipeline = lock(deal)
    rule = pipeline.rule(run.rule_id)
    if rule is None or run.status not in (RuleRun.Status.FAILED, RuleRun.Status.LOOPED):
        raise nothing
    kept, context = run.occasion, _context_again(run, deal, pipeline, by, now)
    run.delete()
    again = rules.run([rule], context, kept)
    return again[0]


def _context_again(
    run: RuleRun, deal: Any, pipeline: CompiledPipeline, by: Actor, now: datetime
) -> Context:
    """What the failed run was given, as far as the event that caused it tells: the task, its answers, the stages."""
    context = Context(deal=deal, pipeline=pipeline, by=by, now=now, event=run.cause)
    if run.cause is None:
        return context
    if run.cause.verb == SCENARIO_CHOSEN:
        found = apps.get_model("crm.Task").objects.filter(pk=run.cause.data["task"])
        context.task, context.answers = found.first(), run.cause.data.get("answers", {})
    if change := StageChange.objects.filter(event=run.cause).first():
        context.from_stage = pipeline.stage_by_id.get(change.from_stage_id or 0)
        context.to_stage = pipeline.stage_by_id.get(change.to_stage_id)
    return context


def standing_against(
    context: Context, source: CompiledStage, target: CompiledStage
) -> list[Refusal]:
    """All that stands against a move: leaving, every skipped stage's fields, entering, the mover's rights."""
    pipeline = context.pipeline
    found = _rights(context.by, source, target)
    found += rules.refusals(pipeline.rules_of("leave", "require", stage_id=source.id), context)
    found += _entering(context, source, target)
    return list(dict.fromkeys(found))


def lock(deal: Any) -> CompiledPipeline:
    """Lock the deal's row, bring the instance up to date, and return its pipeline as it stands now.

    Errors: RegulationError for a deal archived meanwhile.
    """
    if is_held(deal):
        return catalog.pipeline(deal.pipeline_id)
    locked = (
        apps.get_model("crm.Deal")
        .objects.select_for_update(of=("self",))
        .annotate(pipeline_stamp=F("pipeline__stamp"))
        .get(pk=deal.pk)
    )
    deal.become(locked)
    if locked.archived_at:
        raise RegulationError(_("This deal was archived."))
    return catalog.pipeline(locked.pipeline_id, stamp=locked.pipeline_stamp)


def _fields_changed(deal: Any, changes: dict[str, list[Any]], *, by: Actor, now: datetime) -> None:
    date_changed(deal, changes, now=now)
    record(FIELD_CHANGED, deal=deal, by=by, now=now, data={"fields": changes})


def _entering(
    context: Context, source: CompiledStage | None, target: CompiledStage
) -> list[Refusal]:
    pipeline = context.pipeline
    asked: list[CompiledRule] = []
    if source is not None and target.kind != "lost":
        for skipped in pipeline.stages:
            if source.position < skipped.position < target.position and skipped.kind == "open":
                asked += [
                    rule
                    for rule in pipeline.rules_of("enter", "require", stage_id=skipped.id)
                    if rule.stage_id and rule.entry.of_fields
                ]
    return rules.refusals(
        [*asked, *pipeline.rules_of("enter", "require", stage_id=target.id)], context
    )


def _rights(by: Actor, source: CompiledStage, target: CompiledStage) -> list[Refusal]:
    """Stage rights bind people; a rule that moves a deal carries the regulation out and has none of its own."""
    if not by.is_person or getattr(by.user, "is_superuser", False):
        return []
    found = []
    if not source.lets("leave", by.roles):
        found.append(
            Refusal(
                "",
                _("Your role may not move deals away from “%(stage)s”.") % {"stage": source.name},
            )
        )
    return found + _right_to_enter(by, target)


def _right_to_enter(by: Actor, stage: CompiledStage) -> list[Refusal]:
    if not by.is_person or by.user.is_superuser or stage.lets("enter", by.roles):
        return []
    return [Refusal("", _("Your role may not move deals to “%(stage)s”.") % {"stage": stage.name})]


def _enter(context: Context, stage: CompiledStage, change: StageChange, *before: rules.Job) -> None:
    """Arm the stage's timers and run its rules, those of the left stage first, all in one go."""
    occasion = f"enter:{change.pk}"
    timers.arm_stage(context.deal, context.pipeline, stage, now=context.now, entry=occasion)
    entering = context.pipeline.rules_of("enter", "do", stage_id=stage.id)
    rules.run_all([*before, rules.Job(entering, context, occasion)])


def _hear(event: Event, deal: Any, pipeline: CompiledPipeline, by: Actor, now: datetime) -> None:
    if event.verb in pipeline.hears:
        heard = pipeline.rules_of("on", "do", stage_id=deal.stage_id, verb=event.verb)
        context = Context(deal=deal, pipeline=pipeline, by=by, now=now, event=event)
        # Delivered twice, an outside event is one row; its own id might be the number of another row.
        rules.run(heard, context, f"event:{event.pk}")


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
