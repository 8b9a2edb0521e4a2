"""What the table shows: a page of deals by key, not by OFFSET, so that a far page costs what the first one does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, JSONField, OuterRef, Q, Value
from django.db.models.functions import JSONObject
from django.db.models.lookups import (
    GreaterThan,
    GreaterThanOrEqual,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from crm.board import deal_columns
from crm.board.deal_columns import Sort
from crm.board.reading import totals_of
from crm.filters import DealFilter
from crm.models import Deal, Tag, User
from pipelines.catalog import CompiledPipeline, CompiledStage
from pipelines.numbers import whole

SIZES = (50, 100, 200)
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
    closed_at: datetime | None
    stage_since: datetime
    stage_deadline: datetime | None
    last_contact_at: datetime | None
    arrival: str
    attempts: int
    contact: str | None
    company: str | None
    contact_id: int | None
    company_id: int | None
    owner_first: str
    owner_last: str
    # None where no shown column asks for them.
    values: dict[str, Any] | None
    contact_values: dict[str, Any] | None
    company_values: dict[str, Any] | None
    tags: list[dict[str, str]] | None
    # What the line is sorted by.
    key: Any


_COLUMNS = (
    "id", "name", "stage_id", "status", "budget", "currency", "next_task_at", "created_at", "closed_at", "stage_since",
    "stage_deadline", "last_contact_at", "arrival", "attempts", "contact__name", "company__name", "contact_id",
    "company_id", "owner__first_name", "owner__last_name",
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """A column to sort by, and which way; empty values come last both ways, the deal's number breaks ties the same way."""

    column: str
    down: bool
    sort: Sort

    @classmethod
    def parse(cls, text: str, pipelines: list[CompiledPipeline]) -> Order:
        """«-budget» or «budget»; the newest first where nothing or nonsense is asked."""
        column = text.removeprefix("-")
        sort = deal_columns.sort_of(column, pipelines)
        if sort is None:
            newest = deal_columns.sort_of("created_at", pipelines)
            assert newest is not None
            return cls("created_at", True, newest)
        return cls(column, text.startswith("-"), sort)

    def __str__(self) -> str:
        return f"{'-' if self.down else ''}{self.column}"

    def mark(self, line: Line) -> str:
        """Where a line stands in this order, to be put into an address: «=value~number», «~number» for no value."""
        if line.key is None:
            return f"~{line.id}"
        value = line.key.isoformat() if isinstance(line.key, datetime) else line.key
        return f"={value}~{line.id}"

    def parse_mark(self, text: str) -> tuple[Any, int]:
        """Errors: ValueError for a mark that no page of this order gave out."""
        raw, tilde, pk = text.rpartition("~")
        if not tilde or whole(pk) is None:
            raise ValueError(text)
        if not raw and self.sort.is_nullable:
            return None, int(pk)
        if not raw.startswith("="):
            raise ValueError(text)
        return self.sort.parse(raw[1:]), int(pk)

    def sorted(self, deals: Any, *, backwards: bool) -> Any:
        """The deals with their `key`, in this order or, to walk towards the beginning, in the opposite one."""
        down, key = self.down is not backwards, deal_columns.key_of(self.sort)
        if not self.sort.is_nullable:
            order = key.desc() if down else key.asc()
        else:
            # Walking back, the empty ones are met first.
            nulls = {"nulls_first": True} if backwards else {"nulls_last": True}
            order = key.desc(**nulls) if down else key.asc(**nulls)
        return deals.annotate(key=key).order_by(order, "-id" if down else "id")

    def beyond(self, mark: str, *, backwards: bool) -> Q:
        """What comes after the mark on this way. The first half of the last line is what an index is walked by."""
        value, pk = self.parse_mark(mark)
        down, key = self.down is not backwards, deal_columns.key_of(self.sort)
        further = Q(id__lt=pk) if down else Q(id__gt=pk)
        if value is None:
            same = Q(IsNull(key, True)) & further
            return same | Q(IsNull(key, False)) if backwards else same
        past, reached = (LessThan, LessThanOrEqual) if down else (GreaterThan, GreaterThanOrEqual)
        found = Q(reached(key, value)) & (Q(past(key, value)) | further)
        return found | Q(IsNull(key, True)) if self.sort.is_nullable and not backwards else found


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
    columns: Collection[str] = (),
) -> Page:
    """One page of the deals the filter asks for, of one pipeline or of all, in one statement.

    `columns` are the codes of the shown ones: what only some of them want is read for those alone. `after` and
    `before` are marks of a page read earlier. Errors: ValueError for a mark that no page gave out.
    """
    deals = asked.apply(Deal.objects.visible_to(user), now=now)
    if pipeline is not None:
        deals = deals.filter(pipeline=pipeline.id)
    backwards = bool(before) and not after
    if mark := after or before:
        deals = deals.filter(order.beyond(mark, backwards=backwards))
    deals = order.sorted(deals, backwards=backwards)
    rows = deals.values_list(*_COLUMNS, *_wanted(columns), "key")[: size + 1]
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


def _wanted(columns: Collection[str]) -> list[Any]:
    """The values of own fields by record, and the tags."""
    own = [
        code.removeprefix(deal_columns.OWN) for code in columns if code.startswith(deal_columns.OWN)
    ]
    records = {code.partition(".")[0] if "." in code else "" for code in own}
    nothing = Value(None, output_field=JSONField())
    tags = Tag.objects.filter(deals=OuterRef("pk")).order_by("name")
    return [
        F("values") if "" in records else nothing,
        F("contact__values") if "contact" in records else nothing,
        F("company__values") if "company" in records else nothing,
        ArraySubquery(tags.values(json=JSONObject(name="name", color="color")))
        if "tags" in columns
        else nothing,
    ]


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
