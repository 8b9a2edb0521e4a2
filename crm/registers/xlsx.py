"""Tables as XLSX files: streamed to disk row by row, every text a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any

from django.http import HttpResponse
from django.utils import timezone

from pipelines.streams import stopping

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a cell holds at most, and a sheet.
CELL_LIMIT = 32_767
ROW_LIMIT = 1_048_575
FORMATS = {
    "moment": "dd.mm.yyyy hh:mm",
    "day": "dd.mm.yyyy",
    # Hours go on counting past a day.
    "length": "[h]:mm:ss",
}


def workbook(
    title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Any]]
) -> bytes:
    """A file of one sheet in memory; see `write`."""
    file = BytesIO()
    write(file, title, columns, rows)
    return file.getvalue()


def write(
    target: Any, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Any]]
) -> int:
    """A file of one sheet into `target`, a file or its name, in memory that does not grow; returns how many rows.

    `columns` are headings with their widths in characters, `rows` plain values.

    A text stays a text whatever it begins with: nothing a client typed becomes a formula or a link. Moments are
    written in the reader's zone, for the format knows none.
    """
    import xlsxwriter

    book = xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    formats = {name: book.add_format({"num_format": code}) for name, code in FORMATS.items()}
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet = book.add_worksheet(_sheet_name(title))
    sheet.freeze_panes(1, 0)
    for number, (heading, width) in enumerate(columns):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, heading, book.add_format({"bold": True}))
    last = 0
    with stopping(rows):
        for last, row in enumerate(rows, start=1):
            if last > ROW_LIMIT:
                break
            for number, value in enumerate(row):
                _write(sheet, last, number, value, formats, wrapped)
    last = min(last, ROW_LIMIT)
    sheet.autofilter(0, 0, last, len(columns) - 1)
    book.close()
    return last


def response(
    name: str, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[Any]]
) -> HttpResponse:
    """The file for a browser to keep, as `<name>.xlsx`."""
    answer = HttpResponse(workbook(title, columns, rows), content_type=TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    answer["Cache-Control"] = "private, no-store"
    return answer


def _write(sheet: Any, row: int, column: int, value: Any, formats: Any, wrapped: Any) -> None:
    match value:
        case None | "":
            return
        case bool():
            sheet.write_boolean(row, column, value)
        case int() | float() | Decimal():
            sheet.write_number(row, column, value)
        case datetime():
            local = timezone.localtime(value).replace(tzinfo=None)
            sheet.write_datetime(row, column, local, formats["moment"])
        case date():
            sheet.write_datetime(row, column, value, formats["day"])
        case timedelta():
            sheet.write_number(row, column, value / timedelta(days=1), formats["length"])
        case _:
            sheet.write_string(row, column, _text(str(value)), wrapped)


def _text(text: str) -> str:
    """Without the control characters that XML can't hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)[:CELL_LIMIT]


def _sheet_name(title: str) -> str:
    return re.sub(r"[\[\]:*?/\\]", " ", title)[:31].strip("' ") or "1"
