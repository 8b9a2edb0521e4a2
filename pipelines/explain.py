"""Why: for every stage, may this user move the deal there now; for every rule, did it run, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import DatabaseError

from pipelines import asking, catalog, rules
from pipelines.actor import Actor
from pipelines.catalog import CompiledRule, CompiledStage
from pipelines.context import Context
from pipelines.errors import Refusal
from pipelines.models import RuleRun, Timer


@dataclass(frozen=True)
class StageAnswer:
    """May the deal go to this stage now; if not, every clause that stands against it."""

    stage: CompiledStage
    is_current: bool
    refusals: tuple[Refusal, ...]

    @property
    def allowed(self) -> bool:
        return not self.is_current and not self.refusals


@dataclass(frozen=True)
class RuleAnswer:
    """What became of a rule on this deal: its last run, the moment it waits for, or the condition not met now."""

    rule: CompiledRule
    words: str
    last_run: RuleRun | None
    due_at: datetime | None
    unmet: str


@dataclass(frozen=True)
class Explanation:
    stages: tuple[StageAnswer, ...]
    rules: tuple[RuleAnswer, ...]
    # What stands against this person's setting a task on the deal now.
    tasks: tuple[Refusal, ...] = ()


def explain(deal: Any, *, user: Any, now: datetime) -> Explanation:
    """All answers for one deal as it stands; changes nothing."""
    return Explanation(
        stages=stage_answers(deal, user=user, now=now),
        rules=rule_answers(deal, user=user, now=now),
        tasks=task_refusals(deal, user=user, now=now),
    )


def task_refusals(deal: Any, *, user: Any, now: datetime) -> tuple[Refusal, ...]:
    """Every clause by which this person sets no task on the deal as it stands."""
    return tuple(asking.setting_task(_context(deal, user, now)))


def stage_answers(deal: Any, *, user: Any, now: datetime) -> tuple[StageAnswer, ...]:
    """For each stage of the deal's pipeline, what stands against moving there now."""
    context = _context(deal, user, now)
    current = context.stage
    return tuple(
        StageAnswer(stage, True, ())
        if stage is current
        else StageAnswer(
            stage,
            False,
            tuple(
                asking.standing_against(
                    replace(context, from_stage=current, to_stage=stage), current, stage
                )
            ),
        )
        for stage in context.pipeline.stages
    )


def rule_answers(deal: Any, *, user: Any, now: datetime) -> tuple[RuleAnswer, ...]:
    """The acting rules of the deal's stage, of the whole pipeline, and those that have run on it before."""
    context = _context(deal, user, now)
    runs = {run.rule_id: run for run in RuleRun.objects.filter(deal=deal).order_by("at", "pk")}
    due = dict(
        Timer.objects.filter(deal=deal, state=Timer.State.ARMED).values_list("rule", "due_at")
    )
    answers = []
    for rule in context.pipeline.rules:
        if rule.effect != "do" or (
            rule.stage_id not in (None, deal.stage_id) and rule.id not in runs
        ):
            continue
        asked = context.under(rule)
        answers.append(
            RuleAnswer(
                rule=rule,
                words=rule.entry.words(dict(rule.raw), context.pipeline.vocabulary),
                last_run=runs.get(rule.id),
                due_at=due.get(rule.id),
                unmet=_unmet(asked),
            )
        )
    return tuple(answers)


def _unmet(asked: Context) -> str:
    """What is not met, a condition that can't be asked included."""
    assert asked.rule is not None
    try:
        return rules.unmet(asked.rule.conditions, asked)
    except DatabaseError:
        raise
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _context(deal: Any, user: Any, now: datetime) -> Context:
    return Context(
        deal=deal, pipeline=catalog.pipeline(deal.pipeline_id), by=Actor.person(user), now=now
    )
