"""Exporting: a file at once, or one made in the background and kept for a week. Each leaves an entry in the journal."""

from __future__ import annotations

import logging
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.core.files import File
from django.db import transaction
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import rights
from crm.export import sources, writing
from crm.models import Export, User
from crm.notices import kinds as notice_kinds
from crm.notices.writing import notify
from pipelines import broker, feed, registry
from pipelines.actor import Actor
from pipelines.errors import RegulationError

log = logging.getLogger(__name__)

EXPORTED = registry.event(
    "records.exported", label=gettext_lazy("records exported"), icon="file-export"
)
READY = notice_kinds.kind("export.ready", gettext_lazy("An export is ready"), icon="file-export")

# A page makes so many rows itself; more would keep its reader waiting.
AT_ONCE = 5_000
MOST = 100_000
KEPT = timedelta(days=7)
# A file whose worker was killed, or whose task was lost with the broker, is made anew after this long.
LOST_AFTER = timedelta(minutes=6)


@dataclass(frozen=True)
class Made:
    """A file to hand out at once."""

    name: str
    type: str
    file: IO[bytes]
    rows: int


def export(
    kind: str, *, user: User, query: QueryDict, form: str, everything: bool, now: datetime
) -> Made | Export:
    """What the address `query` shows of the table, as a file; of more than `AT_ONCE` rows, an `Export` being made.

    Errors: PermissionDenied without the right, LookupError for an unknown table, RegulationError for too many rows.
    """
    rights.need(user, rights.EXPORT)
    table = sources.table(kind, user, query, everything=everything, now=now)
    number = table.records.order_by()[: MOST + 1].count()
    if number > MOST:
        raise RegulationError(
            _("More than %(most)s rows: narrow the filter and export in parts.") % {"most": MOST}
        )
    if number > AT_ONCE:
        return _later(kind, user=user, query=query, form=form, everything=everything, now=now)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        rows = writing.write(form, path, table.title, table.headings, sources.rows(table))
        # Open, it outlives its name; whoever answers with it closes it.
        file = path.open("rb")
    _record(kind, query, form, rows, user=user, now=now)
    return Made(_name(table.title, form, now), writing.FORMS[form], file, rows)


def _later(
    kind: str, *, user: User, query: QueryDict, form: str, everything: bool, now: datetime
) -> Export:
    from crm.jobs import make_export

    asked = Export.objects.create(
        user=user,
        kind=kind,
        query=query.urlencode(),
        columns=["all"] if everything else [],
        form=form,
        created_at=now,
    )

    def send() -> None:
        try:
            broker.send(make_export, asked.pk)
        except Exception as error:
            log.warning("Export %s waits for the sweep: %s", asked.pk, error)

    transaction.on_commit(send)
    return asked


def make(export_id: int, *, now: datetime) -> bool:
    """Make the file of an export, once however often it is asked for; whether it was made now."""
    with transaction.atomic():
        asked = (
            Export.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("user")
            .filter(pk=export_id, finished_at=None)
            .first()
        )
        if asked is None:
            return False
        user = asked.user
        with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
            try:
                with transaction.atomic():
                    _fill(asked, now=now)
            except Exception:
                # Left unfinished it would be tried again for a week, and nobody would be told.
                log.exception("Export %s can't be made", asked.pk)
                asked.problem = _("The file could not be made. Narrow the filter and try again.")
        asked.finished_at = now
        asked.save()
        said = gettext_lazy("The export is ready, %(rows)s rows.") % {"rows": asked.rows}
        if asked.problem:
            said = asked.problem
        notify(
            user, READY, text=said, url=reverse("crm:exports"), now=now, key=f"export:{asked.pk}"
        )
    return True


def _fill(asked: Export, *, now: datetime) -> None:
    user, query = asked.user, QueryDict(asked.query)
    if not (user.is_active and user.may(rights.EXPORT)):
        asked.problem = _("The right to export was taken away meanwhile.")
        return
    try:
        table = sources.table(asked.kind, user, query, everything=bool(asked.columns), now=now)
    except LookupError:
        asked.problem = _("This table is no longer there, or no longer yours to see.")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        asked.rows = writing.write(
            asked.form, path, table.title, table.headings, sources.rows(table)
        )
        with path.open("rb") as file:
            asked.file.save(f"{uuid4().hex}.{asked.form}", File(file), save=False)
    _record(asked.kind, query, asked.form, asked.rows, user=user, now=now)


def sweep(*, now: datetime) -> int:
    """Make what was lost, delete what is older than a week; returns how many files are gone."""
    lost = Export.objects.filter(finished_at=None, created_at__lt=now - LOST_AFTER)
    for pk in lost.values_list("pk", flat=True)[:10]:
        make(pk, now=now)
    gone = 0
    for old in Export.objects.filter(created_at__lt=now - KEPT)[:100]:
        if old.file:
            with suppress(FileNotFoundError):
                old.file.delete(save=False)
        old.delete()
        gone += 1
    return gone


def file_name(asked: Export) -> str:
    """What the browser keeps the file as."""
    return _name(asked.kind, asked.form, asked.created_at)


def _name(title: str, form: str, now: datetime) -> str:
    word = slugify(title, allow_unicode=True) or "export"
    return f"{word}-{timezone.localtime(now):%Y-%m-%d}.{form}"


def _record(
    kind: str, query: QueryDict, form: str, rows: int, *, user: User, now: datetime
) -> None:
    """Who took out what: kept in the journal for good."""
    asked = query.copy()
    for name in ("kind", "form", "all_columns", "after", "before"):
        asked.pop(name, None)
    data = {"kind": kind, "filter": asked.urlencode()[:2000], "rows": rows, "form": form}
    with transaction.atomic():
        feed.write(EXPORTED, by=Actor.person(user), now=now, data=data)
