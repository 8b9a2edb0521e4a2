"""For which deal a payment is that a provider tells of."""

from __future__ import annotations

import re
from typing import Any

from crm.clients.points import normalize_phone
from crm.models import Deal, Invoice, PaymentProvider
from crm.visibility import DealQuerySet
from pipelines import fields
from pipelines.models import Pipeline


def meant(provider: PaymentProvider, told: dict[str, Any]) -> tuple[Deal | None, Invoice | None]:
    """The deal and the invoice, as far as they are known: by the invoice's number, the deal's, a phone or an e-mail.

    In doubt none: a payment without a deal is matched by a person, one on the wrong deal is found too late.
    """
    invoice = _invoice(provider, told)
    return (invoice.deal, invoice) if invoice else (_deal(provider, told), None)


def _invoice(provider: PaymentProvider, told: dict[str, Any]) -> Invoice | None:
    """The invoice by its number, as «17/2026»."""
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{4})", text_of(told, "invoice"))
    if found is None:
        return None
    rows = Invoice.objects.filter(number=int(found[1]), year=int(found[2]))
    rows = rows.filter(playbook=provider.playbook) if provider.playbook else rows
    only = list(rows.select_related("deal")[:2])
    return only[0] if len(only) == 1 else None


def _deal(provider: PaymentProvider, told: dict[str, Any]) -> Deal | None:
    """The deal by its number; else the one open deal of whoever has this phone or e-mail. In doubt none."""
    deals: DealQuerySet = Deal.objects.filter(archived_at=None)
    if provider.playbook:
        deals = deals.filter(pipeline__in=Pipeline.objects.filter(playbook=provider.playbook))
    if number := text_of(told, "deal"):
        return deals.filter(pk=int(number)).first() if re.fullmatch("[0-9]{1,18}", number) else None
    for kind, value in (("phone", _phone(told)), ("email", text_of(told, "email").lower())):
        if value:
            owners = deals.open().filter(contact__points__kind=kind, contact__points__value=value)
            only = list(owners.distinct()[:2])
            return only[0] if len(only) == 1 else None
    return None


def _phone(told: dict[str, Any]) -> str:
    try:
        return normalize_phone(text_of(told, "phone")) if text_of(told, "phone") else ""
    except ValueError:
        return ""


def text_of(told: dict[str, Any], name: str) -> str:
    """A short text or a number as text; nothing else is taken for one."""
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return fields.storable(str(value)).strip()[:200]
