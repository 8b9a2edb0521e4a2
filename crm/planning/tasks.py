"""The verbs of tasks. Each keeps the deal's `next_task_at` and writes the feed, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Deal, Task, User
from pipelines import asking, catalog, engine, fields, registry, writes
from pipelines.actor import Actor
from pipelines.catalog import CompiledScenario
from pipelines.context import Context
from pipelines.errors import BadAnswer, MoveRefused, Refusal, RegulationError
from pipelines.transactions import holding, is_held, verb

TASK_CREATED = registry.event("task.created", label=gettext_lazy("task set"), icon="checkbox")
TASK_COMPLETED = registry.event(
    "task.completed", label=gettext_lazy("task done"), icon="circle-check"
)
TASK_POSTPONED = registry.event(
    "task.postponed", label=gettext_lazy("task moved"), icon="calendar-due"
)
TASK_CHANGED = registry.event("task.changed", label=gettext_lazy("task changed"), icon="pencil")
TASK_CANCELLED = registry.event(
    "task.cancelled", label=gettext_lazy("task cancelled"), icon="circle-x"
)

# Under this code guards find the words of a task that comes with what they are asked about.
PROMISED = "task_text"
TEXT_LIMIT = 500
RESULT_LIMIT = 5000
# Nobody plans further; a typing error in the year should not make a task invisible for a century.
FAR = timedelta(days=366 * 5)


class TaskGone(RegulationError):
    """This task is already finished."""

    def __init__(self) -> None:
        super().__init__(_("This task is already finished."))


@dataclass(frozen=True)
class NextTask:
    """What is to be done after the task that ends; its owner's."""

    text: str
    due_at: datetime
    kind: str = Task.Kind.OTHER


class NextTaskWanted(BadAnswer):
    """The deal would be left without a task (PZ-6.2)."""

    def __init__(self) -> None:
        super().__init__({"next_text": _("This is the deal's last task. What comes next?")})


class TaskRefused(MoveRefused):
    """The regulation does not let a person do this with a task here; carries every refusal."""


@verb
def create_task(
    *,
    text: str,
    due_at: datetime,
    owner: User,
    by: Actor,
    now: datetime,
    deal: Deal | None = None,
    contact: Any = None,
    company: Any = None,
    kind: str = Task.Kind.OTHER,
    code: str = "",
    all_day: bool = False,
    on_top: bool = False,
    asked: bool = True,
) -> Task:
    """Set a task for `owner`; `on_top` puts it first among those of its day.

    A person is refused where the regulation sets the tasks itself; `asked=False` for one that the regulation asks
    him for. Errors: BadAnswer for an empty or too long text or a date out of reason, TaskRefused, RegulationError
    for an archived deal.
    """
    text = _checked_text(text)
    _check_due(due_at, now)
    if deal is not None:
        engine.lock_to_edit(deal, by)
        if by.is_person and asked:
            _refuse_if(refusals_to_set(deal, by=by, now=now))
    task = Task(
        text=text,
        due_at=due_at,
        owner=owner,
        deal=deal,
        contact=contact,
        company=company,
        kind=kind,
        code=code,
        all_day=all_day,
        on_top=on_top,
        rule_id=by.rule_id,
        created_by=by.user,
        created_at=now,
    )
    writes.insert(task)
    if deal is not None and (deal.next_task_at is None or due_at < deal.next_task_at):
        deal.next_task_at = due_at
        writes.update(deal, "next_task_at")
    _record(
        TASK_CREATED, task, by=by, now=now, data={"due_at": due_at.isoformat(), "owner": str(owner)}
    )
    return task


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
    deal = _lock(task, revision, by)
    _ask_to_finish(task, deal, next_task, by=by, now=now)
    if (
        deal is not None
        and task_outcomes(task, deal)
        and by.is_person
        and _only_by_outcome(task, deal)
    ):
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
    deal = _lock(task, revision, by)
    scenario = next((item for item in task_outcomes(task, deal) if item.code == code), None)
    if deal is None or scenario is None:
        raise RegulationError(_("This task has no such outcome."))
    answers = checked_answers(scenario, answers, now)
    result = str(answers.pop("result", "") or scenario.result)
    if scenario.completes:
        _complete(task, deal, result=result, scenario=code, by=by, now=now)
    else:
        # The note on a task that stays open says what came of this try.
        task.result, task.scenario, task.revision = _checked_result(result), code, task.revision + 1
        task.save(update_fields=["result", "scenario", "revision"])
    # Both are locked and fresh: the engine need not read them again.
    with holding(task, deal):
        engine.choose(deal, scenario, task=task, by=by, now=now, answers=answers)
    _go_on(task, deal, next_task, ask_next=ask_next, by=by, now=now)
    return task


@verb
def postpone_task(
    task: Task, *, due_at: datetime, by: Actor, now: datetime, revision: int | None = None
) -> Task:
    """Move the task to another time. Errors: TaskGone, BadAnswer."""
    deal = _lock(task, revision, by)
    _check_due(due_at, now)
    before, task.due_at, task.revision = task.due_at, due_at, task.revision + 1
    task.save(update_fields=["due_at", "revision"])
    _keep_next_task(deal)
    _record(
        TASK_POSTPONED,
        task,
        by=by,
        now=now,
        data={"from": before.isoformat(), "to": due_at.isoformat()},
    )
    return task


@verb
def edit_task(
    task: Task,
    *,
    text: str,
    due_at: datetime,
    kind: str,
    owner: User,
    by: Actor,
    now: datetime,
    revision: int,
) -> Task:
    """Change what is asked, by when and of whom. Errors: TaskGone, BadAnswer."""
    deal = _lock(task, revision, by)
    text = _checked_text(text)
    _check_due(due_at, now)
    after = {"text": text, "due_at": due_at, "kind": kind, "owner": owner}
    changes = {
        name: [str(getattr(task, name)), str(value)]
        for name, value in after.items()
        if getattr(task, name) != value
    }
    if changes:
        for name, value in after.items():
            setattr(task, name, value)
        task.revision += 1
        task.save(update_fields=[*after, "revision"])
        _keep_next_task(deal)
        _record(TASK_CHANGED, task, by=by, now=now, data={"fields": changes})
    return task


@verb
def cancel_task(
    task: Task,
    *,
    by: Actor,
    now: datetime,
    reason: str = "",
    next_task: NextTask | None = None,
    ask_next: bool = False,
) -> Task:
    """Take the task off without a result; the feed keeps it. Errors: TaskGone, TaskRefused, NextTaskWanted."""
    deal = _lock(task, None, by)
    _ask_to_finish(task, deal, next_task, by=by, now=now)
    task.cancel()
    reason = fields.storable(reason)[:RESULT_LIMIT]
    task.result, task.ended_at, task.revision = reason, now, task.revision + 1
    task.save(update_fields=["state", "result", "ended_at", "revision"])
    _keep_next_task(deal)
    _record(TASK_CANCELLED, task, by=by, now=now, data={"result": reason})
    _go_on(task, deal, next_task, ask_next=ask_next, by=by, now=now)
    return task


def is_last(task: Task) -> bool:
    """Whether it is the only open task of an open deal: who finishes it is asked for the next (PZ-6.2)."""
    deal = task.deal
    if deal is None or deal.status != "open" or task.state != Task.State.OPEN:
        return False
    return not Task.objects.open().filter(deal=deal).exclude(pk=task.pk).exists()


def lacks_task(deal: Deal) -> bool:
    """An open deal without a task on a stage that needs one."""
    stage = catalog.pipeline(deal.pipeline_id).stage_by_id[deal.stage_id]
    return deal.status == "open" and deal.next_task_at is None and stage.needs_task


def _go_on(
    task: Task,
    deal: Deal | None,
    next_task: NextTask | None,
    *,
    ask_next: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Set the next task. Errors: NextTaskWanted; BadAnswer as the form calls its fields."""
    if deal is None:
        return
    if next_task is None:
        if ask_next and lacks_task(deal):
            raise NextTaskWanted
        return
    try:
        create_task(
            text=next_task.text,
            due_at=next_task.due_at,
            kind=next_task.kind,
            owner=task.owner,
            deal=deal,
            by=by,
            now=now,
        )
    except BadAnswer as error:
        raise BadAnswer({f"next_{code}": text for code, text in error.errors.items()}) from error


def task_outcomes(task: Task, deal: Deal | None) -> list[CompiledScenario]:
    """The scenarios that are outcomes of this open task where its deal now stands."""
    if deal is None or task.state != Task.State.OPEN or deal.scenarios_off:
        return []
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = pipeline.stage_by_id[deal.stage_id]
    return [scenario for scenario in pipeline.scenarios if scenario.serves(task, stage)]


def refusals_to_set(deal: Deal, *, by: Actor, now: datetime) -> list[Refusal]:
    """What stands against this person's setting a task on the deal by hand."""
    return asking.setting_task(_context(deal, by, now))


def _ask_to_finish(
    task: Task, deal: Deal | None, next_task: NextTask | None, *, by: Actor, now: datetime
) -> None:
    if deal is None or not by.is_person:
        return
    context = _context(deal, by, now)
    context.task = task
    if next_task is not None:
        context.answers = {PROMISED: next_task.text}
    _refuse_if(asking.finishing_task(context))


def _context(deal: Deal, by: Actor, now: datetime) -> Context:
    return Context(deal=deal, pipeline=catalog.pipeline(deal.pipeline_id), by=by, now=now)


def _refuse_if(found: list[Refusal]) -> None:
    if found:
        raise TaskRefused(found)


def _only_by_outcome(task: Task, deal: Deal) -> bool:
    """A task that names its scenarios by its own code can't be waved through with a free result."""
    return any(
        task.code and task.code in scenario.tasks
        for scenario in task_outcomes(task, deal)
        if scenario.completes
    )


def _complete(
    task: Task, deal: Deal | None, *, result: str, scenario: str, by: Actor, now: datetime
) -> None:
    task.result, task.scenario, task.ended_at = _checked_result(result), scenario, now
    task.revision += 1
    task.complete()
    task.save(update_fields=["state", "result", "scenario", "ended_at", "revision"])
    _keep_next_task(deal)
    _record(
        TASK_COMPLETED, task, by=by, now=now, data={"result": task.result, "scenario": scenario}
    )


def _lock(task: Task, revision: int | None, by: Actor) -> Deal | None:
    """Lock the deal, then the task (the engine's order), and bring both up to date. Errors: TaskGone."""
    deal = task.deal
    if deal is not None:
        engine.lock_to_edit(deal, by)
    fresh = task if is_held(task) else Task.objects.select_for_update(of=("self",)).get(pk=task.pk)
    if fresh.state != Task.State.OPEN:
        raise TaskGone
    if revision is not None and fresh.revision != revision:
        raise RegulationError(_("This task was changed meanwhile. Look at it again."))
    if fresh is not task:
        task.__dict__.update(
            {name: value for name, value in fresh.__dict__.items() if name != "_state"}
        )
    return deal


def _keep_next_task(deal: Deal | None) -> None:
    if deal is None:
        return
    earliest = Task.objects.filter(deal=deal, state=Task.State.OPEN).aggregate(at=Min("due_at"))[
        "at"
    ]
    if earliest != deal.next_task_at:
        deal.next_task_at = earliest
        deal.save(update_fields=["next_task_at"])


def _record(verb: str, task: Task, *, by: Actor, now: datetime, data: dict[str, Any]) -> None:
    facts = {"task": task.pk, "code": task.code, "kind": task.kind, "text": task.text, **data}
    engine.record(
        verb, deal=task.deal, contact=task.contact, company=task.company, by=by, now=now, data=facts
    )


def _checked_text(text: str) -> str:
    text = fields.storable(text).strip()
    if not text:
        raise BadAnswer({"text": _("Say what is to be done.")})
    if len(text) > TEXT_LIMIT:
        raise BadAnswer({"text": _("At most %(limit)s characters.") % {"limit": TEXT_LIMIT}})
    return text


def _checked_result(result: str) -> str:
    result = fields.storable(result).strip()
    if not result:
        raise BadAnswer({"result": _("A task is finished with a short result.")})
    if len(result) > RESULT_LIMIT:
        raise BadAnswer({"result": _("At most %(limit)s characters.") % {"limit": RESULT_LIMIT}})
    return result


def _check_due(due_at: datetime, now: datetime) -> None:
    if abs(due_at - now) > FAR:
        raise BadAnswer({"due_at": _("This date is too far away.")})


def checked_answers(
    scenario: CompiledScenario, answers: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Answers in the types their questions ask for; what a move asked for besides passes through to `fill`."""
    parsers: dict[str, Any] = {"date": fields.parse_day, "datetime": fields.parse_moment}
    checked, errors = {code: _storable(raw) for code, raw in answers.items()}, {}
    for question in scenario.questions:
        raw = answers.get(question.code)
        if raw in (None, "", []):
            if question.required:
                errors[question.code] = _("This must be answered.")
            checked.pop(question.code, None)
        elif question.type in parsers:
            try:
                value = checked[question.code] = parsers[question.type](raw)
            except ValueError as error:
                errors[question.code] = str(error)
            else:
                if isinstance(value, datetime) and abs(value - now) > FAR:
                    errors[question.code] = _("This date is too far away.")
        elif len(str(raw)) > fields.LONG_TEXT_LIMIT:
            errors[question.code] = _("At most %(limit)s characters.") % {
                "limit": fields.LONG_TEXT_LIMIT
            }
    if errors:
        raise BadAnswer(errors)
    return checked


def _storable(raw: Any) -> Any:
    return fields.storable(raw) if isinstance(raw, str) else raw
