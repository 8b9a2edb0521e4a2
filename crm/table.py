"""What the table shows: a page of deals by key, not by OFFSET, so that a far page costs what the first one does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from crm.board import totals_of
from crm.filters import DealFilter
from crm.models import Deal, User
from pipelines.catalog import CompiledPipeline, CompiledStage

SIZES = (50, 100, 200)
SORTS = ("created_at", "budget", "name", "stage_since")
# Where a filter finds more, counting them would cost more than the page: the exact number comes when asked for.
COUNT_CAP = 1_000


class Line(NamedTuple):
    id: int
    name: str
    stage_id: int
    status: str
    budget: Decimal
    currency: str
    next_task_at: datetime | None
    created_at: datetime
    stage_since: datetime
    stage_deadline: datetime | None
    last_contact_at: datetime | None
    contact: str | None
    company: str | None
    contact_id: int | None
    company_id: int | None
    owner_first: str
    owner_last: str


@dataclass(frozen=True)
class Order:
    """A column to sort by, and which way; the deal's number breaks ties the same way."""

    column: str
    down: bool

    @classmethod
    def parse(cls, text: str) -> Order:
        """«-budget» or «budget»; the newest first where nothing or nonsense is asked."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in SORTS else cls("created_at", True)

    def __str__(self) -> str:
        return f"{'-' if self.down else ''}{self.column}"

    def mark(self, line: Line) -> str:
        """Where a line stands in this order, to be put into an address."""
        value = getattr(line, self.column)
        return f"{value.isoformat() if isinstance(value, datetime) else value}~{line.id}"

    def parse_mark(self, text: str) -> tuple[Any, int]:
        """Errors: ValueError for a mark that no page of this order gave out."""
        raw, _, pk = text.rpartition("~")
        # A number that no bigint holds would fail in the database only.
        if not (pk.isascii() and pk.isdigit()) or len(pk) > 18 or "\x00" in raw:
            raise ValueError(text)
        if self.column == "name":
            return raw, int(pk)
        if self.column == "budget":
            try:
                budget = Decimal(raw)
            except InvalidOperation as error:
                raise ValueError(text) from error
            if not budget.is_finite() or abs(budget) >= 10**12:
                raise ValueError(text)
            return budget, int(pk)
        moment = datetime.fromisoformat(raw)
        if timezone.is_naive(moment):
            raise ValueError(text)
        return moment, int(pk)


@dataclass(frozen=True)
class Page:
    lines: list[Line]
    # Marks of the pages around this one; empty where there is none.
    before: str
    after: str


@dataclass(frozen=True)
class Count:
    deals: int
    is_more: bool


def read_page(
    user: User,
    pipeline: CompiledPipeline | None,
    asked: DealFilter,
    *,
    order: Order,
    size: int,
    now: datetime,
    after: str = "",
    before: str = "",
) -> Page:
    """One page of the deals the filter asks for, of one pipeline or of all, in one statement.

    `after` and `before` are marks of a page read earlier. Errors: ValueError for a mark that no page gave out.
    """
    deals = asked.apply(Deal.objects.visible_to(user), now=now)
    if pipeline is not None:
        deals = deals.filter(pipeline=pipeline.id)
    backwards = bool(before) and not after
    down = order.down is not backwards
    if mark := after or before:
        deals = deals.filter(_beyond(order, mark, down=down))
    sign = "-" if down else ""
    rows = deals.order_by(f"{sign}{order.column}", f"{sign}id").values_list(
        "id", "name", "stage_id", "status", "budget", "currency", "next_task_at", "created_at", "stage_since",
        "stage_deadline", "last_contact_at",
        "contact__name", "company__name", "contact_id", "company_id", "owner__first_name", "owner__last_name",
    )[: size + 1]  # fmt: skip
    lines = [Line(*row) for row in rows]
    more, lines = len(lines) > size, lines[:size]
    if backwards:
        lines.reverse()
    has_before, has_after = (more, True) if backwards else (bool(after), more)
    return Page(
        lines,
        before=order.mark(lines[0]) if lines and has_before else "",
        after=order.mark(lines[-1]) if lines and has_after else "",
    )


def count(
    user: User,
    pipeline: CompiledPipeline | None,
    stages: list[CompiledStage],
    asked: DealFilter,
    *,
    now: datetime,
    exact: bool = False,
) -> Count:
    """How many deals the table holds: from the counters where nothing is filtered, else counted.

    Not beyond COUNT_CAP, unless the number is to be `exact`.
    """
    if not asked.is_active:
        totals = totals_of(user, stages, asked, now=now)
        return Count(sum(total.deals for total in totals.values()), False)
    deals = asked.apply(Deal.objects.visible_to(user), now=now)
    if pipeline is not None:
        deals = deals.filter(pipeline=pipeline.id)
    if exact:
        return Count(deals.order_by().count(), False)
    found = deals.order_by()[: COUNT_CAP + 1].count()
    return Count(min(found, COUNT_CAP), found > COUNT_CAP)


def _beyond(order: Order, mark: str, *, down: bool) -> Q:
    """What comes after the mark, walking `down` or up. The first half is what an index is walked by."""
    value, pk = order.parse_mark(mark)
    way = "lt" if down else "gt"
    further = Q(**{f"{order.column}__{way}": value}) | Q(**{f"id__{way}": pk})
    return Q(**{f"{order.column}__{way}e": value}) & further
