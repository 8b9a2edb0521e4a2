"""The windows of a deal's money: make, change, send and cancel an invoice; enter a payment by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_htmx.http import retarget

from crm.forms import AnswersForm
from crm.models import Deal, Invoice, InvoiceKind, Payment
from crm.money import invoices, payments
from crm.money.balances import account_of
from crm.money.sums import say_sum
from crm.views.answers import SignedIn
from crm.views.replies import address, done, find_deal, me, refused, status_of, window
from crm.views.tasks.task_dialogs import sent
from pipelines import catalog
from pipelines.errors import MoveRefused, RegulationError
from pipelines.numbers import whole


class NewInvoiceForm(AnswersForm):
    """Which invoice, for how much and for what; what is left empty is as the kind proposes."""

    kind = forms.ChoiceField(label=gettext_lazy("Invoice"))
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    amount = forms.CharField(
        label=gettext_lazy("Sum"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    purpose = forms.CharField(
        label=gettext_lazy("What it is for"), required=False, max_length=invoices.PURPOSE_LIMIT
    )

    def offer(self, kinds: list[InvoiceKind], currencies: list[str], url: str) -> None:
        """Choices for this deal; a change of either proposes the sum and the purpose anew."""
        for name, choices in (
            ("kind", [(kind.code, kind.name) for kind in kinds]),
            ("currency", [(code, code) for code in currencies]),
        ):
            field: Any = self.fields[name]
            field.choices = choices
            field.widget.attrs |= {
                "hx-get": url,
                "hx-trigger": "change",
                "hx-include": "closest form",
                "hx-target": "#dialog",
            }


class EditInvoiceForm(AnswersForm):
    amount = forms.CharField(
        label=gettext_lazy("Sum"), widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    purpose = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=invoices.PURPOSE_LIMIT
    )


class SendInvoiceForm(AnswersForm):
    to = forms.CharField(
        label=gettext_lazy("To"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "email"}),
    )


class PaymentForm(AnswersForm):
    amount = forms.CharField(
        label=gettext_lazy("Sum"),
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    currency = forms.ChoiceField(label=gettext_lazy("Currency"))
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Payment.Kind.choices)


@login_required
def invoice_new(request: SignedIn, pk: int) -> HttpResponse:
    """Make a draft; the sum and the purpose are proposed and may be changed (AX-6.3)."""
    deal = find_deal(request, pk)
    pipeline = catalog.pipeline(deal.pipeline_id)
    if not invoices.has_invoices(pipeline):
        raise Http404
    kinds = invoices.kinds_of(deal, pipeline)
    if not kinds:
        return refused(request, deal, RegulationError(_("There is no invoice for such a deal.")))
    account = account_of(deal, pipeline)
    given = request.POST if request.method == "POST" else request.GET
    kind = next((item for item in kinds if item.code == given.get("kind")), kinds[0])
    currencies = list(dict.fromkeys([*account.currencies, *account.known_currencies]))
    currency = given.get("currency", "")
    proposal = invoices.propose(
        deal, kind, account, currency=currency if currency in currencies else ""
    )
    start = {
        "kind": kind.code,
        "currency": proposal.currency,
        "amount": f"{proposal.amount:f}" if proposal.amount else "",
        "purpose": proposal.purpose,
    }
    form = NewInvoiceForm(sent(request), initial=start, auto_id="invoice_%s")
    form.offer(kinds, currencies, request.path)

    def make() -> None:
        invoices.make_invoice(
            deal,
            kind=kind,
            amount=form.cleaned_data["amount"],
            currency=form.cleaned_data["currency"],
            purpose=form.cleaned_data["purpose"],
            by=me(request),
            now=timezone.now(),
        )

    return _window(
        request, deal, form, make, said=_("The invoice is made."), title=_("Make an invoice")
    )


@login_required
def invoice_edit(request: SignedIn, pk: int) -> HttpResponse:
    """Change a draft."""
    invoice, deal = find_invoice(request, pk)
    start = {"amount": f"{invoice.amount:f}", "purpose": invoice.purpose}
    form = EditInvoiceForm(sent(request), initial=start, auto_id="invoice_%s")

    def change() -> None:
        invoices.edit_invoice(
            invoice,
            **form.cleaned_data,
            revision=_revision(request, invoice),
            by=me(request),
            now=timezone.now(),
        )

    return _window(
        request, deal, form, change, said=_("Saved."), title=_name(invoice), submit=_("Save"),
        revision=invoice.revision,
    )  # fmt: skip


@login_required
def invoice_send(request: SignedIn, pk: int) -> HttpResponse:
    """Send the letter with the invoice."""
    invoice, deal = find_invoice(request, pk)
    to = deal.contact.point("email") if deal.contact else ""
    form = SendInvoiceForm(sent(request), initial={"to": to}, auto_id="invoice_%s")

    def send() -> None:
        invoices.send_invoice(
            invoice,
            to=form.cleaned_data["to"],
            revision=_revision(request, invoice),
            by=me(request),
            now=timezone.now(),
        )

    return _window(
        request, deal, form, send, said=_("The invoice is on its way."), title=_name(invoice),
        submit=_("Send"), revision=invoice.revision,
    )  # fmt: skip


@login_required
def invoice_cancel(request: SignedIn, pk: int) -> HttpResponse:
    """Say that the invoice is not to be paid."""
    invoice, deal = find_invoice(request, pk)
    form = AnswersForm(sent(request))

    def cancel() -> None:
        invoices.cancel_invoice(
            invoice, revision=_revision(request, invoice), by=me(request), now=timezone.now()
        )

    return _window(
        request, deal, form, cancel, said=_("The invoice is cancelled."), title=_name(invoice),
        submit=_("Cancel the invoice"), revision=invoice.revision,
    )  # fmt: skip


@login_required
def payment_new(request: SignedIn, pk: int) -> HttpResponse:
    """Write down a payment that no provider told of."""
    deal = find_deal(request, pk)
    account = account_of(deal)
    form = PaymentForm(sent(request), auto_id="payment_%s")
    currencies: Any = form.fields["currency"]
    currencies.choices = [
        (code, code) for code in dict.fromkeys([*account.currencies, *account.known_currencies])
    ]

    def enter() -> None:
        payments.enter_payment(deal, **form.cleaned_data, by=me(request), now=timezone.now())

    return _window(
        request, deal, form, enter, said=_("The payment is kept."), title=_("Enter a payment"),
        submit=_("Save"),
    )  # fmt: skip


def find_invoice(request: SignedIn, pk: int) -> tuple[Invoice, Deal]:
    """The invoice, if the person may see its deal; 404 for a stranger's."""
    seen = Deal.objects.visible_to(request.user)
    invoice = get_object_or_404(Invoice.objects.select_related("kind"), pk=pk, deal__in=seen)
    invoice.deal = deal = find_deal(request, invoice.deal_id)
    return invoice, deal


def _name(invoice: Invoice) -> str:
    return _("Invoice № %(number)s, %(sum)s") % {
        "number": invoice.label,
        "sum": say_sum(invoice.amount, invoice.currency),
    }


def _revision(request: SignedIn, invoice: Invoice) -> int:
    seen = whole(request.POST.get("revision"))
    return invoice.revision if seen is None else seen


def _window(
    request: SignedIn,
    deal: Deal,
    form: AnswersForm,
    verb: Callable[[], Any],
    *,
    said: str,
    **shown: Any,
) -> HttpResponse:
    """One form, one verb: the window, the window with errors, or the verb done."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with transaction.atomic():
                    verb()
            except invoices.InvoiceChanged as error:
                return refused(request, deal, error)
            except MoveRefused as error:
                shown["refusals"] = error.refusals
            except RegulationError as error:
                form.take(error)
                status = status_of(error)
            else:
                return done(request, deal, said)
    context = {
        "form": form, "deal": deal, "back": address(deal), "action": request.path, "subtitle": deal.name,
        **window(request), **shown,
    }  # fmt: skip
    response = render(request, "crm/task_ask.html", context, status=status)
    return retarget(response, "#dialog") if request.htmx else response
