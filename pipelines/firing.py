"""What time brings: firing due timers in batches, and running a failed rule again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils.translation import gettext as _

from pipelines import catalog, feed, listening, rules, timers, writes
from pipelines.actor import SYSTEM, Actor
from pipelines.catalog import CompiledPipeline, CompiledRule
from pipelines.context import Context
from pipelines.errors import RegulationError
from pipelines.locking import lock
from pipelines.models import RuleRun, StageChange, Timer
from pipelines.transactions import remembering
from pipelines.verbs import SCENARIO_CHOSEN, TIMER_FIRED

# A batch's own statements and its commit cost as much as dozens of countdowns; but its deals stay locked to its end,
# about a second at most, and a manager who moves one of them meanwhile waits.
BATCH = 200


def fire_due(now: datetime, *, limit: int = BATCH, deal: Any = None) -> int:
    """Fire up to `limit` due timers; returns how many were claimed. One step of the tick, run until it returns 0.

    The first timers of all deals run together; a deal's further ones after it, for what the first one's rule did
    to the deal may have cancelled them. With `deal`, only that one's: for whoever tells a story of the past.
    """
    # Listeners come last, when what waited is written.
    with (
        transaction.atomic(),
        listening.together(),
        writes.gathering(),
        feed.gathering(),
        remembering(),
    ):
        claimed = timers.claim(now, limit, deal)
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
    feed.flush(*events)
    with rules.hearing_together():
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
