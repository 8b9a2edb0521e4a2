"""A playbook's folder into the database, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pipelines import registry
from pipelines.errors import PlaybookError
from pipelines.models import Pipeline

from .books import Book, read_book
from .checking import check_book
from .clauses import load_clauses
from .company import load_roles, load_schedule
from .editions import diff, keep, recount
from .exporting import export, write
from .specs import PipelineSpec
from .writing import apply


@dataclass
class PipelineChange:
    """What a load changed in one pipeline: the difference of its YAML, empty for a new one."""

    code: str
    edition: int
    is_new: bool
    lines: list[str] = field(default_factory=list)


@dataclass
class LoadReport:
    """What a load changed; nothing at all where the database already was as the files say."""

    playbook: str
    roles: list[str] = field(default_factory=list)
    schedule: str = ""
    # The edition of the clauses in force, where they changed.
    clauses: int = 0
    sections: list[str] = field(default_factory=list)
    pipelines: list[PipelineChange] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        return bool(self.roles or self.schedule or self.clauses or self.sections or self.pipelines)

    def lines(self) -> Iterator[str]:
        """For people, a sentence a line."""
        if self.roles:
            yield _("roles created: %(roles)s") % {"roles": ", ".join(self.roles)}
        if self.schedule:
            yield _("working time “%(code)s” changed") % {"code": self.schedule}
        if self.clauses:
            yield _("regulation: edition %(edition)s") % {"edition": self.clauses}
        for name in self.sections:
            yield _("section “%(name)s” changed") % {"name": name}
        for change in self.pipelines:
            words = (
                _("pipeline “%(code)s” created")
                if change.is_new
                else _("pipeline “%(code)s”: edition %(edition)s")
            )
            yield words % {"code": change.code, "edition": change.edition}
            yield from (f"    {line}" for line in change.lines)
        if not self.changed:
            yield _("nothing changed")


def load(folder: Path | str, *, author: Any = None, now: datetime) -> LoadReport:
    """Check the playbook and make the database say the same, in one transaction.

    Pipelines of the playbook whose file is gone stay as they are: only an administrator archives a pipeline.
    Errors: PlaybookError with every problem; nothing is written then.
    """
    book, problems = read_book(Path(folder))
    if not problems:
        problems += check_book(book)
    if problems:
        raise PlaybookError(problems)
    return _load(book, author=author, now=now)


@transaction.atomic
def _load(book: Book, *, author: Any, now: datetime) -> LoadReport:
    company = book.company
    report = LoadReport(company.code, roles=load_roles(company.roles))
    if company.schedule:
        schedule, changed = load_schedule(company.schedule)
        if changed:
            report.schedule = schedule.code
            for pipeline in Pipeline.objects.select_for_update(of=("self",)).filter(
                schedule=schedule
            ):
                recount(pipeline)
    regulation = load_clauses(
        company.code,
        name=company.name,
        effective=company.effective,
        clauses=company.clauses,
        now=now,
    )
    report.clauses = regulation.edition if regulation else 0
    for spec in book.pipelines:
        if change := _load_pipeline(spec, company.code, author=author, now=now):
            report.pipelines.append(change)
    for name, rows in company.sections.items():
        section = registry.sections[name]
        before = section.export(company.code)
        section.load(company.code, book.folder, rows, now)
        if section.export(company.code) != before:
            report.sections.append(name)
    return report


def _load_pipeline(
    spec: PipelineSpec, playbook: str, *, author: Any, now: datetime
) -> PipelineChange | None:
    pipeline = Pipeline.objects.select_for_update(of=("self",)).filter(code=spec.code).first()
    is_new = pipeline is None
    if pipeline is None:
        pipeline = Pipeline.objects.create(
            code=spec.code, name=spec.name, playbook=playbook, position=spec.position
        )
    before = "" if is_new else export(pipeline)
    if before == write(spec) and pipeline.is_active:
        return None
    was_active = pipeline.is_active
    apply(pipeline, spec)
    after = export(pipeline)
    edition = keep(
        pipeline,
        after,
        author=author,
        now=now,
        note=_("loaded from the playbook “%(code)s”") % {"code": playbook},
    )
    if not was_active:
        # Switched off, it fired nothing and forgot what came due.
        recount(pipeline)
    return PipelineChange(spec.code, edition.number, is_new, [] if is_new else diff(before, after))
