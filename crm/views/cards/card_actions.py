"""The buttons of a deal's card that belong to no task: their questions, and what the regulation asks on the way."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.card import actions as card_actions
from crm.forms import AskForm
from crm.views.answers import SignedIn
from crm.views.replies import address, done, find_deal, me, refused, window
from crm.views.tasks.task_dialogs import ask_again, sent
from pipelines import catalog
from pipelines.errors import RegulationError


@login_required
def action(request: SignedIn, pk: int, code: str) -> HttpResponse:
    """Ask what the action asks, then do it."""
    deal = find_deal(request, pk)
    now = timezone.now()
    found = {
        item.scenario.code: item
        for item in card_actions.actions_of(deal, user=request.user, now=now)
    }
    if code not in {item.code for item in catalog.pipeline(deal.pipeline_id).scenarios}:
        raise Http404
    known = found.get(code)
    form = AskForm(sent(request), auto_id="ask_%s")
    shown = {"action": request.path}
    if known is not None:
        form.ask_scenario(known.scenario, deal)
        shown["title"] = known.scenario.label
    else:
        gone = RegulationError(_("This can't be done with the deal where it stands."))
        return refused(request, deal, gone)
    form.ask_fields(request.POST.getlist("code"), deal)
    if request.method != "POST":
        context = {
            "form": form, "deal": deal, "back": address(deal), "subtitle": deal.name,
            "refusals": known.refusals, **shown, **window(request),
        }  # fmt: skip
        return render(request, "crm/task_ask.html", context)
    try:
        # Whole or not at all, also where somebody else holds the transaction: a verb opens no savepoint.
        with transaction.atomic():
            card_actions.act(deal, code, by=me(request), now=now, answers=form.typed(request.POST))
    except RegulationError as error:
        return ask_again(request, find_deal(request, pk), form, error, **shown)
    return done(request, deal, shown.get("title", ""))
