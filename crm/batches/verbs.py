"""The verbs of batches: start one, stop it, put it back."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from crm import rights
from crm.batches import kinds, running
from crm.batches.kinds import Kind
from crm.models import Batch, BatchRow
from crm.models.batch import UNDO_FOR
from pipelines import broker
from pipelines.actor import Actor
from pipelines.errors import RegulationError

log = logging.getLogger(__name__)

# So many rows a page does itself; more would keep its reader waiting.
FOREGROUND = 100
# Celery tasks that share a long batch, one a processor of the smallest installation.
SHARES = 2
NAME_LIMIT = 300


@dataclass(frozen=True)
class NewRow:
    """A row to be: a record by its id and name, or a payload from which the kind makes one."""

    record_id: int | None = None
    name: str = ""
    payload: dict[str, Any] = field(default_factory=dict)


# Inserts the rows of a new batch by a statement of its own, which says for itself how many they are.
Filling = Callable[[Batch], int]


def start(
    code: str,
    *,
    title: str,
    rows: Iterable[NewRow] | Filling,
    by: Actor,
    now: datetime,
    params: dict[str, Any] | None = None,
    key: str = "",
) -> Batch:
    """Keep the batch with its rows and carry it out: at once up to `FOREGROUND` rows, else by Celery.

    A hundred thousand rows that stand in another table already come by a `Filling`: one by one they would keep the page's
    reader waiting. `key` stands for the form that asked for it: sent once more, it answers with the batch that it has begun.

    Errors: KeyError for an unregistered kind, PermissionDenied without its right, RegulationError without a row.
    """
    chosen = kinds.registered[code]
    if chosen.right:
        rights.need(by.user, chosen.right)
    fill = rows if callable(rows) else _inserting(list(rows), chosen)
    try:
        with transaction.atomic():
            batch = Batch.objects.create(
                kind=code,
                key=key,
                title=title[:NAME_LIMIT],
                by=by.user,
                at=now,
                params=params or {},
                alive_at=now,
            )
            batch.total = fill(batch)
            if not batch.total:
                raise RegulationError(_("Nothing is chosen."))
            batch.save(update_fields=["total"])
    except IntegrityError as error:
        if "one_batch_a_form" not in str(error):
            raise
        return Batch.objects.get(by=by.user, key=key)
    carry_on(batch, rows=batch.total)
    return batch


def _inserting(asked: list[NewRow], chosen: Kind) -> Filling:
    def fill(batch: Batch) -> int:
        rows = [
            BatchRow(
                batch=batch,
                position=position,
                record=chosen.record,
                record_id=row.record_id,
                name=row.name[:NAME_LIMIT],
                payload=row.payload,
            )
            for position, row in enumerate(asked, 1)
        ]
        BatchRow.objects.bulk_create(rows, batch_size=2000)
        return len(rows)

    return fill


def stop(batch: Batch, *, now: datetime) -> Batch:
    """Leave the rows that wait as they are; those being worked on are finished. Errors: RegulationError if it has ended."""
    going = Batch.objects.filter(pk=batch.pk, state__in=[Batch.State.QUEUED, Batch.State.RUNNING])
    if not going.update(stopped_at=now):
        raise RegulationError(_("This batch is no longer running."))
    running.skip_rest(batch, now=now)
    return batch


def undo(batch: Batch, *, by: Actor, now: datetime) -> Batch:
    """Put back every row that was done. Errors: PermissionDenied, RegulationError with why it can't be."""
    with transaction.atomic():
        batch.reread(lock=True)
        check_undo(batch, by=by, now=now)
        batch.begin_undo()
        batch.undone_by, batch.alive_at = by.user, now
        batch.save(update_fields=["state", "undone_by", "alive_at"])
    carry_on(batch, rows=batch.done)
    return batch


def check_undo(batch: Batch, *, by: Actor, now: datetime) -> None:
    """Errors: PermissionDenied without the kind's right, RegulationError with why the batch can't be undone (any more)."""
    chosen = kinds.of(batch)
    if chosen is None or not chosen.can_undo:
        raise RegulationError(_("This can't be undone."))
    if chosen.right:
        rights.need(by.user, chosen.right)
    if batch.state in (Batch.State.UNDOING, Batch.State.UNDONE):
        raise RegulationError(_("This batch has been undone already."))
    if batch.state != Batch.State.DONE:
        raise RegulationError(_("Stop the batch first, or wait until it is done."))
    if not batch.done:
        raise RegulationError(_("Nothing was changed, so there is nothing to put back."))
    if batch.undo_until is None or batch.undo_until <= now:
        raise RegulationError(
            _("The %(days)s days in which it could be undone are over.") % {"days": UNDO_FOR.days}
        )


def carry_on(batch: Batch, *, rows: int) -> None:
    """Do the rows here if they are few, else ask Celery; without a broker the sweep finds the batch by itself."""
    if rows <= FOREGROUND:
        try:
            running.run(batch.pk)
        except OperationalError:
            log.exception("Batch %s waits for the sweep.", batch.pk)
        batch.reread()
        return
    transaction.on_commit(lambda: ask(batch.pk))


def ask(batch_id: int, *, shares: int = SHARES) -> None:
    """Queue the batch for so many workers. Without a broker nothing is lost: the sweep comes every half minute."""
    from crm.jobs import run_batch

    try:
        for _share in range(shares):
            broker.send(run_batch, batch_id)
    except Exception as error:
        log.warning("Batch %s waits for the sweep, the broker does not answer: %s", batch_id, error)
