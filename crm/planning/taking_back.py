"""What becomes of the tasks that a move made, finished or moved, when the move is undone."""

from __future__ import annotations

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from crm.models import Task
from crm.planning import keeping
from pipelines.models import Event
from pipelines.undoing import CannotUndo, Undoing, reverses


def _task(event: Event) -> Task:
    """Locked; its deal is locked already, which is the order of all who change tasks."""
    return Task.objects.select_for_update(of=("self",)).get(pk=event.data["task"])


@reverses(keeping.TASK_CREATED)
def _created(event: Event, undoing: Undoing) -> None:
    task = _task(event)
    if task.state == Task.State.DONE:
        raise CannotUndo(_("The task “%(task)s” is done already.") % {"task": task.text})
    if task.state == Task.State.OPEN:
        task.cancel()
        task.result, task.ended_at = _("the move was undone"), undoing.now
        task.revision += 1
        task.save(update_fields=["state", "result", "ended_at", "revision"])
    keeping.keep_next_task(undoing.deal)


@reverses(keeping.TASK_COMPLETED)
@reverses(keeping.TASK_CANCELLED)
def _ended(event: Event, undoing: Undoing) -> None:
    task = _task(event)
    if task.state != Task.State.OPEN:
        task.reopen()
        task.result, task.scenario, task.ended_at = "", "", None
        task.revision += 1
        keeping.plan_reminder(task, undoing.now)
        task.save(
            update_fields=["state", "result", "scenario", "ended_at", "revision", "remind_at"]
        )
    keeping.keep_next_task(undoing.deal)


@reverses(keeping.TASK_POSTPONED)
def _postponed(event: Event, undoing: Undoing) -> None:
    task, due_at = _task(event), parse_datetime(event.data["from"])
    if due_at is not None:
        task.due_at = due_at
        task.revision += 1
        keeping.plan_reminder(task, undoing.now)
        task.save(update_fields=["due_at", "revision", "remind_at"])
    keeping.keep_next_task(undoing.deal)
