"""Going through a whole file before anything is made: what each row would store, what is wrong, what we know already."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from billiard.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, transaction
from django.utils import timezone, translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from crm import visibility
from crm.imports import cells, files, heads, known, progress, targets
from crm.imports.files import Cells, Unreadable
from crm.imports.known import Key
from crm.imports.targets import DEAL, Target
from crm.models import Import, ImportRow, User
from crm.names import naming_rules
from pipelines import broker
from pipelines.catalog import CompiledPipeline

log = logging.getLogger(__name__)

CHUNK = 1_000
KEPT_TEXT = 500
CHECKED, WRONG, READY, KNOWN = (
    Import.State.CHECKED,
    ImportRow.State.WRONG,
    ImportRow.State.READY,
    ImportRow.State.KNOWN,
)


def target_of(job: Import, user: User) -> Target | None:
    """What the import goes into, if its owner still may."""
    return targets.find(job.target, user, stage_id=job.stage_id)


def ask(import_id: int) -> None:
    """Leave the check to a worker. Without a broker nothing is lost: the sweep comes every two minutes."""
    from crm.jobs import check_import

    try:
        broker.send(check_import, import_id)
    except Exception as error:
        log.warning("Import %s waits for the sweep: %s", import_id, error)


def check(import_id: int) -> bool:
    """Check the file of an import that waits for it, or read the headings of one of which they are not known yet.

    Whether that was done now. Whole or not at all; `progress` says meanwhile how far it has come.
    """
    with transaction.atomic():
        job = (
            Import.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("user")
            .filter(pk=import_id, state=Import.State.CHECKING)
            .first()
        )
        if job is None:
            return False
        user = job.user
        with translation.override(user.language), timezone.override(ZoneInfo(user.time_zone)):
            try:
                with transaction.atomic():
                    if heads.is_read(job):
                        _check(job, user)
                    else:
                        heads.read(job)
                        job.state = Import.State.UPLOADED
            except Unreadable as error:
                job.state, job.problem = Import.State.FAILED, str(error)
            except OperationalError:
                # The database is away: the sweep comes again.
                raise
            except SoftTimeLimitExceeded:
                job.state = Import.State.FAILED
                job.problem = _reached(job.pk) + _(
                    "The table is too large. Divide it into several files."
                )
            except Exception:
                log.exception("import %s", job.pk)
                job.state = Import.State.FAILED
                job.problem = _reached(job.pk) + _(
                    "The file could not be read to its end. Save it as a new XLSX and upload it again."
                )
            progress.forget(job.pk)
        job.save(update_fields=["state", "problem", "total", "reading", "mapping"])
    return True


def stopped(import_id: int) -> Unreadable:
    """What one reads who has stopped the check."""
    return Unreadable(_reached(import_id) + _("The check was stopped; nothing was imported."))


def _reached(import_id: int) -> str:
    """At which row it was; empty where nobody knows. A sentence before another."""
    come = progress.of(import_id)
    if come is None or not come.row:
        return ""
    row, height = (number_format(number, force_grouping=True) for number in (come.row, come.height))
    return _("At row %(row)s of %(height)s.") % {"row": row, "height": height} + " "


def _check(job: Import, user: User) -> None:
    target = target_of(job, user)
    if target is None:
        raise Unreadable(_("You may no longer import into this list."))
    job.rows.all().delete()
    checker = Checker(target, job.mapping, user)
    job.total = 0
    table = heads.table_of(job)
    progress.tell(job.pk, row=table.heading_row, height=table.height, now=timezone.now())
    while chunk := list(islice(table.rows, CHUNK)):
        made = checker.rows(chunk)
        for row in made:
            row.of = job
        ImportRow.objects.bulk_create(made)
        job.total += len(made)
        progress.tell(job.pk, row=chunk[-1][0], height=table.height, now=timezone.now())
        if progress.is_asked_to_stop(job.pk):
            raise stopped(job.pk)
    job.state, job.problem = CHECKED, ""


class Checker:
    """Rows of one file, chunk by chunk: it remembers what it has seen, so that a row is known by one above it too."""

    def __init__(self, target: Target, mapping: Mapping[str, str], user: User) -> None:
        self.target, self.user = target, user
        self.columns = {
            int(number): code
            for number, code in mapping.items()
            if number.isdecimal() and code in target.fields
        }
        self.people = targets.people_of(user)
        self.pipeline = target.pipeline or _only_pipeline(user)
        self.seen: dict[Key, int] = {}

    def rows(self, chunk: Sequence[tuple[int, Cells]]) -> list[ImportRow]:
        made = [self._row(number, row) for number, row in chunk]
        keys = [known.keys_of(self.target, row.values) for row in made]
        found = known.find(self.target, (key for several in keys for key in several))
        for row, own in zip(made, keys, strict=True):
            if row.state == WRONG:
                continue
            if (record := known.first(own, found)) is not None:
                row.state, row.record = KNOWN, record
            elif above := next((self.seen[key] for key in own if key in self.seen), None):
                row.state = KNOWN
                row.problems = {
                    "": _("The same as row %(number)s of this file.") % {"number": above}
                }
            for key in own:
                self.seen.setdefault(key, row.number)
        return made

    def _row(self, number: int, row: Cells) -> ImportRow:
        values: dict[str, Any] = {}
        problems: dict[str, str] = {}
        for column, code in self.columns.items():
            cell = row[column] if column < len(row) else None
            try:
                value = cells.clean(self.target.fields[code], cell, people=self.people)
            except (ValueError, OverflowError) as error:
                problems[str(column)] = str(error)
            else:
                if value not in (None, "", []):
                    values[code] = value
        self._correct_names(values)
        for code, sentence in self._missing(values):
            place = next((str(at) for at, field in self.columns.items() if field == code), "")
            problems.setdefault(place, sentence)
        return ImportRow(
            number=number,
            cells=[files.text_of(cell)[:KEPT_TEXT] for cell in row],
            values=values,
            problems=problems,
            state=WRONG if problems else READY,
        )

    def _correct_names(self, values: dict[str, Any]) -> None:
        """As the regulation writes them: the preview shows what will be stored."""
        kinds = {"contact_name": "contact", "company_name": "company"}
        if self.target.kind in ("contact", "company", DEAL):
            kinds["name"] = self.target.kind
        if "company" in self.target.fields:
            kinds["company"] = "company"
        for code, kind in kinds.items():
            if values.get(code):
                values[code] = naming_rules.corrected(kind, values[code], self.pipeline)

    def _missing(self, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for code in self.target.required:
            if code in values:
                continue
            if code == "name" and any(values.get(other) for other in _instead_of_name(self.target)):
                continue
            label = str(self.target.fields[code].label)
            yield code, _("“%(field)s” is empty.") % {"field": label}


def _instead_of_name(target: Target) -> tuple[str, ...]:
    """What a record can be told by where its name is empty: a contact by a phone, a deal by its client."""
    if target.kind == "contact":
        return ("phone", "email")
    return ("contact_name", "company_name", "phone") if target.kind == DEAL else ()


def _only_pipeline(user: User) -> CompiledPipeline | None:
    """By whose rules names are written: of the first pipeline in which the person works."""
    return next(iter(visibility.pipelines_of(user)), None)


def sweep() -> int:
    """Ask again for the checks whose worker was killed or whose task was lost with the broker; how many there were.

    Asked, not done: a large file takes longer than a sweep may.
    """
    waiting = Import.objects.filter(state=Import.State.CHECKING).select_for_update(
        of=("self",), skip_locked=True
    )
    with transaction.atomic():
        found = list(waiting.values_list("pk", flat=True)[:10])
    for pk in found:
        ask(pk)
    return len(found)


def preview(job: Import, *, most: int = 20) -> list[ImportRow]:
    """The first rows as they were checked."""
    return list(job.rows.order_by("number")[:most])
