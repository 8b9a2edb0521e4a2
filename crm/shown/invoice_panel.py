"""The card's section about invoices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from crm import outgoing
from crm.models import Deal, Invoice, User
from crm.money import invoices
from crm.money.sums import say_sum
from crm.panels import Mark, Panel
from pipelines.catalog import CompiledPipeline

# No column of the table: an invoice says nothing that the stage does not say.
COLUMN = ""
TEMPLATE = "crm/card_invoices.html"
TONES = {"draft": "secondary", "sent": "blue", "paid": "green", "cancelled": "secondary"}


@dataclass(frozen=True)
class Shown:
    """An invoice in words."""

    invoice: Invoice
    sum: str
    tone: str
    has_failed: bool

    @property
    def is_living(self) -> bool:
        return self.invoice.state in invoices.LIVING

    @property
    def is_draft(self) -> bool:
        return bool(self.invoice.state == Invoice.State.DRAFT)


@dataclass(frozen=True)
class Section:
    may_edit: bool
    invoices: list[Shown]


def serves(pipeline: CompiledPipeline) -> bool:
    return invoices.has_invoices(pipeline)


def panel(deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None:
    rows = list(Invoice.objects.filter(deal=deal))
    letters = outgoing.messages_by_id([row.message_id for row in rows if row.message_id])
    shown = [
        Shown(
            row,
            say_sum(row.amount, row.currency),
            TONES[row.state],
            row.state == Invoice.State.SENT
            and getattr(letters.get(row.message_id or 0), "status", "") == "failed",
        )
        for row in rows
    ]
    return Panel(TEMPLATE, Section(may_edit, shown))


def marks(deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
    return {}
