"""A page of a list: by key, not by OFFSET, so that a far page costs what the first one does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.clients import fields as client_fields
from crm.lists.asked import ListFilter
from crm.lists.shapes import Shape
from crm.models import Deal, User
from pipelines import fields
from pipelines.compiled import CompiledField
from pipelines.numbers import whole

SIZES = (50, 100, 200)
# Newest first, or by name; the record's number breaks ties.
SORTS = ("-id", "id", "name", "-name")
# Counting on would cost more than the page.
COUNT_CAP = 1_000
MARK_LIMIT = 400


@dataclass(frozen=True)
class Cell:
    """What a column says of a record; `url` where it leads somewhere."""

    code: str
    label: str
    text: str
    url: str = ""
    is_number: bool = False


@dataclass(frozen=True)
class Row:
    record: Any
    by_code: dict[str, Cell]
    open_deals: int = 0


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    # The mark that the next page begins after; empty where there is none.
    after: str
    total: str


def sort_of(text: str) -> str:
    return text if text in SORTS else "-id"


def size_of(text: str) -> int:
    return int(text) if text in map(str, SIZES) else SIZES[0]


def read_page(
    shape: Shape,
    user: User,
    asked: ListFilter,
    *,
    now: datetime,
    columns: Sequence[CompiledField],
    sort: str = "-id",
    size: int = SIZES[0],
    after: str = "",
) -> Page:
    """The records that answer to the question; a statement each for them, their points, their deals, their number.

    `after` is the mark of a page read earlier; one that no page gave out is the beginning.
    """
    found = everything = asked.records(now=now)
    down, column = sort.startswith("-"), sort.removeprefix("-")
    if (beyond := _beyond(column, down, after)) is not None:
        found = found.filter(beyond)
    order = [sort] if column == "id" else [sort, "-id" if down else "id"]
    records = list(linked(found, shape).order_by(*order)[: size + 1])
    more, records = len(records) > size, records[:size]
    mark = ""
    if more:
        last = records[-1]
        mark = str(last.pk) if column == "id" else f"{last.name}~{last.pk}"
    # A sole page counts itself.
    is_sole = not more and not after
    counted = len(records) if is_sole else everything.order_by()[: COUNT_CAP + 1].count()
    return Page(rows_of(shape, user, records, columns), mark, _total(counted))


def _beyond(column: str, down: bool, mark: str) -> Q | None:
    """What comes after the mark. The first half of it is what an index is walked by."""
    name, _tilde, raw = mark.rpartition("~")
    if whole(raw) is None or "\x00" in name:
        return None
    way, pk = ("lt" if down else "gt"), int(raw)
    if column == "id":
        return Q(**{f"id__{way}": pk})
    if not _tilde or len(name) > MARK_LIMIT:
        return None
    further = Q(**{f"name__{way}": name}) | Q(**{f"id__{way}": pk})
    return Q(**{f"name__{way}e": name}) & further


def linked(records: QuerySet[Any], shape: Shape) -> QuerySet[Any]:
    """With what a row says beside the record."""
    if shape.own is not None:
        return records.select_related("owner")
    links = ("owner", "company") if shape.code == "contact" else ("owner",)
    return records.select_related(*links).prefetch_related("points")


def rows_of(
    shape: Shape, user: User, records: Sequence[Any], columns: Sequence[CompiledField]
) -> list[Row]:
    counts = open_deals(shape, user, [record.pk for record in records])
    return [
        Row(
            record,
            {item.code: _cell(item, record, counts) for item in columns if item.code != "name"},
            counts.get(record.pk, 0),
        )
        for record in records
    ]


def open_deals(shape: Shape, user: User, ids: Iterable[int]) -> dict[int, int]:
    """How many open deals one sees with each; no statement for an own list."""
    if shape.own is not None or not (wanted := list(ids)):
        return {}
    deals = Deal.objects.visible_to(user).open().filter(**{f"{shape.code}__in": wanted})
    return dict(deals.order_by().values_list(shape.code).annotate(Count("id")))


def value(item: CompiledField, record: Any, counts: dict[int, int]) -> Any:
    """What stands in a column, as it is stored: text, number, day, moment; None for nothing."""
    match item.type:
        case "phone" | "email":
            return ", ".join(p.value for p in record.points.all() if p.kind == item.type) or None
        case "company":
            return record.company.name if record.company else None
        case "person":
            return str(record.owner) if record.owner else None
        case "open_deals":
            return counts.get(record.pk) or None
        case "moment":
            return record.created_at
    if item.built_in:
        return getattr(record, item.code)
    return record.values.get(client_fields.own_code(item))


def _cell(item: CompiledField, record: Any, counts: dict[int, int]) -> Cell:
    stored = value(item, record, counts)
    is_number = item.type in ("number", "money", "open_deals")
    text, url = "", ""
    if item.type == "moment":
        text = date_format(timezone.localtime(stored), "SHORT_DATE_FORMAT")
    elif item.type == "company" and record.company:
        text, url = stored, record.company.get_absolute_url()
    elif item.type == "phone" and stored:
        text, url = stored, f"tel:{record.point('phone')}"
    elif item.type == "email" and stored:
        text, url = stored, f"mailto:{record.point('email')}"
    elif item.type in ("phone", "email", "company", "person", "open_deals"):
        text = str(stored or "")
    else:
        text = fields.show(item, stored)
        url = text if item.type == "url" else ""
    return Cell(item.code, str(item.label), text, url, is_number)


def _total(counted: int) -> str:
    if counted > COUNT_CAP:
        return _("more than %(number)s records") % {"number": COUNT_CAP}
    return ngettext("%(number)s record", "%(number)s records", counted) % {"number": counted}
