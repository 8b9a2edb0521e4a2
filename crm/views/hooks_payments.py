"""`POST /hooks/payments/`: a payment provider tells of a payment; see docs/payments-hook.md."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import hooks, payments
from crm.models import Deal, Invoice, Payment, PaymentProvider
from crm.points import normalize_phone
from crm.visibility import DealQuerySet
from pipelines import fields
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.models import Pipeline

HEADER = "X-Provider"


@hooks.hook
def receive(request: HttpRequest) -> dict[str, Any]:
    """Keep the payment once; 200 for a new one, one known already and one whose deal is to be found by a person."""
    provider, told = _told_by(request)
    now = timezone.now()
    event_id, paid_at = _text(told, "event_id"), _moment(told)
    kind = _text(told, "type") or Payment.Kind.PAYMENT
    if not event_id:
        raise BadAnswer({"event_id": _("This must be answered.")})
    invoice = _invoice(provider, told)
    deal = invoice.deal if invoice else _deal(provider, told)
    payment, is_new = payments.register_payment(
        deal,
        provider=provider.code,
        event_id=event_id,
        kind=kind,
        amount=told.get("amount"),  # type: ignore[arg-type]
        currency=_text(told, "currency"),
        paid_at=paid_at,
        invoice=invoice,
        raw=_storable(told),
        by=Actor.person(provider.robot),
        now=now,
    )
    answer: dict[str, Any] = {"payment": payment.pk, "deal": payment.deal_id}
    if not is_new:
        answer["repeated"] = True
    if payment.deal_id is None:
        answer["unmatched"] = True
    return answer


def _told_by(request: HttpRequest) -> tuple[PaymentProvider, dict[str, Any]]:
    """Who signed the body, and what it says. A wrong name and a wrong signature are answered alike."""
    active = PaymentProvider.objects.filter(is_active=True).select_related("robot")
    code = request.headers.get(HEADER, "").strip()
    # Without a name there must be one only: a secret is never tried against several.
    found = list(active.filter(code=code) if code else active[:2])
    provider = found[0] if len(found) == 1 else None
    body = hooks.verify(request, provider.secret if provider else "")
    assert provider is not None
    return provider, hooks.parse(body)


def _invoice(provider: PaymentProvider, told: dict[str, Any]) -> Invoice | None:
    """The invoice by its number, as «17/2026»."""
    found = re.fullmatch(r"([0-9]{1,9})/([0-9]{4})", _text(told, "invoice"))
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
    if number := _text(told, "deal"):
        return deals.filter(pk=int(number)).first() if re.fullmatch("[0-9]{1,18}", number) else None
    for kind, value in (("phone", _phone(told)), ("email", _text(told, "email").lower())):
        if value:
            owners = deals.open().filter(contact__points__kind=kind, contact__points__value=value)
            only = list(owners.distinct()[:2])
            return only[0] if len(only) == 1 else None
    return None


def _phone(told: dict[str, Any]) -> str:
    try:
        return normalize_phone(_text(told, "phone")) if _text(told, "phone") else ""
    except ValueError:
        return ""


def _moment(told: dict[str, Any]) -> datetime | None:
    if not (text := _text(told, "at")):
        return None
    try:
        return fields.parse_moment(text)
    except (ValueError, OverflowError) as error:
        raise BadAnswer({"at": str(error)}) from error


def _storable(value: Any) -> Any:
    """The same without what jsonb can't hold."""
    if isinstance(value, str):
        return fields.storable(value)
    if isinstance(value, dict):
        return {fields.storable(key): _storable(item) for key, item in value.items()}
    return [_storable(item) for item in value] if isinstance(value, list) else value


def _text(told: dict[str, Any], name: str) -> str:
    """A short text or a number as text; nothing else is taken for one."""
    value = told.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return ""
    return fields.storable(str(value)).strip()[:200]
