"""The card's section about payments: what is paid, what is due, what the package costs; what is due on the board too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Deal, Payment, User
from crm.money.balances import Account, accounts_of
from crm.money.payments import PAYMENT_RECEIVED
from crm.money.sums import say_sum
from crm.panels import Mark, Panel
from pipelines import catalog
from pipelines.catalog import CompiledPipeline

COLUMN: str | Promise = gettext_lazy("Still due")
TEMPLATE = "crm/card_payments.html"


@dataclass(frozen=True)
class Sum:
    """One currency: what is paid, what is due, what the package costs."""

    currency: str
    paid: str
    due: str
    price: str
    is_due: bool


@dataclass(frozen=True)
class Money:
    """The section in words."""

    may_edit: bool
    package: str
    discount: str
    sums: list[Sum]
    payments: list[tuple[Payment, str]]


def serves(pipeline: CompiledPipeline) -> bool:
    """Payments are kept where a rule hears of them."""
    return PAYMENT_RECEIVED in pipeline.hears


def panel(deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None:
    account = accounts_of([deal], catalog.pipeline(deal.pipeline_id))[deal.pk]
    return Panel(
        TEMPLATE,
        Money(
            may_edit=may_edit,
            package=account.package.name if account.package else "",
            discount=f"{account.discount:g}" if account.discount else "",
            sums=_sums(account),
            payments=[(item, say_sum(item.amount, item.currency)) for item in account.payments],
        ),
    )


def _sums(account: Account) -> list[Sum]:
    """The currencies paid in; where nothing was paid, those in which the package has a price."""
    sums = []
    for currency in account.currencies if account.payments else account.known_currencies:
        due, price = account.due(currency), account.price(currency)
        if not account.payments and price is None:
            continue
        sums.append(
            Sum(
                currency,
                say_sum(account.paid(currency), currency),
                say_sum(due, currency) if due is not None else "",
                say_sum(price, currency) if price is not None else "",
                bool(due),
            )
        )
    return sums


def marks(deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
    """What is still due of a deal that was paid for in part."""
    paid = Deal.objects.filter(pk__in=deals, payments__isnull=False).distinct()
    found = {}
    by_pipeline: dict[int, list[Deal]] = {}
    for deal in paid:
        by_pipeline.setdefault(deal.pipeline_id, []).append(deal)
    for pipeline_id, group in by_pipeline.items():
        for pk, account in accounts_of(group, catalog.pipeline(pipeline_id)).items():
            currency = account.currencies[0]
            if due := account.due(currency):
                words = _("Still due: %(sum)s") % {"sum": say_sum(due, currency)}
                found[pk] = Mark(say_sum(due, currency), "orange", words, "cash")
    return found
