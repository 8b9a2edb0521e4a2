"""Taking an import back, a chunk at a time: what its rows made is archived, what they filled in is emptied again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm import deals
from crm.clients import archiving
from crm.clients.fields import Client
from crm.imports import filling
from crm.imports.targets import DEAL, Target
from crm.lists import items
from crm.models import BatchRow, Company, Contact, Deal, ListItem
from pipelines import reads
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.transactions import holding

MODELS: dict[str, Any] = {"contact": Contact, "company": Company, DEAL: Deal, "item": ListItem}
CLIENTS = ("contact", "company")


@dataclass
class Made:
    """What the rows of a chunk have made or filled in: read and locked with a statement or two."""

    target: Target | None
    records: dict[int, Any] = field(default_factory=dict)
    # Why a contact or a company can't go: it has deals, or tasks.
    in_use: dict[int, str] = field(default_factory=dict)


def read(target: Target | None, rows: Sequence[BatchRow], *, by: Actor) -> Made:
    """Of the records those that the person sees, and those archived since, with which there is nothing to do."""
    made = Made(target)
    if target is None:
        return made
    ids = [row.record_id for row in rows if row.record_id is not None]
    # Locked first: whose they are does not change any more.
    locked = _locked(target.kind, ids)
    visible = MODELS[target.kind].objects.visible_to(by.user).filter(pk__in=ids)
    seen = set(visible.values_list("pk", flat=True))
    made.records = {
        pk: record for pk, record in locked.items() if pk in seen or record.archived_at is not None
    }
    if target.kind in CLIENTS:
        made.in_use = archiving.in_use(list(made.records.values()))
    return made


def undo(made: Made, row: BatchRow, *, by: Actor, now: datetime) -> None:
    """Put one row back. Errors: RegulationError where something has been done with its record since."""
    found = made.records.get(row.record_id or 0)
    if found is None or made.target is None:
        raise RegulationError(_("It is gone, or no longer yours to see."))
    if "filled" in row.before:
        filling.unfill(made.target, found, row.before["filled"], by=by, now=now)
    elif found.archived_at is None:
        if why := made.in_use.get(found.pk):
            raise RegulationError(why)
        if made.target.kind == DEAL:
            reads.join(made.records)
        _archive(found, by=by, now=now)


def archive_what_came_along(rows: Iterable[BatchRow], *, by: Actor, now: datetime) -> None:
    """Archive the clients that were made along with rows by now put back, if nothing else has come of them."""
    ids = defaultdict(list)
    for row in rows:
        if row.state == BatchRow.State.UNDONE:
            for model, pk in row.before.get("made", ()):
                ids[model].append(pk)
    # The contacts first: without them their company may go too.
    for model in CLIENTS:
        records = [
            record for record in _locked(model, ids[model]).values() if not record.archived_at
        ]
        used = _used(records)
        for record in records:
            if record.pk not in used:
                archiving.archive_unused(record, by=by, now=now)


def _used(records: Sequence[Client]) -> set[int]:
    used = set(archiving.in_use(records))
    if records and isinstance(records[0], Company):
        people = Contact._base_manager.filter(
            company__in=[record.pk for record in records], archived_at=None
        )
        used |= set(people.values_list("company", flat=True))
    return used


def _locked(kind: str, ids: Sequence[int]) -> dict[int, Any]:
    """The records by their ids, locked in the order of the ids."""
    if not ids:
        return {}
    found = MODELS[kind]._base_manager.filter(pk__in=ids).select_for_update(of=("self",))
    if kind == "item":
        found = found.select_related("list")
    return {record.pk: record for record in found.order_by("pk")}


def _archive(record: Any, *, by: Actor, now: datetime) -> None:
    if isinstance(record, Deal):
        with holding(record):
            deals.archive_deal(record, by=by, now=now)
    elif isinstance(record, ListItem):
        with holding(record):
            items.archive_item(record, by=by, now=now)
    else:
        archiving.archive_unused(record, by=by, now=now)
