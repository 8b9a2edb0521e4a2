"""Finishing tasks: with a result, by an outcome, or taking them off."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm.models import Deal, Task
from crm.planning import keeping
from crm.planning.keeping import TaskGone
from crm.planning.questions import checked_answers
from crm.planning.setting import PROMISED, NextTask, lacks_task, set_next
from pipelines import asking, catalog, engine, fields, writes
from pipelines.actor import Actor
from pipelines.catalog import CompiledScenario
from pipelines.errors import BadAnswer, RegulationError
from pipelines.transactions import holding, verb

__all__ = [
    "NextTaskWanted",
    "TaskGone",
    "cancel_task",
    "choose_outcome",
    "complete_task",
    "is_last",
    "task_outcomes",
]


class NextTaskWanted(BadAnswer):
    """The deal would be left without a task (PZ-6.2)."""

    def __init__(self) -> None:
        super().__init__({"next_text": _("This is the deal's last task. What comes next?")})


@verb
def complete_task(
    task: Task,
    *,
    result: str,
    by: Actor,
    now: datetime,
    revision: int | None = None,
    next_task: NextTask | None = None,
    ask_next: bool = False,
) -> Task:
    """Finish the task with a short result (AX-2.5), and set the next one.

    With `ask_next` a deal on a stage that needs a task is not left without one. Errors: BadAnswer without a result,
    NextTaskWanted, TaskGone, TaskRefused.
    """
    deal = keeping.lock(task, revision, by)
    _ask_to_finish(task, deal, next_task, by=by, now=now)
    if by.is_person and only_by_outcome(task, deal):
        raise RegulationError(_("This task is finished by choosing an outcome."))
    _complete(task, deal, result=result, scenario="", by=by, now=now)
    _go_on(task, deal, next_task, ask_next=ask_next, by=by, now=now)
    return task


@verb
def choose_outcome(
    task: Task,
    code: str,
    *,
    by: Actor,
    now: datetime,
    answers: dict[str, Any],
    revision: int | None = None,
    next_task: NextTask | None = None,
    ask_next: bool = False,
) -> Task:
    """Finish (or postpone) the task by one of its scenarios, which does the rest; what it leaves undone is asked for.

    `answers` holds the scenario's questions, the fields its move asked for, and the manager's own `result`.
    Errors: TaskGone, BadAnswer, MoveRefused (nothing changed), RegulationError for an outcome not offered here.
    """
    deal = keeping.lock(task, revision, by)
    scenario = next((item for item in task_outcomes(task, deal) if item.code == code), None)
    if deal is None or scenario is None:
        raise RegulationError(_("This task has no such outcome."))
    answers = checked_answers(scenario, answers, now)
    result = str(answers.pop("result", "") or scenario.result)
    if scenario.completes:
        _complete(task, deal, result=result, scenario=code, by=by, now=now)
    else:
        # The note on a task that stays open says what came of this try.
        task.result, task.scenario = keeping.checked_result(result), code
        task.revision += 1
        task.save(update_fields=["result", "scenario", "revision"])
    # Both are locked and fresh: the engine need not read them again.
    with holding(task, deal):
        engine.choose(deal, scenario, task=task, by=by, now=now, answers=answers)
    _go_on(task, deal, next_task, ask_next=ask_next, by=by, now=now)
    return task


@verb
def cancel_task(
    task: Task,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    revision: int | None = None,
    next_task: NextTask | None = None,
    ask_next: bool = False,
) -> Task:
    """Take the task off without a result; the feed keeps it. Errors: TaskGone, TaskRefused, NextTaskWanted."""
    deal = keeping.lock(task, revision, by)
    _ask_to_finish(task, deal, next_task, by=by, now=now)
    task.cancel()
    reason = fields.storable(reason)[: keeping.RESULT_LIMIT]
    task.result, task.ended_at, task.remind_at = reason, now, None
    task.revision += 1
    writes.update(task, "state", "result", "ended_at", "remind_at", "revision")
    keeping.keep_next_task(deal)
    keeping.record(keeping.TASK_CANCELLED, task, by=by, now=now, data={"result": reason})
    _go_on(task, deal, next_task, ask_next=ask_next, by=by, now=now)
    return task


def is_last(task: Task) -> bool:
    """Whether it is the only open task of an open deal: who finishes it is asked for the next (PZ-6.2)."""
    deal = task.deal
    if deal is None or deal.status != "open" or task.state != Task.State.OPEN:
        return False
    return not Task.objects.open().filter(deal=deal).exclude(pk=task.pk).exists()


def task_outcomes(task: Task, deal: Deal | None) -> list[CompiledScenario]:
    """The scenarios that are outcomes of this open task where its deal now stands."""
    if deal is None or task.state != Task.State.OPEN or deal.scenarios_off:
        return []
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = pipeline.stage_by_id[deal.stage_id]
    return [scenario for scenario in pipeline.scenarios if scenario.serves(task, stage)]


def only_by_outcome(task: Task, deal: Deal | None) -> bool:
    """A task that names its scenarios by its own code can't be waved through with a free result."""
    return any(
        task.code and task.code in scenario.tasks
        for scenario in task_outcomes(task, deal)
        if scenario.completes
    )


def _ask_to_finish(
    task: Task, deal: Deal | None, next_task: NextTask | None, *, by: Actor, now: datetime
) -> None:
    if deal is None or not by.is_person:
        return
    context = keeping.context_of(deal, by, now)
    context.task = task
    if next_task is not None:
        context.answers = {PROMISED: next_task.text}
    keeping.refuse_if(asking.finishing_task(context))


def _complete(
    task: Task, deal: Deal | None, *, result: str, scenario: str, by: Actor, now: datetime
) -> None:
    task.result, task.scenario = keeping.checked_result(result), scenario
    task.ended_at, task.remind_at = now, None
    task.revision += 1
    task.complete()
    writes.update(task, "state", "result", "scenario", "ended_at", "remind_at", "revision")
    keeping.keep_next_task(deal)
    keeping.record(
        keeping.TASK_COMPLETED,
        task,
        by=by,
        now=now,
        data={"result": task.result, "scenario": scenario},
    )


def _go_on(
    task: Task,
    deal: Deal | None,
    next_task: NextTask | None,
    *,
    ask_next: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Set the next task. Errors: NextTaskWanted, and those of setting it."""
    if deal is None:
        return
    if next_task is not None:
        set_next(task, deal, next_task, by=by, now=now)
    elif ask_next and lacks_task(deal):
        raise NextTaskWanted
