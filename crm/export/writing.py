"""Tables as files on the disk, row by row: XLSX, and CSV as Excel opens it by a double click."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from crm.export.sources import Heading
from crm.registers import xlsx
from pipelines.streams import stopping

FORMS = {"xlsx": xlsx.TYPE, "csv": "text/csv; charset=utf-8"}
# What a spreadsheet takes for a formula when it opens a CSV; a phone is none.
FORMULA = re.compile(r"^[=+\-@\t\r]")
PHONE = re.compile(r"^\+\d{5,20}$")


def write(
    form: str, path: Path, title: str, headings: Sequence[Heading], rows: Iterable[Sequence[Any]]
) -> int:
    """Write the file; returns how many rows it has. Errors: KeyError for another form."""
    if form == "xlsx":
        columns = [(heading.label, heading.width) for heading in headings]
        return xlsx.write(str(path), title, columns, rows)
    if form != "csv":
        raise KeyError(form)
    last = 0
    # With its mark, or Excel reads the letters wrong; with semicolons, as Russian Windows separates.
    with path.open("w", encoding="utf-8-sig", newline="") as file, stopping(rows):
        writer = csv.writer(file, delimiter=";")
        writer.writerow([_safe(heading.label) for heading in headings])
        for last, row in enumerate(rows, start=1):  # noqa: B007 (the last one is the answer)
            writer.writerow([_text(value) for value in row])
    return last


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return _("yes") if value else _("no")
        case int() | float() | Decimal():
            return f"{value}".replace(".", ",")
        case datetime():
            return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        case date():
            return date_format(value, "SHORT_DATE_FORMAT")
        case _:
            return _safe(str(value))


def _safe(text: str) -> str:
    """A text that a spreadsheet would carry out gets an apostrophe before it, which shows it as text."""
    if FORMULA.match(text) and not PHONE.match(text):
        text = "'" + text
    return text.replace("\x00", "")
