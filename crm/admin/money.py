"""Money in the administration: what is sold and how it is paid, who tells of payments, and payments without a deal."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from crm.admin.sums import SumsField
from crm.models import Deal, Invoice, InvoiceKind, Package, Payment, PaymentProvider, PaymentTerms
from crm.money import payments
from pipelines.actor import Actor
from pipelines.admin.access import CrmAdminAccess, LogAdmin
from pipelines.errors import RegulationError


def _in_words(sums: Any) -> str:
    try:
        return " · ".join(
            f"{number_format(Decimal(amount), force_grouping=True)} {currency}"
            for currency, amount in sums.items()
        )
    except (AttributeError, InvalidOperation, TypeError, ValueError):
        # Typed by hand as JSON: a list that does not open could not be mended.
        return str(sums)


class PackageForm(forms.ModelForm):
    prices = SumsField(label=_("prices by currency"))

    class Meta:
        model = Package
        fields = ("playbook", "name", "code", "prices", "position")


@admin.register(Package)
class PackageAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = PackageForm
    list_display = ("name", "playbook", "code", "sums")
    list_filter = ("playbook",)

    @admin.display(description=_("prices by currency"))
    def sums(self, package: Package) -> str:
        return _in_words(package.prices)


class TermsForm(forms.ModelForm):
    prepayment = SumsField(label=_("prepayment by currency"), required=False)

    class Meta:
        model = PaymentTerms
        fields = ("playbook", "package", "discount", "prepayment")


@admin.register(PaymentTerms)
class PaymentTermsAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = TermsForm
    list_display = ("playbook", "package", "discount", "sums")

    @admin.display(description=_("prepayment by currency"))
    def sums(self, terms: PaymentTerms) -> str:
        return _in_words(terms.prepayment)


@admin.register(InvoiceKind)
class InvoiceKindAdmin(CrmAdminAccess, admin.ModelAdmin):
    list_display = ("name", "playbook", "code", "share", "of", "template")
    list_filter = ("playbook",)


@admin.register(PaymentProvider)
class PaymentProviderAdmin(CrmAdminAccess, admin.ModelAdmin):
    list_display = ("name", "code", "playbook", "robot", "is_active")

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        kwargs["widgets"] = {"secret": forms.PasswordInput(render_value=True)}
        return super().get_form(request, obj, change, **kwargs)


class MatchForm(forms.ModelForm):
    """The deal by its number: what one reads at the top of a card."""

    deal = forms.ModelChoiceField(
        label=_("deal"),
        queryset=Deal.objects.filter(archived_at=None),
        widget=forms.NumberInput,
        help_text=_("The number at the top of the deal's card. It can be said once."),
    )

    class Meta:
        model = Payment
        fields = ("deal",)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if Payment.objects.filter(pk=self.instance.pk, deal__isnull=False).exists():
            raise forms.ValidationError(_("This payment belongs to a deal already."))
        return found


class UnmatchedFilter(admin.SimpleListFilter):
    title = _("deal")
    parameter_name = "unmatched"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("not known")), ("no", _("known"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("yes", "no"):
            return queryset.filter(deal__isnull=self.value() == "yes")
        return queryset


@admin.register(Payment)
class PaymentAdmin(LogAdmin):
    """Only one thing can be done here: say for which deal a payment was."""

    form = MatchForm
    list_display = ("paid_at", "kind", "amount", "currency", "provider", "event_id", "deal")
    list_filter = (UnmatchedFilter, "provider", "kind")
    list_select_related = ("deal",)
    search_fields = ("event_id",)
    fields = (
        "deal", "kind", "amount", "currency", "paid_at", "received_at", "provider", "event_id", "invoice", "by", "raw",
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request) and (obj is None or obj.deal_id is None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for name in self.fields if name != "deal")  # type: ignore[union-attr]

    def save_model(self, request: HttpRequest, obj: Payment, form: Any, change: bool) -> None:
        deal = form.cleaned_data["deal"]
        obj.deal = None
        try:
            payments.match_payment(
                obj,
                deal=deal,
                by=Actor.person(request.user),
                now=timezone.now(),
            )
        except RegulationError as error:
            self.message_user(request, str(error), "error")


@admin.register(Invoice)
class InvoiceAdmin(LogAdmin):
    list_display = (
        "number_of_year",
        "deal",
        "amount",
        "currency",
        "state",
        "created_at",
        "sent_at",
    )
    list_filter = ("state", "playbook")
    list_select_related = ("deal",)

    @admin.display(description=_("invoice No."), ordering="pk")
    def number_of_year(self, invoice: Invoice) -> str:
        return invoice.label
