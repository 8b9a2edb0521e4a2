"""The account of a deal: its payments summed up by currency, held against what its package costs.

Rates are not converted: a package has a price of its own in each currency, and what is paid in one currency is held
against the price in that one only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from crm.models import Deal, Package, Payment, PaymentTerms
from pipelines import catalog
from pipelines.catalog import CompiledPipeline


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
