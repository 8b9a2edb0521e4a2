"""`POST /hooks/payments/`: a payment provider tells of a payment; see docs/payments-hook.md."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.intake import hooks
from crm.models import Payment, PaymentProvider
from crm.money import payments
from crm.money.finding import meant, text_of
from pipelines import fields
from pipelines.actor import Actor
from pipelines.errors import BadAnswer

HEADER = "X-Provider"


@hooks.hook
def receive(request: HttpRequest) -> dict[str, Any]:
    """Keep the payment once; 200 for a new one, one known already and one whose deal is to be found by a person."""
    provider, told = _told_by(request)
    now = timezone.now()
    event_id, paid_at = text_of(told, "event_id"), _moment(told)
    kind = text_of(told, "type") or Payment.Kind.PAYMENT
    if not event_id:
        raise BadAnswer({"event_id": _("This must be answered.")})
    deal, invoice = meant(provider, told)
    payment, is_new = payments.register_payment(
        deal,
        provider=provider.code,
        event_id=event_id,
        kind=kind,
        amount=told.get("amount"),  # type: ignore[arg-type]
        currency=text_of(told, "currency"),
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


def _moment(told: dict[str, Any]) -> datetime | None:
    if not (text := text_of(told, "at")):
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
