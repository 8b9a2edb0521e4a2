"""Payments of deals: taken in once, entered by hand, matched to their deal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Deal, Invoice, Payment
from crm.money import invoices
from crm.money.balances import account_of
from pipelines import asking, engine, fields, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.locking import check_right_to_edit
from pipelines.transactions import verb

PAYMENT_RECEIVED = registry.event(
    "payment.received", label=gettext_lazy("payment received"), icon="cash"
)
PAYMENT_REFUNDED = registry.event(
    "payment.refunded", label=gettext_lazy("payment refunded"), icon="cash-off"
)
VERBS = {Payment.Kind.PAYMENT: PAYMENT_RECEIVED, Payment.Kind.REFUND: PAYMENT_REFUNDED}
BY_HAND = "hand"


@verb
def register_payment(
    deal: Deal | None,
    *,
    provider: str,
    event_id: str,
    amount: Decimal,
    currency: str,
    by: Actor,
    now: datetime,
    kind: str = Payment.Kind.PAYMENT,
    paid_at: datetime | None = None,
    invoice: Invoice | None = None,
    raw: dict[str, Any] | None = None,
) -> tuple[Payment, bool]:
    """Keep a payment (or a refund) and let the rules hear of it; returns it and whether it is new.

    The same event of a provider is one payment however often, and at whatever once, it is delivered: the second time
    nothing happens. Without a deal that lives, the payment is kept for an administrator to match.
    Errors: BadAnswer.
    """
    amount, currency = _checked(amount, currency, kind)
    deal = _locked(deal)
    found = Payment.objects.filter(provider=provider, event_id=event_id).first()
    if found is not None:
        return found, False
    payment = Payment(
        deal=deal,
        invoice=invoice,
        provider=provider,
        event_id=event_id,
        kind=kind,
        amount=amount,
        currency=currency,
        paid_at=paid_at or now,
        received_at=now,
        by=by.user,
        raw=raw or {},
    )
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError:
        return Payment.objects.get(provider=provider, event_id=event_id), False
    if deal is not None:
        _tell(payment, deal, by=by, now=now)
    return payment, True


@verb
def enter_payment(
    deal: Deal, *, amount: Decimal, currency: str, by: Actor, now: datetime, kind: str = "payment"
) -> Payment:
    """A payment that a person writes down, as far as the regulation lets him.

    Errors: BadAnswer, MoveRefused (the requirements under `on: payment.received`), RegulationError without the right.
    """
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    if PAYMENT_RECEIVED not in pipeline.hears:
        raise RegulationError(_("Payments are not kept in this pipeline."))
    amount, currency = _checked(amount, currency, kind)
    asking.ask_before(
        deal,
        VERBS[Payment.Kind(kind)],
        data={"amount": str(amount), "currency": currency, "kind": kind},
        by=by,
        now=now,
    )
    payment, _new = register_payment(
        deal,
        provider=BY_HAND,
        event_id=uuid4().hex,
        amount=amount,
        currency=currency,
        kind=kind,
        by=by,
        now=now,
    )
    return payment


@verb
def match_payment(payment: Payment, *, deal: Deal, by: Actor, now: datetime) -> None:
    """Say for which deal an unmatched payment was; the rules hear of it now. Errors: RegulationError if it was matched."""
    engine.lock(deal)
    fresh = Payment.objects.select_for_update(of=("self",)).get(pk=payment.pk)
    if fresh.deal_id is not None:
        raise RegulationError(_("This payment belongs to a deal already."))
    payment.deal = deal
    payment.save(update_fields=["deal"])
    _tell(payment, deal, by=by, now=now)


def _tell(payment: Payment, deal: Deal, *, by: Actor, now: datetime) -> None:
    invoices.settle(payment, deal, by=by, now=now)
    account = account_of(deal)
    rest = account.due(payment.currency)
    engine.record(
        VERBS[Payment.Kind(payment.kind)],
        deal=deal,
        by=by,
        now=now,
        data={
            "payment": payment.pk,
            "amount": str(payment.amount),
            "currency": payment.currency,
            "provider": payment.provider,
            "paid": str(account.paid(payment.currency)),
            "due": str(rest) if rest is not None else None,
        },
    )


def _locked(deal: Deal | None) -> Deal | None:
    """The deal, locked; nothing where nothing happens any more: it was archived, or its pipeline was switched off."""
    if deal is None:
        return None
    try:
        engine.lock(deal)
    except RegulationError:
        # The money has come all the same.
        return None
    return deal


def _checked(amount: Decimal, currency: str, kind: str) -> tuple[Decimal, str]:
    errors = {}
    try:
        amount = fields.parse_money(amount)
        if amount <= 0:
            errors["amount"] = _("A payment is more than nothing.")
    except ValueError as error:
        errors["amount"] = str(error)
    currency = str(currency or "").strip().upper()
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        errors["currency"] = _("Write the currency in three letters: USD, EUR.")
    if kind not in Payment.Kind.values:
        errors["type"] = _("It is a payment or a refund.")
    if errors:
        raise BadAnswer(errors)
    return amount, currency
