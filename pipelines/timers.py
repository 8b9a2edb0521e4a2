"""Timers: armed in the transaction that makes them necessary, claimed by any number of workers, fired once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.dateparse import parse_date, parse_datetime

from pipelines import registry, writes
from pipelines.catalog import CompiledPipeline, CompiledRule, CompiledStage
from pipelines.models import RuleRun, StageChange, Timer

ARMED = Timer.State.ARMED
TIMED = ("stay", "before", "after")
# Deals locked together while a pipeline's timers are set anew: a move waits for one batch at most.
BATCH = 500


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
        writes.later(_cancel, (deal.pk, stage.id, now), of=deal.pk)


def cancel_all(deal: Any, *, now: datetime) -> None:
    """Nothing is due on this deal any more."""
    writes.later(_cancel, (deal.pk, None, now), of=deal.pk)


def _cancel(asked: list[tuple[int, int | None, datetime]]) -> None:
    """Cancel the armed timers of deals: those of the stage that each left, or all where it names none."""
    alike = defaultdict(list)
    for deal, stage, now in asked:
        alike[stage, now].append(deal)
    for (stage, now), deals in alike.items():
        found = Timer.objects.filter(deal__in=deals, state=ARMED)
        found = found.filter(rule__stage=stage) if stage else found
        found.update(state=Timer.State.CANCELLED, ended_at=now)


def bring_back(deal: Any, *, cancelled_at: datetime) -> None:
    """Arm again, for the moments they had, the timers that a move taken back had cancelled."""
    armed = _armed(deal).values("rule")
    gone = Timer.objects.filter(deal=deal, state=Timer.State.CANCELLED, ended_at=cancelled_at)
    # A rule that is armed has its timer: by the deal's date as it was before, the same moment.
    latest = gone.exclude(rule__in=armed).order_by("rule_id", "-pk").distinct("rule_id")
    Timer.objects.filter(pk__in=list(latest.values_list("pk", flat=True))).update(
        state=ARMED, ended_at=None
    )


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
    if isinstance(value, datetime):
        return value
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
    timers = _not_yet_run(deal, _wanted(deal, pipeline, rules, now=now, entry=entry), now=now)
    for timer in timers:
        writes.later(_insert, timer, of=deal.pk)


def _insert(timers: list[Timer]) -> None:
    Timer.objects.bulk_create(timers, ignore_conflicts=True)


def _not_yet_run(deal: Any, timers: list[Timer], *, now: datetime) -> list[Timer]:
    """Without those of a date for which their rule has run: moved away and back, it would come only to be refused.

    What is due later can't have run; it costs no query.
    """
    past = [timer for timer in timers if timer.due_at <= now]
    if not past:
        return timers
    ran = set(
        RuleRun.objects.filter(deal=deal, rule__in=[timer.rule_id for timer in past]).values_list(
            "rule", "occasion"
        )
    )
    return [timer for timer in timers if (timer.rule_id, timer.occasion) not in ran]


def _wanted(
    deal: Any,
    pipeline: CompiledPipeline,
    rules: Iterable[CompiledRule],
    *,
    now: datetime,
    entry: str,
) -> list[Timer]:
    """The timers of the rules on the deal, unsaved."""
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
    return timers


def rearm_all(pipeline: CompiledPipeline, now: datetime) -> int:
    """Bring timers and stage deadlines of all the pipeline's deals in line with its rules; how many deals were read."""
    read, last = 0, 0
    while found := rearm_batch(pipeline, after=last, now=now):
        read, last = read + len(found), found[-1]
    return read


@transaction.atomic
def rearm_batch(pipeline: CompiledPipeline, *, after: int, now: datetime) -> list[int]:
    """One step of `rearm_all`: the ids of up to `BATCH` deals above `after`, now as the rules say; empty at the end.

    A rule that has run for a deal's stay or date does not run for it again, whatever its period was then.
    """
    deals = list(_timed_deals(pipeline).filter(pk__gt=after).order_by("pk")[:BATCH])
    if deals:
        _keep_deadlines(deals, pipeline)
        _keep_timers(deals, pipeline, now=now)
    return [deal.pk for deal in deals]


def _timed_deals(pipeline: CompiledPipeline) -> Any:
    """The deals for which something may be due, locked: a move that wants one waits, none is passed over."""
    stages = {rule.stage_id for rule in pipeline.rules if rule.when in TIMED and rule.stage_id}
    stages |= {stage.id for stage in pipeline.stages if stage.limit}
    armed = Timer.objects.filter(deal=OuterRef("pk"), state=ARMED)
    return (
        apps.get_model("crm.Deal")
        .objects.filter(pipeline=pipeline.id, archived_at=None)
        .filter(Q(status="open") | Q(stage__in=stages) | Exists(armed))
        # A date may be a field of theirs.
        .select_related("contact", "company", *registry.date_relations())
        .select_for_update(of=("self",))
    )


def _keep_deadlines(deals: list[Any], pipeline: CompiledPipeline) -> None:
    changed = []
    for deal in deals:
        stage = pipeline.stage_by_id.get(deal.stage_id)
        limit = stage.limit if stage else None
        deadline = pipeline.calendar.add(deal.stage_since, limit) if limit else None
        if deadline != deal.stage_deadline:
            deal.stage_deadline = deadline
            changed.append(deal)
    if changed:
        apps.get_model("crm.Deal").objects.bulk_update(changed, ["stage_deadline"])


def _keep_timers(deals: list[Any], pipeline: CompiledPipeline, *, now: datetime) -> None:
    rules = [rule for rule in pipeline.rules if rule.when in TIMED]
    entries = dict(
        StageChange.objects.filter(deal__in=deals)
        .order_by("deal", "-pk")
        .distinct("deal")
        .values_list("deal", "pk")
    )
    armed = defaultdict(list)
    for timer in Timer.objects.filter(deal__in=deals, state=ARMED):
        armed[timer.deal_id].append(timer)
    past = RuleRun.objects.filter(deal__in=deals, rule__in=[rule.id for rule in rules])
    ran = {
        (deal, rule, _without_period(occasion))
        for deal, rule, occasion in past.values_list("deal", "rule", "occasion")
    }
    gone: list[int] = []
    missing: list[Timer] = []
    for deal in deals:
        wanted = {
            (timer.rule_id, timer.occasion): timer
            for timer in _due_on(deal, pipeline, rules, entries.get(deal.pk), now=now)
            if (deal.pk, timer.rule_id, _without_period(timer.occasion)) not in ran
        }
        for timer in armed[deal.pk]:
            if (same := wanted.pop((timer.rule_id, timer.occasion), None)) is None:
                gone.append(timer.pk)
            # The stay that counts over all stages began with the deal's opening, which no column keeps.
            elif same.due_at != timer.due_at and not timer.occasion.startswith(":"):
                gone.append(timer.pk)
                missing.append(same)
        missing += wanted.values()
    if gone:
        Timer.objects.filter(pk__in=gone).update(state=Timer.State.CANCELLED, ended_at=now)
    if missing:
        Timer.objects.bulk_create(missing, ignore_conflicts=True)


def _due_on(
    deal: Any,
    pipeline: CompiledPipeline,
    rules: list[CompiledRule],
    entry: int | None,
    *,
    now: datetime,
) -> list[Timer]:
    """What `arm_stage` and `arm_pipeline` would have armed, had the rules been so then."""
    of_stage = [rule for rule in rules if rule.stage_id == deal.stage_id]
    found = _wanted(deal, pipeline, of_stage, now=now, entry=f"enter:{entry}")
    if deal.status == "open":
        everywhere = [rule for rule in rules if rule.stage_id is None]
        found += _wanted(deal, pipeline, everywhere, now=now, entry="")
    return found


def _without_period(occasion: str) -> str:
    """A stay is the same stay under another period: «enter:12:3d» and «enter:12:5d»."""
    return occasion.rpartition(":")[0] if occasion.startswith(("enter:", ":")) else occasion


def is_armed(timer: Timer) -> bool:
    """Whether the timer has not been cancelled since it was read."""
    return Timer.objects.filter(pk=timer.pk, state=ARMED).exists()


def _armed(deal: Any) -> Any:
    return Timer.objects.filter(deal=deal, state=ARMED)


def claim(now: datetime, limit: int, deal: Any = None) -> list[Timer]:
    """Lock up to `limit` due timers together with their deals, passing over those another worker or move holds.

    Taking both locks at once without waiting keeps the order deal → timer that a move follows, so that the two
    never wait for each other; what is passed over is still due at the next tick.
    """
    due = Timer.objects.filter(state=ARMED, due_at__lte=now)
    return list(
        (due if deal is None else due.filter(deal=deal))
        .select_related("deal__owner", "deal__contact", *_relations())
        .prefetch_related("deal__contact__points")
        .select_for_update(skip_locked=True, of=("self", "deal"))
        .order_by("due_at")[:limit]
    )


def _relations() -> list[str]:
    return [f"deal__{name}" for name in registry.date_relations()]
