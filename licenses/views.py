"""The windows of a licence on its deal's card, and the calendar of renewals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_htmx.http import retarget

from crm.board.cards import Words
from crm.forms import AnswersForm
from crm.models import Deal
from crm.views.answers import SignedIn
from crm.views.replies import address, done, find_deal, me, refused, status_of, window
from licenses import clock, forecast, keeping, terms, verbs
from licenses.forms import AccountForm, EnterForm, ExpiryForm, PurchaseForm
from licenses.models import Licence
from pipelines.errors import RegulationError
from pipelines.numbers import whole


@login_required
def expiry(request: SignedIn, pk: int) -> HttpResponse:
    """Type the end from the client's account."""
    deal, licence = find_licence(request, pk)
    form = ExpiryForm(
        _sent(request), initial={"expires_on": licence.expires_on}, auto_id="licence_%s"
    )
    return _window(request, deal, licence, form, verbs.set_expiry, title=_("The licence's end"))


@login_required
def enter(request: SignedIn, pk: int) -> HttpResponse:
    """Enter a licence found in an account that the client has already (AX-LIC6)."""
    deal, licence = find_licence(request, pk)
    price, users = forecast.last_purchase(licence)
    start = {
        "expires_on": licence.expires_on,
        "account_id": licence.account_id,
        "users": licence.users,
        "months": licence.renewal_months,
        "last_price": price,
        "last_users": users,
    }
    form = EnterForm(_sent(request), initial=start, auto_id="licence_%s")
    form.propose_from(reverse("licenses:budget", args=[deal.pk]))
    return _window(
        request,
        deal,
        licence,
        form,
        verbs.enter_licence,
        title=_("A licence of an existing account"),
    )


@login_required
@require_GET
def budget(request: SignedIn, pk: int) -> HttpResponse:
    """The budget's input with what the form so far makes of it."""
    find_licence(request, pk)
    form = EnterForm(request.GET, auto_id="licence_%s")
    form.propose_from(request.path)
    form.full_clean()
    given = form.cleaned_data
    price, users_now = given.get("last_price"), given.get("users")
    if price is not None and users_now:
        proposed = terms.proposed_budget(
            price=price, users=given.get("last_users") or users_now, users_now=users_now
        )
        typed = request.GET.copy()
        typed["budget"] = str(proposed)
        form.data = typed
    return HttpResponse(form["budget"].as_widget(attrs={"class": "form-control"}))


@login_required
def account(request: SignedIn, pk: int) -> HttpResponse:
    """Correct what is known of the client's account."""
    deal, licence = find_licence(request, pk)
    start = {
        "account_id": licence.account_id,
        "users": licence.users,
        "months": licence.renewal_months,
    }
    form = AccountForm(_sent(request), initial=start, auto_id="licence_%s")
    return _window(
        request, deal, licence, form, verbs.change_account, title=_("The client's account")
    )


@login_required
def payment(request: SignedIn, pk: int) -> HttpResponse:
    """Confirm the payment for the present period."""
    return _purchase(request, pk, verbs.confirm_payment, title=_("Payment is confirmed"))


@login_required
def renewal(request: SignedIn, pk: int) -> HttpResponse:
    """Enter a paid renewal."""
    return _purchase(request, pk, verbs.renew_licence, title=_("Renewal is paid"))


def _purchase(
    request: SignedIn, pk: int, verb: Callable[..., Licence], *, title: str
) -> HttpResponse:
    deal, licence = find_licence(request, pk)
    start = {
        "paid_on": clock.today(deal, timezone.now()),
        "months": licence.renewal_months,
        "bonus_months": 0,
        "price": deal.budget or None,
    }
    form = PurchaseForm(_sent(request), initial=start, auto_id="licence_%s")

    def buy(deal: Deal, *, bonus_months: int | None, **given: Any) -> Licence:
        return verb(deal, bonus_months=bonus_months or 0, **given)

    return _window(request, deal, licence, form, buy, title=title)


def find_licence(request: SignedIn, pk: int) -> tuple[Deal, Licence]:
    """The deal and its licence, if the person may see it; 404 for a stranger's as for one that does not exist."""
    deal = find_deal(request, pk)
    licence = Licence.objects.filter(deal=deal).first()
    if licence is None:
        raise Http404
    licence.deal = deal
    return deal, licence


def _window(
    request: SignedIn,
    deal: Deal,
    licence: Licence,
    form: AnswersForm,
    verb: Callable[..., Any],
    *,
    title: str,
) -> HttpResponse:
    """The window of one verb, whose form gives it its arguments."""
    status, revision = 200, licence.revision
    if request.method == "POST":
        status = 422
        seen = whole(request.POST.get("revision"))
        revision = licence.revision if seen is None else seen
        if form.is_valid():
            try:
                with transaction.atomic():
                    verb(
                        deal,
                        **form.cleaned_data,
                        by=me(request),
                        now=timezone.now(),
                        revision=revision,
                    )
            except keeping.LicenceChanged as changed:
                response = refused(request, deal, changed)
                if request.htmx:
                    response.status_code = 409
                return response
            except RegulationError as error:
                form.take(error)
                status = status_of(error)
            else:
                return done(request, deal, _("Saved."))
    context = {
        "form": form,
        "deal": deal,
        "back": address(deal),
        "action": request.path,
        "title": title,
        "subtitle": deal.name,
        "submit": _("Save"),
        "revision": revision,
        **window(request),
    }
    response = render(request, "crm/task_ask.html", context, status=status)
    return retarget(response, "#dialog") if request.htmx else response


def _sent(request: SignedIn) -> Any:
    return request.POST if request.method == "POST" else None


@login_required
@require_GET
def calendar(request: SignedIn) -> HttpResponse:
    """The renewals of the coming year by month with their sums, and the days of `?month=2027-03`."""
    now = timezone.now()
    chosen = _month(request.GET.get("month", ""), now)
    months, weeks = forecast.months(request.user, now=now), forecast.weeks(request.user, chosen)
    words = Words(now)
    busy = [day for week in weeks for day in week if day.licences]
    context = {
        "months": [(month, month.money(words)) for month in months],
        "chosen": chosen,
        "weeks": weeks,
        "busy": busy,
        "has_any": bool(busy) or any(month.count for month in months),
        "weekdays": WEEKDAYS_ABBR.values(),
        "today": timezone.localdate(now),
    }
    return render(request, "licenses/calendar.html", context)


def _month(text: str, now: datetime) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 (a day has no zone)
    except ValueError:
        return timezone.localdate(now).replace(day=1)
