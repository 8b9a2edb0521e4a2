"""The window of one goal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import AnswersForm
from crm.goals.verbs import NOTHING, Aim
from pipelines.fields import parse_money


class GoalForm(AnswersForm):
    amount = forms.CharField(
        label=_("Sum"), required=False, widget=forms.TextInput({"inputmode": "decimal"})
    )
    currency = forms.ChoiceField(label=_("Currency"))
    count = forms.IntegerField(label=_("Number of deals"), required=False, min_value=1)

    def __init__(self, *args: Any, currencies: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["currency"].choices = [(code, code) for code in currencies]  # type: ignore[attr-defined]

    def clean_amount(self) -> Decimal | None:
        raw = self.cleaned_data["amount"]
        try:
            return parse_money(raw) if raw.strip() else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    @property
    def aim(self) -> Aim:
        given = self.cleaned_data
        return Aim(given["amount"], given["count"]) if given else NOTHING
