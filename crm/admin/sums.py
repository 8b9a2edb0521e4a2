"""Sums by currency, typed as people write them: «USD 900», one a line."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# What a column of money holds.
MOST = Decimal("999999999999.99")
CENT = Decimal("0.01")


class SumsField(forms.CharField):
    """{"USD": "900.00"} as lines; what is no such line is refused by it."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 24})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", gettext_lazy("One a line, for example: USD 900"))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return "\n".join(f"{currency} {amount}" for currency, amount in value.items())
        return value

    def clean(self, value: Any) -> dict[str, str]:
        lines = [line for line in str(super().clean(value)).splitlines() if line.strip()]
        return dict(_read(line) for line in lines)


def _read(line: str) -> tuple[str, str]:
    currency, _space, typed = line.strip().partition(" ")
    digits = "".join(typed.split()).replace(",", ".")
    try:
        amount = Decimal(digits).quantize(CENT)
    except InvalidOperation:
        amount = Decimal(-1)
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise forms.ValidationError(_("A line starts with a currency of three letters: %s") % line)
    if not 0 <= amount <= MOST:
        raise forms.ValidationError(_("After the currency comes a sum: %s") % line)
    return currency.upper(), str(amount)
