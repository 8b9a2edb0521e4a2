"""Payments of deals: taken in once, summed up by currency, and held against what the deal's package costs.

Rates are not converted: a package has a price of its own in each currency, and what is paid in one currency is held
against the price in that one only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.deals import check_may_edit
from crm.models import Deal, Invoice, Package, Payment, PaymentTerms
from pipelines import asking, catalog, engine, fields, registry
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer, RegulationError
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
    check_may_edit(deal, pipeline, by)
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
    from crm import invoices

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


@dataclass(frozen=True)
class Account:
    """What is paid for a deal, and what there is to pay."""

    payments: list[Payment]
    terms: PaymentTerms | None
    package: Package | None
    # In percent of the price.
    discount: Decimal
    currency: str

    def paid(self, currency: str) -> Decimal:
        """Received in the currency, less what went back."""
        return sum((item.signed for item in self.payments if item.currency == currency), Decimal(0))

    def price(self, currency: str) -> Decimal | None:
        """The package's price less the discount; None where there is none in this currency."""
        full = self.package.price(currency) if self.package else None
        return (full * (100 - self.discount) / 100).quantize(Decimal("0.01")) if full else None

    def due(self, currency: str) -> Decimal | None:
        """What is still to pay in the currency; None where the package has no price in it."""
        price = self.price(currency)
        return None if price is None else max(price - self.paid(currency), Decimal(0))

    def prepayment(self, currency: str) -> Decimal | None:
        found = (self.terms.prepayment if self.terms else {}).get(currency)
        return Decimal(str(found)) if found is not None else None

    def asks(self, what: str, currency: str) -> Decimal | None:
        """The sum that `full` or `prepayment` stands for in the currency."""
        return self.price(currency) if what == "full" else self.prepayment(currency)

    @property
    def currencies(self) -> list[str]:
        """In which was paid, the latest first; the deal's own where nothing was."""
        found = dict.fromkeys(item.currency for item in self.payments)
        return list(found) or [self.currency]

    @property
    def known_currencies(self) -> list[str]:
        """In which one may pay at all."""
        prices = list(self.package.prices) if self.package else []
        terms = list(self.terms.prepayment) if self.terms else []
        return list(dict.fromkeys([*prices, *terms, self.currency]))

    @property
    def count(self) -> int:
        """How many times was paid, what was given back left out."""
        return sum(1 for item in self.payments if item.kind == Payment.Kind.PAYMENT)


def account_of(deal: Deal, pipeline: CompiledPipeline | None = None) -> Account:
    """The deal's payments against its package, in three queries."""
    return accounts_of([deal], pipeline or catalog.pipeline(deal.pipeline_id))[deal.pk]


def accounts_of(deals: Collection[Deal], pipeline: CompiledPipeline) -> dict[int, Account]:
    """The same for several deals of one pipeline, in as many queries."""
    terms = PaymentTerms.objects.filter(playbook=pipeline.playbook).first()
    packages = {row.code: row for row in Package.objects.filter(playbook=pipeline.playbook)}
    payments: dict[int, list[Payment]] = {deal.pk: [] for deal in deals}
    for row in Payment.objects.filter(deal__in=list(payments)).select_related("by"):
        payments[row.deal_id or 0].append(row)
    found = {}
    for deal in deals:
        code = deal.get_value(terms.package) if terms and terms.package in pipeline.fields else ""
        off = deal.get_value(terms.discount) if terms and terms.discount in pipeline.fields else 0
        found[deal.pk] = Account(
            payments=payments[deal.pk],
            terms=terms,
            package=packages.get(code or ""),
            discount=min(max(Decimal(str(off or 0)), Decimal(0)), Decimal(100)),
            currency=deal.currency,
        )
    return found
