"""What a batch can do to tasks. Each row asks what the windows ask: rights, the regulation, whether it is still open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.batches import kinds
from crm.models import Batch, BatchRow, Deal, Task, User
from crm.planning import tasks
from pipelines.actor import Actor
from pipelines.errors import RegulationError

RECORD = "task"


class TaskKind(kinds.Kind):
    def lock(self, manager: Any, ids: list[int | None], *, by: Actor) -> Iterable[Any]:
        """The deals before their tasks, as every verb locks them: or two people would wait for each other."""
        seen = list(manager.visible_to(by.user).filter(pk__in=ids).values_list("pk", "deal_id"))
        deals = Deal.objects.filter(pk__in={deal for _pk, deal in seen if deal})
        locked = {deal.pk: deal for deal in deals.order_by("pk").select_for_update(of=("self",))}
        found = manager.filter(pk__in=[pk for pk, _deal in seen])
        found = found.select_related("owner", "contact", "company")
        rows = list(found.select_for_update(of=("self",)).order_by("pk"))
        for task in rows:
            if task.deal_id in locked:
                task.deal = locked[task.deal_id]
        return rows


@kinds.kind("tasks.finish", label=gettext_lazy("Finish tasks"), record=RECORD)
class Finish(TaskKind):
    """Those whose regulation asks for more than a result are refused, each with the reason."""

    can_undo = False

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        tasks.complete_task(
            row.subject, result=str(batch.params["result"]), by=by, now=now, ask_next=True
        )
        return {}

    def lost(self, batch: Batch) -> list[str]:
        return [_("A finished task stays finished.")]


@kinds.kind("tasks.cancel", label=gettext_lazy("Cancel tasks"), record=RECORD)
class Cancel(TaskKind):
    can_undo = False

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        reason = str(batch.params.get("reason", ""))
        tasks.cancel_task(row.subject, reason=reason, by=by, now=now, ask_next=True)
        return {}

    def lost(self, batch: Batch) -> list[str]:
        return [_("A cancelled task stays cancelled.")]


@kinds.kind("tasks.postpone", label=gettext_lazy("Move tasks to another time"), record=RECORD)
class Postpone(TaskKind):
    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        task: Task = row.subject
        before = {"due_at": task.due_at.isoformat(), "all_day": task.all_day}
        all_day = bool(batch.params.get("all_day"))
        tasks.postpone_task(
            task, due_at=_moment(batch.params["due_at"]), all_day=all_day, by=by, now=now
        )
        return {**before, "to": task.due_at.isoformat()}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        if row.subject.due_at != _moment(row.before["to"]):
            raise RegulationError(_("It was moved to another time since."))
        due_at, all_day = _moment(row.before["due_at"]), bool(row.before["all_day"])
        tasks.postpone_task(row.subject, due_at=due_at, all_day=all_day, by=by, now=now)

    def lost(self, batch: Batch) -> list[str]:
        return [_("Reminders that were given stay given.")]


@kinds.kind("tasks.reassign", label=gettext_lazy("Give tasks to somebody else"), record=RECORD)
class Reassign(TaskKind):
    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        before = {"owner": row.subject.owner_id}
        tasks.reassign_task(row.subject, owner=_person(batch.params["owner"]), by=by, now=now)
        return before

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        if row.subject.owner_id != batch.params["owner"]:
            raise RegulationError(_("It was given to somebody else since."))
        tasks.reassign_task(row.subject, owner=_person(row.before["owner"]), by=by, now=now)


@kinds.kind("tasks.kind", label=gettext_lazy("Change the kind of tasks"), record=RECORD)
class ChangeKind(TaskKind):
    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        before = {"kind": row.subject.kind}
        tasks.change_kind(row.subject, kind=str(batch.params["kind"]), by=by, now=now)
        return before

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        if row.subject.kind != batch.params["kind"]:
            raise RegulationError(_("Somebody wrote something else there since."))
        tasks.change_kind(row.subject, kind=str(row.before["kind"]), by=by, now=now)


def _moment(text: Any) -> datetime:
    moment = parse_datetime(str(text))
    if moment is None:
        raise RegulationError(_("Write a date and a time."))
    return moment


def _person(pk: Any) -> User:
    found = User.objects.filter(pk=pk).first()
    if found is None:
        raise RegulationError(_("There is no such person."))
    return found
