"""Carrying out a batch: a chunk of rows is claimed, changed and noted in one transaction, each row in its own savepoint.

So a killed worker loses nothing and does nothing twice: what its chunk changed and that it changed it stand or fall
together. Any number of workers share a batch; `FOR UPDATE SKIP LOCKED` keeps them apart.
"""

from __future__ import annotations

import logging
import time
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from crm.batches import kinds
from crm.batches.kinds import Kind
from crm.batches.telling import tell_finished
from crm.models import Batch, BatchRow, Deal, User
from crm.models.batch import UNDO_FOR
from crm.notices.hearing import gathering as gathering_notices
from pipelines import catalog, feed, reads, refusing, rules, writes
from pipelines.actor import Actor
from pipelines.errors import MoveRefused, RegulationError
from pipelines.transactions import holding, remembering

log = logging.getLogger(__name__)

WAITING, DONE, REFUSED = BatchRow.State.WAITING, BatchRow.State.DONE, BatchRow.State.REFUSED
UNDONE, KEPT = BatchRow.State.UNDONE, BatchRow.State.KEPT
OUTCOME = ("state", "text", "before", "payload", "record", "record_id", "name")
# A worker gives its place to others after so long; Celery's own limit is not near.
RUN_SECONDS = 200.0
# A batch that no worker has touched for so long has lost them: longer than any chunk takes.
SILENCE = timedelta(seconds=30)
TRIES = 3
# Whoever started so many rows has not waited before the screen, and is told.
LONG = 100


class _NotClean(Exception):
    """A row was refused after it had written: each row of the chunk needs a savepoint of its own."""


def run(batch_id: int, *, seconds: float = RUN_SECONDS) -> bool:
    """Work on the batch until no row is to be had; False where the time ran out before.

    Errors: OperationalError from a database that is away, or locks that stay in the way.
    """
    until, failures = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        try:
            if not step(batch_id, now=timezone.now()):
                return True
            failures = 0
        except OperationalError:
            # Two chunks that waited for each other: one of them was taken back and comes again.
            failures += 1
            if failures == TRIES or connection.in_atomic_block:
                raise
    return False


def step(batch_id: int, *, now: datetime) -> int:
    """Work on one chunk; how many rows it had, 0 when there are none left to claim."""
    catalog.refresh()
    batch = Batch.objects.select_related("by", "undone_by").filter(pk=batch_id).first()
    if batch is None or not batch.is_active:
        return 0
    chosen = kinds.of(batch)
    if chosen is None:
        log.error("Batch %s is of the kind “%s”, which no code knows.", batch.pk, batch.kind)
        return 0
    is_undo = batch.state == Batch.State.UNDOING
    if batch.stopped_at and not is_undo:
        skip_rest(batch, now=now)
        return 0
    by: User = batch.undone_by if is_undo else batch.by  # type: ignore[assignment]
    with refusing.collecting(), _speaking_to(by):
        taken = 0
        if chosen.gathers:
            try:
                taken = _chunk(batch, chosen, Actor.person(by), now, _together)
            except SoftTimeLimitExceeded:
                raise
            except (_NotClean, DatabaseError) as error:
                log.debug("Batch %s goes row by row: %s", batch.pk, error)
            except Exception:
                # One row that goes wrong must not stop the batch for good: row by row it is the only one refused.
                log.exception("Batch %s goes row by row", batch.pk)
        taken = taken or _chunk(batch, chosen, Actor.person(by), now, _apart)
    if not taken:
        finish(batch, now=now)
    return taken


def resume(now: datetime, *, seconds: float = RUN_SECONDS) -> int:
    """Go on with the batches whose workers are gone; how many there were. One step of the sweep.

    All of them share the time that one has, and one that can't be worked on keeps no other from it.
    """
    until = time.monotonic() + seconds
    silent = Batch.objects.unfinished().filter(alive_at__lt=now - SILENCE)
    found = list(silent.order_by("alive_at", "pk").values_list("pk", flat=True))
    for batch_id in found:
        try:
            run(batch_id, seconds=until - time.monotonic())
        except (OperationalError, SoftTimeLimitExceeded):
            raise
        except Exception:
            log.exception("Batch %s can't be worked on", batch_id)
            # Behind the others, when the next sweep comes.
            Batch.objects.filter(pk=batch_id).update(alive_at=now)
    return len(found)


def is_silent(batch: Batch, now: datetime) -> bool:
    """Whether its workers are gone; the sweep goes on with it."""
    working = batch.state in (Batch.State.RUNNING, Batch.State.UNDOING)
    return working and batch.alive_at is not None and batch.alive_at < now - SILENCE


def skip_rest(batch: Batch, *, now: datetime) -> None:
    """Of a stopped batch: the rows that nobody has begun wait no more. A chunk under way is waited for."""
    # Without the batch's own lock: whoever works on a chunk holds its rows and wants that lock last. He waits for no row,
    # so that it may be one statement in any order: a row of his, once it is done, is waiting no longer.
    batch.rows.filter(state=WAITING).update(state=BatchRow.State.SKIPPED)
    finish(batch, now=now)


def finish(batch: Batch, *, now: datetime) -> None:
    """End the batch if nothing of it waits any more, neither here nor under another worker's lock."""
    with transaction.atomic():
        batch.reread(lock=True)
        is_undo = batch.state == Batch.State.UNDOING
        if batch.is_active and not batch.rows.filter(state=DONE if is_undo else WAITING).exists():
            if is_undo:
                batch.finish_undo()
                batch.undone_at = now
            else:
                batch.finish()
                batch.finished_at, batch.undo_until = now, now + UNDO_FOR
            batch.save(update_fields=["state", "finished_at", "undo_until", "undone_at"])
            if not is_undo and batch.total > LONG:
                tell_finished(batch, now=now)


@contextmanager
def _speaking_to(user: User) -> Iterator[None]:
    """Refusals are read by whoever started it: in his language and by his clock, whoever's worker this is."""
    with translation.override(user.language), timezone.override(zoneinfo.ZoneInfo(user.time_zone)):
        yield


Way = Callable[[list[BatchRow], Batch, Kind, Actor, datetime, bool], None]


def _chunk(batch: Batch, chosen: Kind, by: Actor, now: datetime, way: Way) -> int:
    is_undo = batch.state == Batch.State.UNDOING
    with transaction.atomic():
        rows = _claim(batch, chosen.chunk, is_undo)
        if not rows:
            return 0
        chosen.load(rows, batch, by=by)
        with gathering_notices(f"batch:{batch.pk}"):
            way(rows, batch, chosen, by, now, is_undo)
            with writes.gathering(), feed.gathering():
                chosen.after(rows, batch, by=by, now=now)
        with writes.gathering():
            for row in rows:
                writes.update(row, *OUTCOME)
        _count(batch, rows, now)
    return len(rows)


def _claim(batch: Batch, size: int, is_undo: bool) -> list[BatchRow]:
    """The next rows that no other worker holds; undoing goes backwards, as whoever unpacks."""
    rows = BatchRow.objects.filter(batch=batch, state=DONE if is_undo else WAITING)
    order = "-position" if is_undo else "position"
    return list(rows.select_for_update(skip_locked=True).order_by(order)[:size])


def _together(
    rows: list[BatchRow], batch: Batch, chosen: Kind, by: Actor, now: datetime, is_undo: bool
) -> None:
    """All rows with one statement a table. A row that is refused before it wrote anything needs no savepoint.

    Errors: _NotClean where one was refused later.
    """
    subjects = [row.subject for row in rows if getattr(row, "subject", None) is not None]
    with ExitStack() as stack:
        for context in (writes.gathering(), feed.gathering(), remembering()):
            stack.enter_context(context)
        deals = [subject.pk for subject in subjects if isinstance(subject, Deal)]
        stack.enter_context(reads.together(deals))
        stack.enter_context(rules.hearing_together())
        stack.enter_context(holding(*subjects))
        for row in rows:
            before = writes.mark()
            try:
                with feed.gathering():
                    _do(row, batch, chosen, by, now, is_undo)
            except RegulationError as error:
                if writes.mark() != before:
                    raise _NotClean from error
                _refuse(row, error, is_undo)


def _apart(
    rows: list[BatchRow], batch: Batch, chosen: Kind, by: Actor, now: datetime, is_undo: bool
) -> None:
    for row in rows:
        try:
            with transaction.atomic(), feed.gathering():
                _do(row, batch, chosen, by, now, is_undo)
        except RegulationError as error:
            _refuse(row, error, is_undo)
        except (OperationalError, SoftTimeLimitExceeded):
            # A lock that two wait for, a server that is away, a worker that is out of time: the chunk comes again, whole.
            raise
        except Exception:
            log.exception("row %s of batch %s", row.position, batch.pk)
            ours = _("This went wrong on our side; the administrator finds why in the log.")
            _refuse(row, RegulationError(ours), is_undo)


def _do(row: BatchRow, batch: Batch, chosen: Kind, by: Actor, now: datetime, is_undo: bool) -> None:
    if chosen.record and row.subject is None:
        raise RegulationError(_("It is gone, or no longer yours to see."))
    if is_undo:
        chosen.undo(row, batch, by=by, now=now)
        row.state, row.text = UNDONE, ""
    else:
        row.before = chosen.do(row, batch, by=by, now=now)
        row.state = DONE


def _refuse(row: BatchRow, error: RegulationError, is_undo: bool) -> None:
    row.state, row.text = (KEPT if is_undo else REFUSED), str(error)
    if isinstance(error, MoveRefused):
        # For the report, which leads from each clause to the regulation.
        row.payload["refusals"] = [[item.clause, item.message] for item in error.refusals]


def _count(batch: Batch, rows: list[BatchRow], now: datetime) -> None:
    """Last in the transaction: from here to its end other workers on the batch wait."""
    states = [row.state for row in rows]
    columns: dict[str, Any] = {"alive_at": now}
    for column, state in (("done", DONE), ("refused", REFUSED), ("undone", UNDONE), ("kept", KEPT)):
        if count := states.count(state):
            columns[column] = F(column) + count
    if batch.state == Batch.State.QUEUED:
        _begin(batch)
    Batch.objects.filter(pk=batch.pk).update(**columns)


def _begin(batch: Batch) -> None:
    batch.reread(lock=True)
    if batch.state == Batch.State.QUEUED:
        batch.begin()
        batch.save(update_fields=["state"])
