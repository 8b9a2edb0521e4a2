"""What a batch does to a deal: the same verbs as by hand, with the same rights and guards, deal by deal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import deals
from crm.batches import kinds
from crm.models import Batch, BatchRow, Deal, Task, User
from crm.planning.tasks import cancel_task, create_task
from pipelines import catalog, engine, undoing
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.locking import check_right_to_edit
from pipelines.models import StageChange
from pipelines.transactions import once

EMPTY: tuple[Any, ...] = (None, "", [], 0)


class DealKind(kinds.Kind):
    """A batch over deals; the row's payload holds the stage on which its deal was `seen`."""

    gathers = True

    def lock(self, manager: Any, ids: list[int | None], *, by: Actor) -> Iterable[Any]:
        found = manager.visible_to(by.user).filter(pk__in=ids)
        related = found.select_related("owner", "contact", "company")
        return related.select_for_update(of=("self",)).order_by("pk")

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        _check_right(row.subject, by)
        return self.change(row.subject, row, batch.params, by=by, now=now)

    def change(
        self, deal: Deal, row: BatchRow, params: dict[str, Any], *, by: Actor, now: datetime
    ) -> dict[str, Any]:
        raise NotImplementedError


def _check_right(deal: Deal, by: Actor) -> None:
    """Who holds a deal locked is not asked again by the verbs. Errors: RegulationError."""
    try:
        pipeline = catalog.pipeline(deal.pipeline_id)
    except KeyError as error:
        raise RegulationError(_("The deal's pipeline is switched off.")) from error
    check_right_to_edit(deal, pipeline, by)


@kinds.kind("deals.move", label=gettext_lazy("moving deals"), record="deal")
class Move(DealKind):
    """`to`: the id of a stage; `answers`: what was asked once, for the deals that lack it."""

    def lock(self, manager: Any, ids: list[int | None], *, by: Actor) -> Iterable[Any]:
        found: Any = super().lock(manager, ids, by=by)
        # For the letters and the tasks of heads that moves bring.
        return found.select_related("owner__team__head").prefetch_related("contact__points")

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        # The engine asks for the right to enter and to leave, which is another than to edit.
        deal, params = row.subject, batch.params
        answers = {
            code: value
            for code, value in params.get("answers", {}).items()
            if deal.get_value(code) in EMPTY
        }
        change = engine.move(
            deal, to=params["to"], by=by, now=now, answers=answers, seen=row.payload.get("seen")
        )
        return {"change": change.pk}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        change = StageChange.every.select_related("deal").get(pk=row.before["change"])
        undoing.undo_move(change, by=by, now=now, within=None)

    def lost(self, batch: Batch) -> list[str]:
        return [
            _("Letters and messages that have been sent stay sent."),
            _("A deal that was worked on since stays where it is."),
        ]


@kinds.kind("deals.close", label=gettext_lazy("closing deals"), record="deal")
class Close(Move):
    """A move to a stage that ends the deal."""


@kinds.kind("deals.assign", label=gettext_lazy("changing the responsible"), record="deal")
class Assign(DealKind):
    """`owner`: the id of a person."""

    def change(
        self, deal: Deal, row: BatchRow, params: dict[str, Any], *, by: Actor, now: datetime
    ) -> dict[str, Any]:
        # One person for all rows of a chunk.
        owner = once(("owner", params["owner"]), lambda: User.objects.get(pk=params["owner"]))
        if deal.owner_id == owner.pk:
            raise RegulationError(_("%(person)s is responsible already.") % {"person": owner})
        tasks = list(
            deal.tasks.filter(state=Task.State.OPEN, owner=deal.owner_id).values_list(
                "pk", flat=True
            )
        )
        before = deal.owner_id
        deals.assign_deal(deal, owner=owner, by=by, now=now)
        return {"owner": before, "tasks": tasks}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        deal, given = row.subject, batch.params["owner"]
        if deal.owner_id != given:
            raise RegulationError(_("It was given to somebody else since."))
        owner = User.objects.get(pk=row.before["owner"])
        deals.assign_deal(deal, owner=owner, by=by, now=now, with_tasks=False)
        mine = deal.tasks.filter(pk__in=row.before["tasks"], state=Task.State.OPEN, owner=given)
        mine.update(owner=owner, revision=F("revision") + 1)


@kinds.kind("deals.tag", label=gettext_lazy("changing tags"), record="deal")
class Tagging(DealKind):
    """`add` and `remove`: names of tags."""

    def lock(self, manager: Any, ids: list[int | None], *, by: Actor) -> Iterable[Any]:
        found: Any = super().lock(manager, ids, by=by)
        return found.prefetch_related("tags")

    def change(
        self, deal: Deal, row: BatchRow, params: dict[str, Any], *, by: Actor, now: datetime
    ) -> dict[str, Any]:
        present = {tag.name for tag in deal.tags.all()}
        folded = {name.casefold() for name in present}
        added = [name for name in params["add"] if name.casefold() not in folded]
        removed = [name for name in params["remove"] if name in present]
        deals.tag_deal(deal, add=added, remove=removed, by=by, now=now)
        return {"added": added, "removed": removed}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        was = row.before
        deals.tag_deal(row.subject, add=was["removed"], remove=was["added"], by=by, now=now)


@kinds.kind("deals.task", label=gettext_lazy("setting a task"), record="deal")
class SetTask(DealKind):
    """`text`, `kind` and `due_at` of a task for each deal's responsible."""

    def change(
        self, deal: Deal, row: BatchRow, params: dict[str, Any], *, by: Actor, now: datetime
    ) -> dict[str, Any]:
        due_at = parse_datetime(params["due_at"])
        assert due_at is not None
        task = create_task(
            text=params["text"],
            kind=params["kind"],
            due_at=due_at,
            owner=deal.owner,
            deal=deal,
            by=by,
            now=now,
        )
        return {"task": task.pk}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        task = row.subject.tasks.select_related("deal").get(pk=row.before["task"])
        cancel_task(task, by=by, now=now, reason=_("the batch was undone"))

    def lost(self, batch: Batch) -> list[str]:
        return [_("Tasks that are done by then stay done.")]


@kinds.kind("deals.field", label=gettext_lazy("changing a field"), record="deal")
class SetField(DealKind):
    """`values`: what was typed, by the field's code."""

    def change(
        self, deal: Deal, row: BatchRow, params: dict[str, Any], *, by: Actor, now: datetime
    ) -> dict[str, Any]:
        return {"fields": deals.edit_deal(deal, params["values"], by=by, now=now)}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        deal, changed = row.subject, row.before["fields"]
        for code, (_before, after) in changed.items():
            if str(deal.get_value(code)) != str(after):
                raise RegulationError(_("Somebody wrote something else there since."))
        deals.edit_deal(
            deal, {code: before for code, (before, _after) in changed.items()}, by=by, now=now
        )
