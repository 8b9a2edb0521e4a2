"""Setting tasks: for a deal, a contact, a company or nothing; and the next one after a task that ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm import preferences
from crm.models import Deal, Task, User
from crm.planning import keeping, times
from pipelines import asking, catalog, engine, writes
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, Refusal
from pipelines.transactions import once, verb

# Under this code guards find the words of a task that comes with what they are asked about.
PROMISED = "task_text"
# How long before a task a person wants to hear of it where nobody says otherwise; NEVER for one who does not.
REMIND_PREFERENCE = "tasks.remind"
REMIND_AT_FIRST = 15
NEVER = "none"
AS_USUAL: Any = object()


@dataclass(frozen=True)
class NextTask:
    """What is to be done after the task that ends; its owner's."""

    text: str
    due_at: datetime
    kind: str = Task.Kind.OTHER
    all_day: bool = False


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
    minutes: int | None = None,
    remind_minutes: int | None = AS_USUAL,
    on_top: bool = False,
    asked: bool = True,
) -> Task:
    """Set a task for `owner`; `on_top` puts it first among those of its day.

    `all_day`: due by the end of the owner's day in which `due_at` lies. `minutes`: how long it takes, None for what
    its kind usually takes. `remind_minutes` before it, None for no reminder; as the owner is used to unless said.
    A person is refused where the regulation sets the tasks itself; `asked=False` for one that the regulation asks
    him for. Errors: BadAnswer for an empty or too long text or a date out of reason, TaskRefused, RegulationError
    for an archived deal.
    """
    text = keeping.checked_text(text)
    keeping.check_due(due_at, now)
    keeping.check_kind(kind)
    keeping.check_length(minutes)
    if remind_minutes is AS_USUAL:
        remind_minutes = usual_reminder(owner)
    keeping.check_reminder(remind_minutes)
    if deal is not None:
        engine.lock_to_edit(deal, by)
        if by.is_person and asked:
            keeping.refuse_if(refusals_to_set(deal, by=by, now=now))
    task = Task(
        text=text,
        due_at=times.settled(due_at, all_day=all_day, owner=owner),
        owner=owner,
        deal=deal,
        contact=contact,
        company=company,
        kind=kind,
        code=code,
        all_day=all_day,
        minutes=minutes,
        remind_minutes=remind_minutes,
        on_top=on_top,
        rule_id=by.rule_id,
        created_by=by.user,
        created_at=now,
    )
    keeping.plan_reminder(task, now)
    writes.insert(task)
    if deal is not None and (deal.next_task_at is None or task.due_at < deal.next_task_at):
        deal.next_task_at = task.due_at
        writes.update(deal, "next_task_at")
    keeping.record(
        keeping.TASK_CREATED,
        task,
        by=by,
        now=now,
        data={"due_at": task.due_at.isoformat(), "owner": str(owner), "owner_id": owner.pk},
    )
    return task


def usual_reminder(user: User) -> int | None:
    """How long before a task the person usually wants to hear of it; None for never."""
    if "chosen" in user.__dict__:
        said = preferences.get(user, REMIND_PREFERENCE)
    else:
        # By a rule, which sets tasks for one person after another.
        said = once("reminders", lambda: preferences.of_everybody(REMIND_PREFERENCE)).get(user.pk)
    if said == NEVER:
        return None
    return said if isinstance(said, int) and said in dict(times.REMINDERS) else REMIND_AT_FIRST


def refusals_to_set(deal: Deal, *, by: Actor, now: datetime) -> list[Refusal]:
    """What stands against this person's setting a task on the deal by hand."""
    return asking.setting_task(keeping.context_of(deal, by, now))


def lacks_task(deal: Deal) -> bool:
    """An open deal without a task on a stage that needs one."""
    stage = catalog.pipeline(deal.pipeline_id).stage_by_id[deal.stage_id]
    return deal.status == "open" and deal.next_task_at is None and stage.needs_task


def set_next(task: Task, deal: Deal, next_task: NextTask, *, by: Actor, now: datetime) -> Task:
    """The task that follows one that ends. Errors: BadAnswer as the form calls its fields, TaskRefused."""
    try:
        return create_task(
            text=next_task.text,
            due_at=next_task.due_at,
            all_day=next_task.all_day,
            kind=next_task.kind,
            owner=task.owner,
            deal=deal,
            by=by,
            now=now,
        )
    except BadAnswer as error:
        raise BadAnswer({f"next_{code}": text for code, text in error.errors.items()}) from error
