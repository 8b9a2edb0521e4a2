"""Contacts, companies and own lists as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from crm import columns
from crm.export import sources
from crm.export.sources import Heading, Table
from crm.lists import reading, shapes, table_columns
from crm.lists.asked import ListFilter
from crm.models import User
from pipelines import fields
from pipelines.compiled import CompiledField

WIDTHS = {"name": 40, "text": 24, "long_text": 50, "email": 28, "company": 32, "person": 24}


def _list(user: User, query: QueryDict, *, everything: bool, now: datetime) -> Table:
    shape = shapes.named(query.get("kind", ""), user)
    if shape is None:
        raise LookupError(query.get("kind"))
    known = table_columns.of(shape)
    shown = known if everything else columns.chosen(user, "lists", shape.code, known).columns
    wanted = [shape.fields[column.code] for column in shown]
    asked = ListFilter(query, user=user, shape=shape)
    found = reading.linked(asked.records(now=now), shape)
    found = found.order_by(reading.sort_of(query.get("sort", "")), "id")

    def lines(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
        counts = {}
        if any(item.type == "open_deals" for item in wanted):
            counts = reading.open_deals(shape, user, [record.pk for record in records])
        for record in records:
            yield [cell(item, reading.value(item, record, counts)) for item in wanted]

    headings = [
        Heading(str(item.label), WIDTHS.get(item.code, WIDTHS.get(item.type, 16)))
        for item in wanted
    ]
    return Table(shape.title, headings, found, lines)


for _kind in ("contact", "company", "list"):
    sources.source(_kind)(_list)


def cell(item: CompiledField, stored: Any) -> Any:
    """A stored value as a spreadsheet counts and sorts it: numbers as numbers, days as days, choices in words."""
    if stored is None or stored == "":
        return None
    match item.type:
        case "number" | "money":
            return Decimal(str(stored))
        case "date":
            return date.fromisoformat(stored)
        case "datetime":
            return parse_datetime(stored)
        case "choice" | "choices" | "yes_no" | "control":
            return fields.show(item, stored)
    return stored
