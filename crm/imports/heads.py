"""The beginning of a file, kept with its import: a page that shows it reads no hundred thousand rows for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from crm.imports import files, targets
from crm.imports.files import Reading
from crm.models import Import


@dataclass(frozen=True)
class Head:
    """How the file was read, and what its first rows say."""

    reading: Reading
    headings: list[str]
    # The first rows under the headings, as people read them.
    sample: list[list[str]]
    sheets: list[str]
    is_garbled: bool

    @classmethod
    def read(cls, table: files.Table) -> Head:
        sample = [[files.text_of(cell)[:40] for cell in row] for _at, row in islice(table.rows, 3)]
        return cls(table.reading, table.headings, sample, list(table.sheets), table.is_garbled)

    @classmethod
    def of(cls, job: Import) -> Head:
        kept = job.reading
        return cls(
            Reading.of(kept),
            kept.get("headings", []),
            kept.get("sample", []),
            kept.get("sheets", []),
            bool(kept.get("is_garbled")),
        )

    def kept(self) -> dict[str, Any]:
        """As JSON."""
        facts = asdict(self)
        return {**facts.pop("reading"), **facts}

    @property
    def is_text(self) -> bool:
        return not self.sheets


def is_read(job: Import) -> bool:
    """Whether its headings are known; of a heavy book a worker reads them."""
    return "headings" in job.reading


def table_of(job: Import) -> files.Table:
    """The file, read as the person said. Errors: Unreadable."""
    return files.read(Path(job.file.path), Reading.of(job.reading))


def read(job: Import) -> None:
    """Read the file's beginning; how it was read, and what its columns probably mean, are noted. Errors: Unreadable."""
    table = table_of(job)
    job.reading = Head.read(table).kept()
    into = targets.find(job.target, job.user, stage_id=job.stage_id)
    if into is not None:
        job.mapping = targets.guess(into, table.headings, job.user)
