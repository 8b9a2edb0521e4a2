"""What became of an import, row by row: the file's own rows with what was wrong beside them, as an XLSX."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from crm.models import BatchRow, Import, ImportRow
from crm.registers import xlsx
from pipelines import fields
from pipelines.compiled import CompiledField
from pipelines.streams import rows_of

CHUNK = 1_000
LAST = (float("inf"), "")


@dataclass(frozen=True)
class Numbers:
    """How many rows of a checked file are of which kind."""

    total: int
    ready: int
    wrong: int
    known: int


def numbers(job: Import) -> Numbers:
    counts = job.rows.aggregate(
        total=Count("id"),
        **{
            state: Count("id", filter=Q(state=state))
            for state in (
                ImportRow.State.READY,
                ImportRow.State.WRONG,
                ImportRow.State.KNOWN,
            )
        },
    )
    return Numbers(**{str(name): number for name, number in counts.items()})


def write(job: Import, path: Path, headings: Sequence[str]) -> int:
    """The rows that were not imported, each with its number, what is wrong and its own cells; returns how many."""
    columns = [(_("Row"), 8), (_("What is wrong"), 60), *((text or "—", 20) for text in headings)]
    return xlsx.write(str(path), _("Not imported"), columns, _rows(job, headings))


def _rows(job: Import, headings: Sequence[str]) -> Iterator[list[Any]]:
    with (
        closing(_answers(job)) as answers,
        closing(rows_of(job.rows.order_by("number"), at_once=CHUNK)) as rows,
    ):
        number, text = next(answers, LAST)
        for row in rows:
            while number < row.number:
                number, text = next(answers, LAST)
            if said := sentence(row, headings, text if number == row.number else ""):
                yield [row.number, said, *row.cells]


def _answers(job: Import) -> Generator[tuple[float, str]]:
    """(number of the row, what the batch said) of those that it refused, could not put back or did not come to; in the file's order,
    for the batch has them so.
    """
    if job.batch_id is None:
        return
    skipped = Q(state=BatchRow.State.SKIPPED)
    rows = BatchRow.objects.filter(skipped | ~Q(text=""), batch=job.batch_id).order_by("position")
    stopped = _("The import was stopped before this row.")
    with closing(rows_of(rows.values_list("payload__number", "text"), at_once=CHUNK)) as said:
        for number, text in said:
            yield number, text or stopped


def sentence(row: ImportRow, headings: Sequence[str], answer: str) -> str:
    """Why the row was not imported; empty for one that was, or will be."""
    if answer:
        return answer
    if row.problems and row.state == ImportRow.State.WRONG:
        return said(row, headings)
    if row.state == ImportRow.State.KNOWN and row.of.known == Import.Known.SKIP:
        return row.problems.get("") or _("Known already: № %(number)s.") % {"number": row.record}
    return ""


def said(row: ImportRow, headings: Sequence[str]) -> str:
    """Its mistakes, each with the column it is in."""
    parts = []
    for column, text in row.problems.items():
        at = int(column) if column.isdecimal() else -1
        heading = headings[at] if 0 <= at < len(headings) else ""
        parts.append(f"{heading or letter(at)}: {text}" if at >= 0 else text)
    return "; ".join(parts)


def letter(column: int) -> str:
    """A column without a heading by its letter, as the spreadsheet shows it."""
    name, column = "", column + 1
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def in_words(item: CompiledField, value: Any, owners: dict[str, str]) -> str:
    """What a row would store under a field, as its card will show it."""
    match item.type:
        case "person":
            return owners.get(str(value), "") if value else ""
        case "phone" | "email" | "tags":
            return ", ".join(value or ())
        case "company":
            return str(value or "")
    return fields.show(item, value)
