"""Guards about what was paid for the deal and what there is to pay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.money.balances import Account, account_of
from crm.money.sums import say_sum
from pipelines.context import Context
from pipelines.params import ParamsForm
from pipelines.registry import No, guard

SUMS = [
    ("prepayment", gettext_lazy("the prepayment")),
    ("full", gettext_lazy("the package's full price")),
]


class PaidParams(ParamsForm):
    at_least = forms.ChoiceField(
        label=gettext_lazy("at least"), choices=[("", "—"), *SUMS], required=False
    )
    more_than = forms.ChoiceField(
        label=gettext_lazy("more than"), choices=[("", "—"), *SUMS], required=False
    )


@guard("paid", label=gettext_lazy("Paid"), form=PaidParams)
def paid(context: Context, params: Any) -> No | None:
    """In some currency is paid at least, or more than, the prepayment or the full price in that same currency."""
    account = _account(context)
    what = params.at_least or params.more_than
    for currency in account.currencies:
        asked, given = account.asks(what, currency), account.paid(currency)
        if asked is None:
            continue
        if given >= asked if params.at_least else given > asked:
            return None
    return _missing(account, what, more=not params.at_least)


def _missing(account: Account, what: str, *, more: bool) -> No:
    """What is still due, in the currency that was paid in last, else in the deal's own."""
    if what == "full" and account.package is None:
        fields = (account.terms.package,) if account.terms and account.terms.package else ()
        return No(_("Which package is sold? Its price is not known yet."), fields)
    usable = [*account.currencies, *account.known_currencies]
    for currency in usable:
        asked = account.asks(what, currency)
        if asked is None:
            continue
        rest = max(asked - account.paid(currency), Decimal(0))
        if more and not rest:
            return No(
                _("No more than the prepayment is paid: %(sum)s.")
                % {"sum": say_sum(asked, currency)}
            )
        words = (
            _("Not paid in full: %(rest)s of %(sum)s are still due.")
            if what == "full"
            else _("The prepayment is not paid: %(rest)s of %(sum)s are still due.")
        )
        return No(words % {"rest": say_sum(rest, currency), "sum": say_sum(asked, currency)})
    return No(_("There is no price in %(currency)s.") % {"currency": account.currencies[0]})


@guard("priced", label=gettext_lazy("The payment is in a currency that has a price"))
def priced(context: Context, params: Any) -> No | None:
    """What happened is a payment in a currency in which the package (without one, the prepayment) has a price."""
    account, currency = _account(context), _currency(context)
    what = "full" if account.package is not None else "prepayment"
    if account.asks(what, currency) is not None:
        return None
    return No(_("There is no price in %(currency)s.") % {"currency": currency})


class PaymentsParams(ParamsForm):
    more_than = forms.IntegerField(label=gettext_lazy("more than"), min_value=0, required=False)
    fewer_than = forms.IntegerField(label=gettext_lazy("fewer than"), min_value=1, required=False)


@guard("payments", label=gettext_lazy("Number of payments"), form=PaymentsParams)
def payments(context: Context, params: Any) -> No | None:
    """The deal was paid for more than, or fewer than, so many times."""
    count = _account(context).count
    context.seen["payments"] = count
    many = params.more_than is None or count > params.more_than
    few = params.fewer_than is None or count < params.fewer_than
    return None if many and few else No(_("Payments so far: %(count)s.") % {"count": count})


def _account(context: Context) -> Account:
    account: Account = context.fact(
        "account", lambda: _Said(account_of(context.deal, context.pipeline))
    ).account
    return account


class _Said:
    """An account, which a run keeps as the sums that it saw."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __str__(self) -> str:
        paid = [say_sum(self.account.paid(item), item) for item in self.account.currencies]
        return ", ".join(paid)


def _currency(context: Context) -> str:
    data = context.event.data if context.event else {}
    return str(data.get("currency") or context.deal.currency)
