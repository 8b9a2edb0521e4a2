"""What every verb of tasks does besides its own: lock, check, keep the deal's next task, write the feed."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Deal, Task
from crm.planning import times
from pipelines import catalog, engine, fields, reads, registry, writes
from pipelines.actor import Actor
from pipelines.context import Context
from pipelines.errors import BadAnswer, MoveRefused, Refusal, RegulationError
from pipelines.transactions import is_held

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

TEXT_LIMIT = 500
RESULT_LIMIT = 5000
# Nobody plans further; a typing error in the year should not make a task invisible for a century.
FAR = timedelta(days=366 * 5)


class TaskGone(RegulationError):
    """This task is already finished."""

    def __init__(self) -> None:
        super().__init__(_("This task is already finished."))


class TaskRefused(MoveRefused):
    """The regulation does not let a person do this with a task here; carries every refusal."""


def lock(task: Task, revision: int | None, by: Actor) -> Deal | None:
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
        if fresh.owner_id != task.owner_id:
            task.owner = fresh.owner
        task.__dict__.update(
            {name: value for name, value in fresh.__dict__.items() if name != "_state"}
        )
    return deal


def context_of(deal: Deal, by: Actor, now: datetime) -> Context:
    return Context(deal=deal, pipeline=catalog.pipeline(deal.pipeline_id), by=by, now=now)


def refuse_if(found: list[Refusal]) -> None:
    if found:
        raise TaskRefused(found)


def open_tasks(deal: Deal) -> list[Task]:
    """The open tasks of a locked deal, locked, each with this very instance of the deal."""
    found = reads.of_deal(deal.pk, Task, "open", _read_open)
    for task in found:
        # One instance of the deal for all: what one change sees, the next one must.
        task.deal = deal
    return [task for task in found if task.state == Task.State.OPEN]


def _read_open(deals: list[int]) -> dict[int, list[Task]]:
    rows = Task.objects.open().filter(deal__in=deals).order_by("pk")
    found: dict[int, list[Task]] = defaultdict(list)
    for task in rows.select_for_update(of=("self",)):
        found[task.deal_id].append(task)  # type: ignore[index]  # (asked for by their deals)
    return found


def keep_next_task(deal: Deal | None) -> None:
    if deal is None:
        return
    earliest = min((task.due_at for task in open_tasks(deal)), default=None)
    if earliest != deal.next_task_at:
        deal.next_task_at = earliest
        writes.update(deal, "next_task_at")


def plan_reminder(task: Task, now: datetime) -> None:
    """Say on the instance when its reminder is due; the caller writes it."""
    task.remind_at = times.reminder_at(
        task.due_at,
        all_day=task.all_day,
        minutes=task.remind_minutes,
        owner=task.owner,
        now=now,
    )


def record(verb: str, task: Task, *, by: Actor, now: datetime, data: dict[str, Any]) -> None:
    facts = {"task": task.pk, "code": task.code, "kind": task.kind, "text": task.text, **data}
    engine.record(
        verb, deal=task.deal, contact=task.contact, company=task.company, by=by, now=now, data=facts
    )


def checked_text(text: str) -> str:
    text = fields.storable(text).strip()
    if not text:
        raise BadAnswer({"text": _("Say what is to be done.")})
    if len(text) > TEXT_LIMIT:
        raise BadAnswer({"text": _("At most %(limit)s characters.") % {"limit": TEXT_LIMIT}})
    return text


def checked_result(result: str) -> str:
    result = fields.storable(result).strip()
    if not result:
        raise BadAnswer({"result": _("A task is finished with a short result.")})
    if len(result) > RESULT_LIMIT:
        raise BadAnswer({"result": _("At most %(limit)s characters.") % {"limit": RESULT_LIMIT}})
    return result


def check_due(due_at: datetime, now: datetime) -> None:
    if abs(due_at - now) > FAR:
        raise BadAnswer({"due_at": _("This date is too far away.")})


def check_kind(kind: str) -> None:
    if kind not in Task.Kind.values:
        raise BadAnswer({"kind": _("There is no such kind of tasks.")})


def check_length(minutes: int | None) -> None:
    if minutes is not None and not 0 < minutes <= times.LONGEST:
        raise BadAnswer({"minutes": _("A task in the calendar lasts from a minute to a day.")})


def check_reminder(minutes: int | None) -> None:
    if minutes is not None and minutes not in dict(times.REMINDERS):
        raise BadAnswer({"remind_minutes": _("Choose one of the reminders offered.")})
