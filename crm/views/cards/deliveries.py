"""The windows in which a delivery is entered, accepted and cancelled."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django_htmx.http import retarget

from crm import deals, deliveries
from crm.clients import lives
from crm.forms import AskForm
from crm.models import Deal, Delivery
from crm.money.sums import SIGNS
from crm.shown.delivery_panel import ask_whether_to_accept
from crm.views.answers import SignedIn
from crm.views.replies import address, done, find_deal, me, status_of, window
from pipelines import catalog
from pipelines.errors import MoveRefused, RegulationError


class AmountField(forms.DecimalField):
    """A number as people type it: «150 000», «2,5»."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(localize=True, **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python("".join(value.split()) if isinstance(value, str) else value)


class ScalesForm(AskForm):
    """What the scales and the scale ticket say."""

    weight = AmountField(label=gettext_lazy("Weight"), max_digits=12, decimal_places=3)
    amount = AmountField(label=gettext_lazy("Sum"), max_digits=14, decimal_places=2)

    def name_units(self, unit: str, currency: str) -> None:
        self.fields["weight"].label = _("Weight") + f", {unit}"
        self.fields["amount"].label = _("Sum") + f", {SIGNS.get(currency, currency)}"


class DeliveryForm(ScalesForm):
    day = forms.DateField(
        label=pgettext_lazy("delivery", "Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
    )
    note = forms.CharField(
        label=gettext_lazy("Note"), required=False, max_length=deliveries.NOTE_LIMIT
    )
    accepted = forms.BooleanField(
        label=gettext_lazy("Weighed and accepted"),
        required=False,
        help_text=gettext_lazy("Untick it for a delivery that is only expected."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    field_order = ["day", "weight", "amount", "note", "accepted"]


class CancelForm(AskForm):
    reason = forms.CharField(
        label=gettext_lazy("Why it does not count"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@login_required
def new(request: SignedIn, pk: int) -> HttpResponse:
    """Enter a delivery on the deal."""
    deal = find_deal(request, pk)
    pipeline = catalog.pipeline(deal.pipeline_id)
    terms = lives.terms_of(pipeline)
    if terms is None:
        raise Http404
    now = timezone.now()
    start = {"day": lives.today(pipeline, now), "accepted": True, "key": uuid4()}
    form = DeliveryForm(_sent(request), initial=start, auto_id="delivery_%s")
    form.name_units(terms.get_unit_display(), deal.currency)

    def enter(given: dict[str, Any]) -> str:
        key: UUID | None = given["key"]
        entered = deliveries.register_delivery(
            deal,
            day=given["day"],
            weight=given["weight"],
            amount=given["amount"],
            note=given["note"],
            accepted=given["accepted"],
            key=key,
            by=me(request),
            now=now,
        )
        return (
            _("The delivery is accepted.")
            if entered.state == Delivery.State.COMPLETED
            else _("The delivery is entered.")
        )

    return _window(request, deal, form, enter, title=_("Delivery"), submit=_("Save"))


@login_required
def accept(request: SignedIn, pk: int) -> HttpResponse:
    """Accept a delivery that was expected, as it was weighed."""
    delivery = _find(request, pk)
    start = {"weight": delivery.weight, "amount": delivery.amount}
    form = ScalesForm(_sent(request), initial=start, auto_id="delivery_%s")
    form.name_units(delivery.get_unit_display(), delivery.currency)

    def take(given: dict[str, Any]) -> str:
        deliveries.complete_delivery(
            delivery,
            weight=given["weight"],
            amount=given["amount"],
            by=me(request),
            now=timezone.now(),
        )
        return _("The delivery is accepted.")

    title = ask_whether_to_accept(delivery)
    return _window(request, delivery.deal, form, take, title=title, submit=_("Accept"))


@login_required
def cancel(request: SignedIn, pk: int) -> HttpResponse:
    """Cancel a delivery; one that was accepted counts no more."""
    delivery = _find(request, pk)
    form = CancelForm(_sent(request), auto_id="delivery_%s")

    def drop(given: dict[str, Any]) -> str:
        deliveries.cancel_delivery(
            delivery, reason=given["reason"], by=me(request), now=timezone.now()
        )
        return _("The delivery is cancelled.")

    title = _("Cancel the delivery")
    return _window(request, delivery.deal, form, drop, title=title, submit=title)


def _find(request: SignedIn, pk: int) -> Delivery:
    """The delivery of a deal that the person may see; 404 for a stranger's."""
    seen = Deal.objects.visible_to(request.user)
    return get_object_or_404(Delivery.objects.select_related("deal").filter(deal__in=seen), pk=pk)


def _window(
    request: SignedIn, deal: Deal, form: AskForm, verb: Any, *, title: str, submit: str
) -> HttpResponse:
    """The window of one verb; what the regulation asks for beside is asked in it, and filled in with the same press."""
    status, refusals, codes = 200, [], list(request.POST.getlist("code"))
    asked = set(form.fields)
    form.ask_fields(codes, deal)
    if request.method == "POST":
        status = 422
        if form.is_valid():
            more = {
                code: value for code, value in form.typed(request.POST).items() if code not in asked
            }
            try:
                with transaction.atomic():
                    if more:
                        deals.edit_deal(deal, more, by=me(request), now=timezone.now())
                    said = verb(form.cleaned_data)
            except MoveRefused as error:
                status, refusals = status_of(error), list(error.refusals)
                codes = [code for refusal in error.refusals for code in refusal.fields]
                form.ask_fields(codes, deal)
            except RegulationError as error:
                form.take(error)
                status = status_of(error)
            else:
                return done(request, deal, said)
    context = {
        "form": form,
        "deal": deal,
        "back": address(deal),
        "action": request.path,
        "title": title,
        "subtitle": deal.name,
        "submit": submit,
        "refusals": refusals,
        "codes": codes,
        **window(request),
    }
    response = render(request, "crm/task_ask.html", context, status=status)
    return retarget(response, "#dialog") if request.htmx else response


def _sent(request: SignedIn) -> Any:
    return request.POST if request.method == "POST" else None
