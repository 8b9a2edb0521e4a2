"""What rules can do with payments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy

from crm.money.balances import account_of
from pipelines import engine
from pipelines.context import Context
from pipelines.params import FieldField, ParamsForm
from pipelines.registry import action


class FillPaymentParams(ParamsForm):
    paid = FieldField(label=gettext_lazy("sum paid"), required=False)
    currency = FieldField(label=gettext_lazy("currency"), required=False)
    at = FieldField(label=gettext_lazy("last payment at"), required=False)
    due = FieldField(label=gettext_lazy("still due"), required=False)


@action("fill_payment", label=gettext_lazy("Fill in the payment's fields"), form=FillPaymentParams)
def fill_payment(context: Context, params: Any) -> dict[str, Any]:
    """Write what is paid and what is due, in the currency of the last payment, into fields of the deal."""
    account = account_of(context.deal, context.pipeline)
    if not account.payments:
        return {"fields": {}}
    last = account.payments[0]
    due = account.due(last.currency)
    values: dict[str, Any] = {
        params.paid: account.paid(last.currency) if account.paid(last.currency) > 0 else Decimal(0),
        params.currency: last.currency,
        params.at: last.paid_at,
        params.due: due if due is not None else "",
    }
    values.pop("", None)
    values.pop(None, None)  # type: ignore[call-overload]
    changes = engine.change_fields(context.deal, values, by=context.by, now=context.now)
    return {"fields": changes}
