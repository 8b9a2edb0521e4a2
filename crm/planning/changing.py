"""Changing open tasks: another time, another person, other words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm.models import Deal, Task, User
from crm.planning import keeping, times
from pipelines import asking
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.transactions import verb

# «As it was», where None says something.
KEEP: Any = object()


@verb
def postpone_task(
    task: Task,
    *,
    due_at: datetime,
    by: Actor,
    now: datetime,
    all_day: bool | None = None,
    minutes: int | None = KEEP,
    revision: int | None = None,
) -> Task:
    """Move the task to another time, for a whole day or to an hour, and say how long it takes; its reminder follows.

    What is not said stays. Errors: TaskGone, BadAnswer, MoveRefused where the regulation wants its moment kept.
    """
    deal = keeping.lock(task, revision, by)
    keeping.check_due(due_at, now)
    all_day = task.all_day if all_day is None else all_day
    minutes = task.minutes if minutes is KEEP else minutes
    keeping.check_length(minutes)
    before = task.due_at
    due_at = times.settled(due_at, all_day=all_day, owner=task.owner)
    facts = {"from": before.isoformat(), "to": due_at.isoformat()}
    if deal is not None and by.is_person:
        data = {"task": task.pk, "code": task.code, "kind": task.kind, "text": task.text, **facts}
        asking.ask_before(deal, keeping.TASK_POSTPONED, data=data, by=by, now=now)
    task.due_at, task.all_day, task.minutes = due_at, all_day, minutes
    _write(task, deal, "due_at", "all_day", "minutes", replan=due_at != before, now=now)
    keeping.record(keeping.TASK_POSTPONED, task, by=by, now=now, data=facts)
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
    all_day: bool | None = None,
    minutes: int | None = KEEP,
    remind_minutes: int | None = KEEP,
) -> Task:
    """Change what is asked, by when and of whom. Errors: TaskGone, BadAnswer."""
    deal = keeping.lock(task, revision, by)
    keeping.check_due(due_at, now)
    all_day = task.all_day if all_day is None else all_day
    after = {
        "text": keeping.checked_text(text),
        "due_at": times.settled(due_at, all_day=all_day, owner=owner),
        "all_day": all_day,
        "minutes": task.minutes if minutes is KEEP else minutes,
        "remind_minutes": task.remind_minutes if remind_minutes is KEEP else remind_minutes,
        "kind": kind,
        "owner": owner,
    }
    return _change(task, deal, after, by=by, now=now)


@verb
def reassign_task(
    task: Task, *, owner: User, by: Actor, now: datetime, revision: int | None = None
) -> Task:
    """Give the task to somebody else. Errors: TaskGone, RegulationError for somebody who has left."""
    deal = keeping.lock(task, revision, by)
    if not owner.is_active:
        raise RegulationError(_("%(person)s does not work here any more.") % {"person": owner})
    day_end = times.end_of_day(task.due_day, times.zone_of(owner))
    after = {"owner": owner, "due_at": day_end if task.all_day else task.due_at}
    return _change(task, deal, after, by=by, now=now)


@verb
def change_kind(
    task: Task, *, kind: str, by: Actor, now: datetime, revision: int | None = None
) -> Task:
    """Make a call of a letter, and so on. Errors: TaskGone, BadAnswer for a kind that does not exist."""
    deal = keeping.lock(task, revision, by)
    return _change(task, deal, {"kind": kind}, by=by, now=now)


def _change(
    task: Task, deal: Deal | None, after: dict[str, Any], *, by: Actor, now: datetime
) -> Task:
    """Write what differs, with both values in the feed."""
    if "kind" in after:
        keeping.check_kind(after["kind"])
    keeping.check_length(after.get("minutes"))
    keeping.check_reminder(after.get("remind_minutes"))
    changes = {
        name: [str(getattr(task, name)), str(value)]
        for name, value in after.items()
        if getattr(task, name) != value
    }
    if not changes:
        return task
    for name in changes:
        setattr(task, name, after[name])
    moved = bool(changes.keys() & {"due_at", "all_day", "remind_minutes"})
    _write(task, deal, *changes, replan=moved, now=now)
    facts = {"fields": changes} | ({"owner_id": task.owner_id} if "owner" in changes else {})
    keeping.record(keeping.TASK_CHANGED, task, by=by, now=now, data=facts)
    return task


def _write(task: Task, deal: Deal | None, *names: str, replan: bool, now: datetime) -> None:
    """One reminder a moment: only a task that was moved is reminded of anew."""
    task.revision += 1
    if replan:
        keeping.plan_reminder(task, now)
    task.save(update_fields=[*names, "remind_at", "revision"])
    keeping.keep_next_task(deal)
