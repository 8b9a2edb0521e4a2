"""Timers: armed in the transaction that makes them necessary, claimed by any number of workers, fired once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date, parse_datetime

from pipelines import registry
from pipelines.catalog import CompiledPipeline, CompiledRule, CompiledStage
from pipelines.models import Timer

ARMED = Timer.State.ARMED
TIMED = ("stay", "before", "after")


def arm_stage(
    deal: Any, pipeline: CompiledPipeline, stage: CompiledStage, *, now: datetime, entry: str
) -> None:
    """Arm what the entered stage asks for: `stay` from now, `before`/`after` from the deal's dates."""
    rules = [rule for rule in pipeline.rules if rule.stage_id == stage.id]
    _arm(deal, pipeline, rules, now=now, entry=entry)


def arm_pipeline(deal: Any, pipeline: CompiledPipeline, *, now: datetime) -> None:
    """Arm the timers that hold on every stage; for a deal just opened or reopened."""
    _arm(
        deal,
        pipeline,
        [rule for rule in pipeline.rules if rule.stage_id is None],
        now=now,
        entry="",
    )


def rearm(deal: Any, pipeline: CompiledPipeline, dates: Iterable[str], *, now: datetime) -> None:
    """One of the deal's dates changed: the timers that count from it count anew."""
    changed = pipeline.dates.intersection(dates)
    rules = [
        rule
        for rule in pipeline.rules
        if rule.date in changed
        and (rule.stage_id == deal.stage_id or (rule.stage_id is None and deal.status == "open"))
    ]
    if rules:
        _armed(deal).filter(rule__in=[rule.id for rule in rules]).update(
            state=Timer.State.CANCELLED, ended_at=now
        )
        _arm(deal, pipeline, rules, now=now, entry="")


def cancel_stage(
    deal: Any, pipeline: CompiledPipeline, stage: CompiledStage, *, now: datetime, closing: bool
) -> None:
    """Cancel the left stage's timers; a closed deal has none of the pipeline's either."""
    if closing:
        cancel_all(deal, now=now)
    elif any(rule.stage_id == stage.id and rule.when in TIMED for rule in pipeline.rules):
        _armed(deal).filter(rule__stage=stage.id).update(state=Timer.State.CANCELLED, ended_at=now)


def cancel_all(deal: Any, *, now: datetime) -> None:
    """Nothing is due on this deal any more."""
    _armed(deal).update(state=Timer.State.CANCELLED, ended_at=now)


def due_moment(
    deal: Any, pipeline: CompiledPipeline, rule: CompiledRule, *, now: datetime
) -> datetime | None:
    """When the rule is to run on the deal, or None while its date is unknown."""
    if rule.period is None:
        return None
    if rule.when == "stay":
        return pipeline.calendar.add(deal.stage_since, rule.period)
    moment = read_date(deal, pipeline, rule.date)
    if moment is None:
        return None
    if rule.when == "before":
        return pipeline.calendar.before(moment, rule.period)
    return pipeline.calendar.add(moment, rule.period)


def read_date(deal: Any, pipeline: CompiledPipeline, date: str) -> datetime | None:
    """A registered date of the deal, or its date field with that code (a bare date begins at local midnight)."""
    if date in registry.date_sources:
        return registry.date_sources[date].read(deal)
    value = deal.get_value(date) or ""
    if day := parse_date(value):
        return datetime.combine(day, time(), ZoneInfo(pipeline.calendar.zone))
    return parse_datetime(value)


def _arm(
    deal: Any,
    pipeline: CompiledPipeline,
    rules: Iterable[CompiledRule],
    *,
    now: datetime,
    entry: str,
) -> None:
    timers = []
    for rule in rules:
        if rule.when in TIMED and (due_at := due_moment(deal, pipeline, rule, now=now)):
            # A date's timer is for that date: moved away and back, the rule does not run for it again.
            occasion = (
                f"{entry}:{rule.period}"
                if rule.when == "stay"
                else f"{rule.date}:{read_date(deal, pipeline, rule.date)}"
            )
            timers.append(Timer(deal=deal, rule_id=rule.id, due_at=due_at, occasion=occasion))
    if timers:
        Timer.objects.bulk_create(timers, ignore_conflicts=True)


def is_armed(timer: Timer) -> bool:
    """Whether the timer has not been cancelled since it was read."""
    return Timer.objects.filter(pk=timer.pk, state=ARMED).exists()


def _armed(deal: Any) -> Any:
    return Timer.objects.filter(deal=deal, state=ARMED)


def claim(now: datetime, limit: int) -> list[Timer]:
    """Lock up to `limit` due timers together with their deals, passing over those another worker or move holds.

    Taking both locks at once without waiting keeps the order deal → timer that a move follows, so that the two
    never wait for each other; what is passed over is still due at the next tick.
    """
    return list(
        Timer.objects.filter(state=ARMED, due_at__lte=now)
        .select_related("deal__owner")
        .select_for_update(skip_locked=True, of=("self", "deal"))
        .order_by("due_at")[:limit]
    )
