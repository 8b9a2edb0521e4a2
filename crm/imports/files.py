"""Reading an uploaded table: XLSX, XLS, ODS by calamine, CSV in whatever encoding and with whatever delimiter.

What a file is, its content says, never its name. Formulas are read as their last values. A merged cell's value stands in
every cell that it covers.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.files.limits import LARGER
from pipelines.errors import RegulationError
from pipelines.fields import storable

SIZE_LIMIT = LARGER["crm:import_new"]
TOO_LARGE = gettext_lazy("A file has at most 50 MB. Divide it into several.")
# What a spreadsheet may unpack to: a small archive can hold gigabytes.
UNPACKED_LIMIT = 600 * 1024 * 1024
ROW_LIMIT = 100_000
COLUMN_LIMIT = 300
CELL_LIMIT = 32_767
SAMPLE = 256 * 1024
ENCODINGS = ("utf-8-sig", "cp1251", "utf-16", "cp866", "koi8-r", "latin-1")
# What programs put before a text to say its encoding.
WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
MARKS = (b"\xef\xbb\xbf", *WIDE)
DELIMITERS = {";": ";", ",": ",", "\t": "Tab", "|": "|"}
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
HTML = re.compile(rb"<(!doctype\s+html|html|table|head|body)\b", re.IGNORECASE)
# Beginnings of files that people take for tables.
OTHERS = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\x1f\x8b",
    b"{\\rtf",
    b"MZ",
)

Cells = list[Any]


class Unreadable(RegulationError):
    """The file can't be read as a table; the sentence says why and what to do."""


@dataclass(frozen=True)
class Reading:
    """How a file is read; what the person may change when the guess is wrong."""

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Reading:
        return cls(*(str(kept.get(name) or "") for name in ("sheet", "encoding", "delimiter")))


@dataclass(frozen=True)
class Table:
    """The headings, the row they stand in, and what follows."""

    headings: list[str]
    # Of the headings, counted from 1 as the person sees it in his file.
    heading_row: int
    rows: Iterator[tuple[int, Cells]]
    reading: Reading
    sheets: Sequence[str] = ()
    # The number of the last row, headings and empty rows among them.
    height: int = 0
    # Whether the letters look as if they were read in a wrong encoding.
    is_garbled: bool = False


def read(path: Path, reading: Reading) -> Table:
    """The table as `reading` says, what it leaves open guessed. Errors: Unreadable."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if not head.strip(b"\x00\r\n\t \xef\xbb\xbf"):
        raise Unreadable(_("The file is empty."))
    if head.startswith((ZIP, OLE)):
        return _read_book(path, reading, head)
    if HTML.search(head[:4096]):
        raise Unreadable(
            _(
                "This is a web page saved under the name of a table. Open it in Excel and save it as XLSX."
            )
        )
    if head.startswith(OTHERS):
        raise Unreadable(_("This is not a table. Choose a file XLSX, XLS, ODS or CSV."))
    return _read_text(path, reading, head)


# ── Spreadsheets ───────────────────────────────────────────────────────────────────────────────


def _read_book(path: Path, reading: Reading, head: bytes) -> Table:
    import python_calamine as calamine

    if head.startswith(ZIP):
        _unpacked(path)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        names = [
            meta.name
            for meta in book.sheets_metadata
            if meta.typ == calamine.SheetTypeEnum.WorkSheet
        ]
        if not names:
            raise Unreadable(_("The file has no sheet with a table."))
        # Each look at a sheet reads all of it.
        chosen = [reading.sheet] if reading.sheet in names else names
        sheets = ((name, book.get_sheet_by_name(name)) for name in chosen)
        name, sheet = next((pair for pair in sheets if pair[1].height), (chosen[0], None))
        sheet = sheet or book.get_sheet_by_name(name)
    except calamine.PasswordError as error:
        raise Unreadable(
            _(
                "The file is protected by a password. Take the password off in Excel and upload it again."
            )
        ) from error
    except Unreadable:
        raise
    except Exception as error:
        # The library tells broken files by errors of many kinds; protected ones of some versions look broken too.
        raise Unreadable(
            _(
                "The file is damaged or protected and can't be read. Open it in Excel and save it as a new XLSX."
            )
        ) from error
    _check_size(sheet.total_height, sheet.total_width)
    first_column = sheet.start[1] if sheet.start else 0
    rows = _filled(_merged(sheet.iter_rows(), sheet.merged_cell_ranges or [], first_column))
    top = sheet.start[0] if sheet.start else 0
    return _with_headings(rows, Reading(sheet=name), sheets=names, height=top + sheet.total_height)


def weight(path: Path) -> int:
    """How much there is to read before the first row is known: of a book all that it unpacks to, of a text nothing.

    Errors: Unreadable.
    """
    with path.open("rb") as file:
        sign = file.read(4)
    if sign == OLE:
        return path.stat().st_size
    return _unpacked(path) if sign == ZIP else 0


def _unpacked(path: Path) -> int:
    """Errors: Unreadable for a damaged archive, and for one that holds more than anybody reads."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(item.file_size for item in archive.infolist())
    except zipfile.BadZipFile as error:
        raise Unreadable(
            _("The file is damaged and can't be read. Save it once more and upload it again.")
        ) from error
    if unpacked > UNPACKED_LIMIT:
        raise Unreadable(_("The table is too large. Divide it into several files."))
    return unpacked


def _check_size(height: int, width: int) -> None:
    if width > COLUMN_LIMIT:
        raise Unreadable(
            _(
                "The table has %(number)s columns, at most %(most)s are read. Delete what is not needed."
            )
            % {"number": width, "most": COLUMN_LIMIT}
        )
    if height > ROW_LIMIT + 100:
        raise Unreadable(
            _(
                "The table has more than %(most)s rows. Divide it into several files of at most %(most)s rows each."
            )
            % {"most": number_format(ROW_LIMIT, force_grouping=True)}
        )


Merged = list[tuple[tuple[int, int], tuple[int, int]]]


def _merged(rows: Iterator[Cells], ranges: Merged, first_column: int) -> Iterator[Cells]:
    """The rows with the value of each merged cell in all the cells that it covers."""
    by_row: dict[int, list[tuple[int, int, int, int]]] = {}
    for (top, left), (bottom, right) in ranges[:10_000]:
        span = (top, left, left - first_column, right - first_column)
        for at in range(top, min(bottom, ROW_LIMIT + 200) + 1):
            by_row.setdefault(at, []).append(span)
    values: dict[tuple[int, int], Any] = {}
    for number, row in enumerate(rows):
        for top, left, start, end in by_row.get(number, ()):
            if number == top and 0 <= start < len(row):
                values[top, left] = row[start]
            for column in range(max(start, 0), min(end + 1, len(row))):
                row[column] = values.get((top, left), "")
        yield row


# ── Text ───────────────────────────────────────────────────────────────────────────────────────


def _read_text(path: Path, reading: Reading, head: bytes) -> Table:
    # A mark that stands before another encoding is no letter of the first heading.
    mark = next((sign for sign in MARKS if head.startswith(sign)), b"")
    head = head[len(mark) :]
    encoding = reading.encoding if reading.encoding in ENCODINGS else guess_encoding(head, mark)
    codec = _codec(encoding, head, mark)
    sample = head.decode(codec, errors="replace")
    if not _is_text(sample):
        raise Unreadable(_("This is not a table. Choose a file XLSX, XLS, ODS or CSV."))
    delimiter = reading.delimiter if reading.delimiter in DELIMITERS else guess_delimiter(sample)
    lines = partial(_lines, path, codec, delimiter, start=len(mark))
    # Once for their number: where they are too many, their owner hears it before he has said what the columns mean.
    height = sum(1 for _row in lines())
    rows = _filled(lines())
    chosen = Reading(encoding=encoding, delimiter=delimiter)
    return _with_headings(rows, chosen, height=height, is_garbled=is_garbled(sample[:20_000]))


def _lines(path: Path, codec: str, delimiter: str, *, start: int) -> Iterator[Cells]:
    csv.field_size_limit(10 * CELL_LIMIT)
    number = 0
    with path.open("rb") as binary:
        binary.seek(start)
        file = TextIOWrapper(binary, codec, errors="replace", newline="")
        without_nul = (line.replace("\x00", "") for line in file)
        try:
            for number, row in enumerate(csv.reader(without_nul, delimiter=delimiter)):
                _check_size(number, len(row))
                # An apostrophe before a formula is how our exports, as others', say that it is text.
                yield [cell[1:] if cell[:2] in ("'=", "'+", "'-", "'@") else cell for cell in row]
        except csv.Error as error:
            raise Unreadable(
                _(
                    "A cell below row %(number)s is too long: probably a quotation mark is missing there."
                )
                % {"number": number + 1}
            ) from error


def _codec(encoding: str, head: bytes, mark: bytes) -> str:
    """The encoding as Python reads what follows the mark: of UTF-16 the order of the bytes must be said."""
    if encoding != "utf-16":
        return encoding.removesuffix("-sig")
    return WIDE.get(mark) or _wide(head) or "utf-16-le"


def _wide(head: bytes) -> str:
    """The order of the bytes where it is UTF-16 without a mark: nearly every second byte is the higher one of a Latin
    or a Cyrillic letter, 0 or 4, which stand in no other text. Else empty.
    """
    for start, codec in ((1, "utf-16-le"), (0, "utf-16-be")):
        higher = head[start:400:2]
        if higher and higher.count(0) + higher.count(4) > 0.9 * len(higher):
            return codec
    return ""


def guess_encoding(head: bytes, mark: bytes = b"") -> str:
    """Of the encodings that we read, the one the file is most probably in; `mark` is what stood before its text.

    A mark is not believed alone: programs put UTF-8's before Windows-1251, and people join files of several kinds.
    """
    import charset_normalizer

    # First, for its bytes make an UTF-8 as well.
    if _wide(head) or (mark in WIDE and b"\x00" in head):
        return "utf-16"
    try:
        # A letter may be cut at the end of the sample.
        (head[:-4] if len(head) + len(mark) == SAMPLE else head).decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8-sig"
    best = charset_normalizer.from_bytes(
        head[:20_000], cp_isolation=["cp1251", "cp866", "koi8_r", "utf_16_le"]
    ).best()
    names = {"cp1251": "cp1251", "cp866": "cp866", "koi8_r": "koi8-r", "utf_16_le": "utf-16"}
    return names.get(best.encoding if best else "", "cp1251")


def guess_delimiter(sample: str) -> str:
    """The sign that divides the first lines into equally many parts, the more the better."""
    lines = [line for line in sample.splitlines()[:30] if line.strip()][:20]

    def worth(sign: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=sign)]
        usual = max(set(counts), key=counts.count) if counts else 1
        return (counts.count(usual) if usual > 1 else 0, usual)

    try:
        return max(DELIMITERS, key=worth)
    except csv.Error:
        return ";"


def _is_text(sample: str) -> bool:
    control = sum(1 for sign in sample[:5000] if sign < " " and sign not in "\r\n\t\x00")
    return control <= len(sample[:5000]) // 50


# UTF-8 read as Windows-1251 («РџСЂРёРІРµС‚») or Latin-1 («ÐŸÑ€Ð¸»); KOI8 read as 1251 turns cases round («пРИВЕТ»).
GARBLED = (
    re.compile(
        r"(?:[РС][\u0080-\u00bf\u0402-\u040f\u0452-\u045f\u2010-\u2122°±µ¶·»])(?:[РС].){2,}"
    ),
    re.compile(r"(?:[ÐÑ][\u0080-\u00bf\u0152-\u02dc\u2010-\u2122]){3,}"),
    re.compile(r"\b[а-яё][А-ЯЁ]{3,}\b.*\b[а-яё][А-ЯЁ]{3,}\b", re.DOTALL),
    re.compile(r"[─-╿▀-▟]{2,}"),
)


def is_garbled(text: str) -> bool:
    """Whether the letters look as if they had been read in a wrong encoding."""
    return text.count("\ufffd") > 2 or any(pattern.search(text) for pattern in GARBLED)


# ── Rows ───────────────────────────────────────────────────────────────────────────────────────


def _filled(rows: Iterator[Cells]) -> Iterator[tuple[int, Cells]]:
    """Rows in which anything stands, with their numbers from 1."""
    for number, row in enumerate(rows, start=1):
        cells = [storable(cell)[:CELL_LIMIT] if isinstance(cell, str) else cell for cell in row]
        if any(cell not in ("", None) and str(cell).strip() for cell in cells):
            yield number, cells


def _with_headings(
    rows: Iterator[tuple[int, Cells]], reading: Reading, *, sheets: Sequence[str] = (), **facts: Any
) -> Table:
    number, first = next(rows, (0, []))
    if not number:
        raise Unreadable(_("The sheet is empty.") if sheets else _("The file is empty."))
    headings = [" ".join(text_of(cell).split())[:200] for cell in first]
    return Table(headings, number, rows, reading, sheets, **facts)


def text_of(cell: Any) -> str:
    """A cell as a person reads it; a whole number without «.0»."""
    match cell:
        case None:
            return ""
        case bool():
            return _("yes") if cell else _("no")
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime():
            return f"{cell:%d.%m.%Y %H:%M}" if cell.time() != time() else f"{cell:%d.%m.%Y}"
        case date():
            return f"{cell:%d.%m.%Y}"
        case timedelta():
            return str(cell)
    return str(cell).strip()
