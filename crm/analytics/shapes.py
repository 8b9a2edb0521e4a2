"""What reports answer with: sections, each a table with, perhaps, a chart of the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm.money.sums import say_sum
from crm.registers.asking import say_length

# Columns that fit beside a chart.
NARROW = 6
# «+4900 %» beside a single deal says nothing: then it is said what there was.
FEW = 5
TENFOLD = 9

Text = str | Promise
Kind = Literal["text", "number", "percent", "money", "length", "moment", "month"]


@dataclass(frozen=True)
class Column:
    """`kind` says what the values are: a share of 1 for percent, timedelta for a length, Decimal for money."""

    heading: Text
    kind: Kind = "number"
    currency: str = ""
    # In characters, of the XLSX.
    width: int = 14

    def say(self, value: Any) -> str:
        if value is None:
            return "—"
        match self.kind:
            case "percent":
                return f"{number_format(round(value * 100, 1), 1).removesuffix(',0').removesuffix('.0')}\u202f%"
            case "money":
                return say_sum(Decimal(value).quantize(Decimal("0.01")), self.currency)
            case "length":
                return say_length(value) if isinstance(value, timedelta) else str(value)
            case "moment":
                return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
            case "month":
                return say_month(value)
            case "number":
                return number_format(value, 0, force_grouping=True)
        return str(value)

    def plain(self, value: Any) -> Any:
        """For a cell of a spreadsheet."""
        if value is None:
            return None
        match self.kind:
            case "percent":
                return round(value * 100, 1)
            case "money":
                return Decimal(value).quantize(Decimal("0.01"))
            case "month":
                return say_month(value)
        return value

    @property
    def is_number(self) -> bool:
        return self.kind not in ("text", "moment", "month")


class Cell(NamedTuple):
    """A value, the address of the list behind it, and what it was in the period before (None: not compared)."""

    value: Any
    url: str = ""
    before: Any = None
    # Whether growing is good.
    good: bool = True
    # The table has what was before in a column of its own.
    beside: bool = False


class Shown(NamedTuple):
    """A cell in words; `tone` colours its change, for which a compared cell keeps the place."""

    text: str
    url: str
    change: str
    tone: str
    is_number: bool
    is_compared: bool = False


@dataclass(frozen=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None

    @property
    def shown(self) -> list[list[Shown]]:
        return [self._show(row) for row in self.rows]

    @property
    def shown_total(self) -> list[Shown]:
        return self._show(self.total) if self.total else []

    def _show(self, row: Sequence[Cell]) -> list[Shown]:
        return [show(column, cell) for column, cell in zip(self.columns, row, strict=True)]

    @property
    def headings(self) -> list[tuple[str, int]]:
        """As the XLSX has them, with their widths."""
        return [
            (
                f"{column.heading}, %" if column.kind == "percent" else str(column.heading),
                column.width,
            )
            for column in self.columns
        ]

    @property
    def plain(self) -> Iterable[list[Any]]:
        """The rows as the XLSX has them, the total last."""
        for row in [*self.rows, *([self.total] if self.total else [])]:
            yield [column.plain(cell.value) for column, cell in zip(self.columns, row, strict=True)]


@dataclass(frozen=True)
class Section:
    """`code` is its XLSX's name in the address; `chart` is what static/js/chart.js draws."""

    code: str
    title: Text
    table: Table
    chart: dict[str, Any] | None = None
    note: Text = ""

    @property
    def is_narrow(self) -> bool:
        """Whether the table leaves room for the chart beside it on a wide screen."""
        return len(self.table.columns) <= NARROW

    @property
    def chart_json(self) -> str:
        return json.dumps(self.chart, ensure_ascii=False)


@dataclass(frozen=True)
class Key:
    """A number of the overview."""

    label: Text
    column: Column
    cell: Cell

    @property
    def shown(self) -> Shown:
        return show(self.column, self.cell)


def show(column: Column, cell: Cell) -> Shown:
    # A nought has no list behind it.
    url = cell.url if cell.value else ""
    grown, words, tone = change(cell.value, cell.before), "", ""
    if grown is not None:
        words = say_change(grown)
        if abs(grown) >= 0.005:
            tone = "green" if (grown > 0) == cell.good else "red"
    elif cell.before is not None and cell.value != cell.before and not cell.beside:
        words = _("was %(number)s") % {"number": column.say(cell.before)}
    is_compared = cell.before is not None
    return Shown(column.say(cell.value), url, words, tone, column.is_number, is_compared)


def change(now: Any, before: Any) -> float | None:
    """By what share of 1 the number is greater than before; None where a percent would say nothing.

    That is where either is unknown, where a count was below FEW, and where the number grew more than TENFOLD.
    """
    if now is None or not before or (isinstance(before, int) and before < FEW):
        return None
    grown = float(now) / float(before) - 1
    return grown if grown < TENFOLD else None


def share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def point(value: Any, url: str = "", text: str = "") -> dict[str, Any]:
    """A point of a chart."""
    found: dict[str, Any] = {"value": _plain(value)}
    if url:
        found["url"] = url
    if text:
        found["text"] = text
    return found


def series(name: str, color: str, rows: Iterable[Sequence[Cell]], place: int) -> dict[str, Any]:
    """A column of the table as a series of a chart, each point with the list behind it."""
    return {
        "name": name,
        "color": color,
        "points": [point(row[place].value, row[place].url) for row in rows],
    }


def chart(
    kind: str,
    *,
    title: Text,
    categories: Iterable[Text],
    series: Iterable[dict[str, Any]],
    **more: Any,
) -> dict[str, Any]:
    """What static/js/chart.js takes; see its head."""
    return {
        "kind": kind,
        "title": str(title),
        "categories": [str(name) for name in categories],
        "series": list(series),
        **more,
    }


def say_month(first: date | datetime) -> str:
    """«November 2026»."""
    return date_format(first, "F Y")


def say_change(value: float | None) -> str:
    """«+12 %»."""
    if value is None:
        return ""
    percent = round(value * 100)
    sign = "+" if percent > 0 else "−" if percent < 0 else ""
    return f"{sign}{number_format(abs(percent), 0, force_grouping=True)}\u202f%"


def _plain(value: Any) -> float | int | None:
    if value is None or isinstance(value, int):
        return value
    return round(float(value), 4)
