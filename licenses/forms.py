"""The forms of the licence's windows. They shape and show; what is right is decided by the verbs."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from crm.forms import AnswersForm
from licenses import terms


def _date(label: object, help_text: object = "") -> forms.DateField:
    return forms.DateField(
        label=label,  # type: ignore[arg-type]
        help_text=help_text,  # type: ignore[arg-type]
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        # The browser's own; people without one type the day first.
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
    )


def _money(label: object) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,  # type: ignore[arg-type]
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        localize=True,
    )


class ExpiryForm(AnswersForm):
    """The end as the client's account shows it."""

    expires_on = _date(_("The licence is valid until"), _("As the client's account shows it"))


class AccountForm(AnswersForm):
    account_id = forms.CharField(label=_("Account ID"), required=False, max_length=60)
    users = forms.IntegerField(label=_("Number of users"), required=False, min_value=1)
    months = forms.IntegerField(
        label=_("Renewal period, months"), min_value=1, max_value=terms.LONGEST
    )


class EnterForm(AccountForm):
    """A licence found in an account that the client has already (AX-LIC6)."""

    expires_on = _date(_("The licence is valid until"), _("As the client's account shows it"))
    last_price = _money(_("Their last purchase: the sum"))
    last_users = forms.IntegerField(
        label=_("Their last purchase: users"), required=False, min_value=1
    )
    budget = _money(_("Budget of the renewal"))

    field_order = ["expires_on", "account_id", "users", "months"]

    def propose_from(self, url: str) -> None:
        """Let the budget be proposed anew whenever what it is made of changes."""
        ids = [self[name].id_for_label for name in ("users", "last_price", "last_users")]
        self.fields["budget"].help_text = _("Empty: the last purchase per user × the users of now")
        self.fields["budget"].widget.attrs |= {
            "hx-get": url,
            "hx-trigger": ", ".join(f"change from:#{name}" for name in ids),
            "hx-include": "closest form",
            "hx-swap": "outerHTML",
        }


class PurchaseForm(AnswersForm):
    """What was paid, and for how long."""

    paid_on = _date(_("Payment confirmed on"))
    months = forms.IntegerField(label=_("Months bought"), min_value=1, max_value=terms.LONGEST)
    bonus_months = forms.IntegerField(
        label=_("Bonus months"), required=False, min_value=0, max_value=terms.LONGEST
    )
    price = _money(_("Sum"))
