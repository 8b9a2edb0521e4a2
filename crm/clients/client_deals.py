"""The deals of a contact or a company, by portions, and what they come to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum

from crm.board.cards import TaskState, Words
from crm.clients import feed as client_feed
from crm.clients import fields as client_fields
from crm.clients.fields import Client
from crm.models import Deal, User
from crm.money.sums import say_sum
from crm.visibility import DealQuerySet
from pipelines import catalog
from pipelines.catalog import CompiledStage

PORTION = 25


@dataclass(frozen=True)
class DealLine:
    """A deal of the client in words."""

    id: int
    name: str
    stage: CompiledStage
    sum: str
    owner: str
    task: TaskState
    task_at: str
    is_open: bool


@dataclass(frozen=True)
class Share:
    """How many deals there are of one state, and their sums, a currency each."""

    deals: int
    sums: list[str]


@dataclass(frozen=True)
class Deals:
    lines: list[DealLine]
    # Where the next portion begins; None where there is none, or where the table has to go on.
    next: int | None
    # How many there are beyond those that the card reads.
    beyond: int
    count: int
    open: Share
    won: Share


def rows_of(record: Client, user: User) -> list[Deal]:
    """The client's deals that the user sees, the open ones first, then the newest; at most those a card reads."""
    found = _seen(record, user).select_related("owner").defer("values")
    rows = list(found.order_by("-pk")[: client_feed.DEALS])
    return sorted(rows, key=lambda row: row.status != "open")


def read_deals(
    rows: list[Deal], record: Client, *, user: User, now: datetime, start: int = 0
) -> Deals:
    """A portion of `rows`; one statement more where the client has more deals than a card reads."""
    words = Words(now)
    shown = rows[start : start + PORTION]
    totals = _totals(rows) if len(rows) < client_feed.DEALS else _counted(record, user)
    count = sum(deals for deals, _sum in totals.values())
    more = len(rows) > start + PORTION
    return Deals(
        lines=[_line(row, words) for row in shown],
        next=start + PORTION if more else None,
        beyond=0 if more else count - len(rows),
        count=count,
        open=_share(totals, "open"),
        won=_share(totals, "won"),
    )


# How many deals and what they come to, by status and currency.
Totals = dict[tuple[str, str], tuple[int, Decimal]]


def _seen(record: Client, user: User) -> DealQuerySet:
    # Of a pipeline that was switched off nothing is shown: its stages are not known any more.
    known = [pipeline.id for pipeline in catalog.pipelines()]
    found: DealQuerySet = Deal.objects.visible_to(user).filter(pipeline__in=known)
    return found.filter(**{client_fields.kind_of(record): record})


def _totals(rows: Iterable[Deal]) -> Totals:
    found: Totals = defaultdict(lambda: (0, Decimal(0)))
    for row in rows:
        deals, amount = found[row.status, row.currency]
        found[row.status, row.currency] = deals + 1, amount + row.budget
    return found


def _counted(record: Client, user: User) -> Totals:
    counted = _seen(record, user).values_list("status", "currency")
    found = counted.annotate(Count("pk"), Sum("budget")).order_by()
    return {(status, currency): (deals, amount) for status, currency, deals, amount in found}


def _share(totals: Totals, status: str) -> Share:
    own = {currency: it for (state, currency), it in totals.items() if state == status}
    sums = [say_sum(amount, currency) for currency, (_deals, amount) in own.items() if amount]
    return Share(sum(deals for deals, _sum in own.values()), sums)


def _line(row: Deal, words: Words) -> DealLine:
    stage = catalog.stage(row.stage_id)
    return DealLine(
        id=row.pk,
        name=row.name,
        stage=stage,
        sum=words.money(row.budget, row.currency) if row.budget else "",
        owner=str(row.owner),
        task=words.task(row.next_task_at, needed=stage.needs_task and row.status == "open"),
        task_at=words.due(row.next_task_at) if row.next_task_at else "",
        is_open=row.status == "open",
    )
