"""Deals as a file: the table's columns, or all of them, of what its filter finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from crm import columns, panels, visibility
from crm.board import deal_columns
from crm.board.table import Order
from crm.columns import Column
from crm.export import sources
from crm.export.lists import cell
from crm.export.sources import Heading, Table
from crm.filters import DealFilter
from crm.models import Deal, User
from pipelines import catalog, fields
from pipelines.catalog import CompiledField

WIDTHS = {"name": 40, "stage": 24, "contact": 30, "company": 32, "owner": 24, "tags": 28, "id": 10}


@sources.source("deals")
def deals(user: User, query: QueryDict, *, everything: bool, now: datetime) -> Table:
    pipelines = visibility.pipelines_of(user)
    code = query.get("pipeline", "")
    shown = [item for item in pipelines if item.code == code] or pipelines
    stages = [stage for item in shown for stage in visibility.stages_of(user, item)]
    found = DealFilter(query, user=user, stages=stages).apply(
        Deal.objects.visible_to(user), now=now
    )
    found = found.filter(pipeline__in=[item.id for item in shown])
    known = deal_columns.of(user, shown)
    scope = deal_columns.scope_of(shown[0] if len(shown) == 1 else None)
    wanted = known if everything else columns.chosen(user, deal_columns.KIND, scope, known).columns
    own = deal_columns.own_fields(shown)
    marks = {deal_columns.mark_code(source): source for source in panels.sources_of(shown)}

    def lines(records: Sequence[Any]) -> Iterator[Sequence[Any]]:
        ids = [deal.pk for deal in records]
        said = {
            column.code: marks[column.code].marks(ids, now=now)
            for column in wanted
            if column.code in marks
        }
        for deal in records:
            line: list[Any] = [_value(deal, column, own, said) for column in wanted]
            yield [*line, deal.currency, deal.get_status_display()]

    headings = [
        *(Heading(column.title or column.label, WIDTHS.get(column.code, 18)) for column in wanted),
        Heading(_("Currency"), 9),
        Heading(_("Status"), 14),
    ]
    ordered = Order.parse(query.get("sort", ""), shown).sorted(found, backwards=False)
    related = ordered.select_related("owner", "contact", "company").prefetch_related("tags")
    return Table(_("Deals"), headings, related, lines)


def _value(deal: Deal, column: Column, own: dict[str, CompiledField], said: dict[str, Any]) -> Any:
    if column.code in said:
        mark = said[column.code].get(deal.pk)
        return mark.text if mark else None
    if column.code.startswith(deal_columns.OWN):
        return _own(deal, own[column.code.removeprefix(deal_columns.OWN)])
    match column.code:
        case "stage":
            return catalog.stage(deal.stage_id).name
        case "budget":
            return deal.budget
        case "contact" | "company" | "owner":
            return str(getattr(deal, column.code) or "") or None
        case "tags":
            return ", ".join(tag.name for tag in deal.tags.all()) or None
        case "last_contact":
            return deal.last_contact_at
        case "task":
            return deal.next_task_at
        case "arrival":
            return deal.get_arrival_display()
        case "id":
            return deal.pk
    # A date rather than the days that the table counts: a file is read on another day.
    return getattr(deal, column.code, None)


def _own(deal: Deal, field: CompiledField) -> Any:
    record, _dot, code = field.code.rpartition(".")
    of = getattr(deal, record) if record else deal
    stored = of.values.get(code) if of is not None else None
    if field.type in ("control", "evidence"):
        return fields.show(field, stored)
    return cell(field, stored)
