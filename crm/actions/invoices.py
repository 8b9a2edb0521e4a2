"""What rules can do with invoices."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import InvoiceKind
from crm.money import invoices
from pipelines.actions import offer
from pipelines.context import Context
from pipelines.errors import RegulationError
from pipelines.params import ParamsForm
from pipelines.registry import action


class MakeInvoiceParams(ParamsForm):
    kind = forms.SlugField(label=gettext_lazy("kind of the invoice"))


@action("make_invoice", label=gettext_lazy("Make an invoice"), form=MakeInvoiceParams)
def make_invoice(context: Context, params: Any) -> dict[str, Any]:
    """Make a draft of the kind, with the sum that it proposes."""
    kind = _kind(context, params.kind)
    invoice = invoices.make_invoice(context.deal, kind=kind, by=context.by, now=context.now)
    return {"invoice": invoice.pk, "amount": str(invoice.amount)}


class OfferInvoiceParams(MakeInvoiceParams):
    text = forms.CharField(label=gettext_lazy("button"), max_length=200, required=False)


@action("offer_invoice", label=gettext_lazy("Offer an invoice"), form=OfferInvoiceParams)
def offer_invoice(context: Context, params: Any) -> dict[str, Any]:
    """Put a button on the card: one click makes the draft, which is looked at and sent there."""
    kind = _kind(context, params.kind)
    text = params.text or _("Make the invoice “%(name)s”") % {"name": kind.name}
    return offer(context, "make_invoice", {"kind": kind.code}, text[:200])


def _kind(context: Context, code: str) -> InvoiceKind:
    found = InvoiceKind.objects.filter(playbook=context.pipeline.playbook, code=code).first()
    if found is None:
        raise RegulationError(_("There is no kind of invoices “%(code)s”.") % {"code": code})
    return found
