"""Guards about the deal's invoices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import outgoing
from crm.models import Deal, Invoice
from pipelines.context import Context
from pipelines.params import ParamsForm
from pipelines.registry import No, guard


class InvoiceSentParams(ParamsForm):
    kind = forms.SlugField(
        label=gettext_lazy("kind of the invoice"),
        required=False,
        help_text=gettext_lazy("Empty: any."),
    )


@guard("invoice_sent", label=gettext_lazy("An invoice was sent"), form=InvoiceSentParams)
def invoice_sent(context: Context, params: Any) -> No | None:
    """An invoice was made and sent from the card, and its letter did not fail."""
    states = context.fact(
        f"invoices {params.kind}", lambda: _states(context.deal, params.kind or "")
    )
    if "sent" in states or "paid" in states:
        return None
    if "failed" in states:
        return No(_("The letter with the invoice did not reach the client: send it again."))
    if "draft" in states:
        return No(_("The invoice is made but not sent: send it from the card."))
    return No(_("Make an invoice on the card and send it."))


def _states(deal: Deal, kind: str) -> list[str]:
    """The states of the deal's invoices; «failed» where the letter could not be sent."""
    found = Invoice.objects.filter(deal=deal)
    rows = list((found.filter(kind__code=kind) if kind else found).only("state", "message_id"))
    letters = outgoing.messages_by_id([row.message_id for row in rows if row.message_id])
    return sorted(
        {
            "failed"
            if row.state == Invoice.State.SENT
            and getattr(letters.get(row.message_id or 0), "status", "") == "failed"
            else row.state
            for row in rows
        }
    )
