"""The steps of an import: take the file, say how it is read and what its columns mean, begin."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import rights
from crm.batches import verbs as batches
from crm.files.keeping import safe_name
from crm.imports import checking, files, heads, progress, targets
from crm.imports.heads import Head
from crm.models import Batch, BatchRow, Import, ImportRow, User
from pipelines import feed, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError

IMPORT_STARTED = registry.event(
    "records.imported", label=gettext_lazy("import started"), icon="file-import"
)
# A file this small is checked while its owner waits; a larger one by a worker.
AT_ONCE = 200 * 1024
# What a book may unpack to for being read while its owner waits: about a second's work.
HERE = 8 * 1024 * 1024


def take_file(
    upload: Any, *, target: str, user: User, stage: int | None = None, now: datetime
) -> Import:
    """Keep an uploaded file and read its headings. Errors: BadAnswer for what is no table, PermissionDenied."""
    rights.need(user, rights.IMPORT)
    into = targets.find(target, user, stage_id=stage)
    if into is None:
        raise BadAnswer({"into": _("Choose what to import into.")})
    if not upload or not upload.size:
        raise BadAnswer({"file": _("Choose a file that is not empty.")})
    if upload.size > files.SIZE_LIMIT:
        raise BadAnswer({"file": str(files.TOO_LARGE)})
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    name = safe_name(upload.name)
    job = Import(
        target=into.code,
        user=user,
        owner=user,
        stage_id=into.stage.id if into.stage else None,
        name=name,
        size=upload.size,
        digest=digest.hexdigest(),
        created_at=now,
    )
    upload.seek(0)
    # On the disk it has a name of our own, and no ending that says what to do with it.
    job.file.save(f"{uuid4().hex}{PurePosixPath(name).suffix[:8]}", upload, save=False)
    try:
        _read(job)
    except files.Unreadable as error:
        job.file.delete(save=False)
        raise BadAnswer({"file": str(error)}) from error
    job.save()
    if job.state == Import.State.CHECKING:
        _leave_to_a_worker(job)
    return job


def _read(job: Import) -> None:
    """Read the headings here, or leave a book that takes long to a worker; the caller saves. Errors: Unreadable."""
    if files.weight(Path(job.file.path)) <= HERE:
        heads.read(job)
        job.state = Import.State.UPLOADED
        return
    job.state, job.problem = Import.State.CHECKING, ""


def _leave_to_a_worker(job: Import) -> None:
    progress.forget(job.pk)
    transaction.on_commit(lambda: checking.ask(job.pk))


def read_again(job: Import, reading: Mapping[str, str]) -> None:
    """Read the file in another encoding, another sheet of it … Errors: RegulationError for one that has begun, Unreadable."""
    _check_open(job)
    job.reading = dict(reading)
    _read(job)
    job.rows.all().delete()
    job.save(update_fields=["reading", "mapping", "state", "problem"])
    if job.state == Import.State.CHECKING:
        _leave_to_a_worker(job)


def say_columns(job: Import, mapping: Mapping[str, str], *, known: str, owner: User) -> None:
    """Say what the columns mean and what becomes of known rows, and check the whole file.

    Errors: BadAnswer, RegulationError for an import that has begun.
    """
    _check_open(job)
    into = checking.target_of(job, job.user)
    if into is None:
        raise RegulationError(_("You may no longer import into this list."))
    taken = {number: code for number, code in mapping.items() if code in into.fields}
    twice = {code for code in taken.values() if list(taken.values()).count(code) > 1}
    if twice:
        labels = ", ".join(str(into.fields[code].label) for code in sorted(twice))
        raise BadAnswer({"": _("Two columns are for one field: %(fields)s.") % {"fields": labels}})
    missing = [code for code in into.required if code not in taken.values()]
    if into.kind in ("contact", "deal") and {"phone", "email", "contact_name"} & set(
        taken.values()
    ):
        missing = [code for code in missing if code != "name"]
    if missing:
        labels = ", ".join(str(into.fields[code].label) for code in sorted(missing))
        raise BadAnswer({"": _("Say which column is: %(fields)s.") % {"fields": labels}})
    targets.remember(into, Head.of(job).headings, taken, job.user)
    job.mapping, job.owner = taken, owner
    job.known = known if known in Import.Known.values else Import.Known.SKIP
    job.state, job.problem = Import.State.CHECKING, ""
    job.save(update_fields=["mapping", "owner", "known", "state", "problem"])
    if job.size <= AT_ONCE and files.weight(Path(job.file.path)) <= HERE:
        checking.check(job.pk)
        job.refresh_from_db()
        return
    _leave_to_a_worker(job)


def stop_check(job: Import) -> None:
    """Let the check end where it is; nothing of it is kept. Errors: RegulationError for one that is over."""
    going = Import.objects.filter(pk=job.pk, state=Import.State.CHECKING)
    with transaction.atomic():
        mine = going.select_for_update(of=("self",), skip_locked=True).first()
        if mine is not None:
            # Nobody is at it: not begun yet, or its worker was killed.
            mine.state, mine.problem = Import.State.FAILED, str(checking.stopped(mine.pk))
            mine.save(update_fields=["state", "problem"])
            return
    if not going.exists():
        raise RegulationError(_("The check is over already."))
    progress.ask_to_stop(job.pk)


def begin(job: Import, *, by: Actor, now: datetime) -> Batch:
    """Carry the import out by a batch, once. Errors: RegulationError where nothing is to be made or it has begun."""
    rights.need(by.user, rights.IMPORT)
    with transaction.atomic():
        locked = Import.objects.select_for_update(of=("self",)).get(pk=job.pk)
        if locked.batch_id is not None:
            raise RegulationError(_("This import has begun already."))
        if locked.state != Import.State.CHECKED:
            raise RegulationError(_("Check the file first."))
        params = {
            "import": job.pk,
            "target": locked.target,
            "stage": locked.stage_id,
            "owner": locked.owner_id,
            "known": locked.known,
        }
        into = checking.target_of(locked, by.user)
        if into is None:
            raise RegulationError(_("You may no longer import into this list."))
        states = _states_made(locked)
        number = locked.rows.filter(state__in=states).count()
        if not number:
            raise RegulationError(_("No row of the file can be imported."))
        title = _("Import of %(file)s: %(list)s") % {"file": job.name, "list": into.title}
        facts = {"file": job.name, "rows": number, "kind": job.target, "import": job.pk}
        feed.write(IMPORT_STARTED, by=by, now=now, data=facts)
        locked.state = Import.State.STARTED
        rows = partial(_fill, locked, states)
        locked.batch = batches.start(
            "import", title=title, rows=rows, params=params, by=by, now=now
        )
        locked.save(update_fields=["state", "batch"])
    return locked.batch


def _states_made(job: Import) -> list[str]:
    """Which of the checked rows become rows of the batch."""
    states = [ImportRow.State.READY]
    if job.known != Import.Known.SKIP:
        states.append(ImportRow.State.KNOWN)
    return [str(state) for state in states]


# A hundred thousand rows never leave the database: the person waits for the page of the batch.
FILL = """
    INSERT INTO crm_batchrow (batch_id, position, record, name, payload, state, text, before)
    SELECT %(batch)s, row_number() OVER (ORDER BY number), '',
           left(coalesce(nullif("values" ->> 'name', ''), "values" ->> 'contact_name', ''), %(limit)s),
           jsonb_build_object('number', number, 'values', "values"), %(waiting)s, '', '{}'
    FROM crm_importrow WHERE of_id = %(import)s AND state = ANY(%(states)s)
"""


def _fill(job: Import, states: list[str], batch: Batch) -> int:
    facts: dict[str, Any] = {
        "batch": batch.pk,
        "import": job.pk,
        "states": states,
        "waiting": BatchRow.State.WAITING,
        "limit": batches.NAME_LIMIT,
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL, facts)
        return cursor.rowcount


def same_file(job: Import) -> Import | None:
    """An earlier import of the very same file that has begun and was not taken back."""
    before = Import.objects.filter(digest=job.digest, batch__isnull=False).exclude(pk=job.pk)
    standing = before.exclude(batch__state=Batch.State.UNDONE)
    return standing.select_related("user").order_by("-pk").first()


def _check_open(job: Import) -> None:
    if job.batch_id is not None:
        raise RegulationError(_("This import has begun already."))
    if job.state == Import.State.CHECKING:
        raise RegulationError(_("The file is being checked. Wait a moment."))
