"""What letters can say of the invoice that they carry."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from crm.models import Invoice
from crm.money.invoices import spoken_of
from crm.money.sums import say_sum
from crm.placeholders import Occasion, placeholder


@placeholder("invoice_number", label=_("the invoice's number"))
def invoice_number(occasion: Occasion) -> str:
    invoice = _invoice(occasion)
    return invoice.label if invoice else ""


@placeholder("invoice_sum", label=_("the invoice's sum with its currency"))
def invoice_sum(occasion: Occasion) -> str:
    invoice = _invoice(occasion)
    return say_sum(invoice.amount, invoice.currency) if invoice else ""


@placeholder("invoice_purpose", label=_("what the invoice is for"))
def invoice_purpose(occasion: Occasion) -> str:
    invoice = _invoice(occasion)
    return invoice.purpose if invoice else ""


@placeholder("invoice_details", label=_("where to pay the invoice"))
def invoice_details(occasion: Occasion) -> str:
    invoice = _invoice(occasion)
    return invoice.kind.details.strip() if invoice and invoice.kind else ""


def _invoice(occasion: Occasion) -> Invoice | None:
    return spoken_of(occasion.deal) if occasion.deal is not None else None
