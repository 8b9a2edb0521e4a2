"""How a page's view answers: a part for htmx, a page or a redirect without it, a sentence for every refusal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect, reswap, trigger_client_event

from crm.models import Deal
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, MoveRefused, RegulationError, StaleMove


def me(request: HttpRequest) -> Actor:
    return Actor.person(request.user)


def find_deal(request: HttpRequest, pk: int) -> Deal:
    """The deal, if the person may see it; 404 for a stranger's as for one that does not exist."""
    deals = Deal.objects.visible_to(request.user).select_related("owner", "contact", "company", "origin__origin")
    return get_object_or_404(deals, pk=pk)


def done(request: HttpRequest, deal: Deal | None, text: str = "", *, to: str = "") -> HttpResponse:
    """A verb succeeded: the window closes, the card (or the page with the task) draws itself anew, a toast says what."""
    if request.htmx:
        response = HttpResponse(status=204)
        trigger_client_event(response, "dialog:close", {})
        trigger_client_event(response, "card:changed", {})
        if text:
            trigger_client_event(response, "toast", {"text": text, "kind": "success"})
        return response
    if text:
        messages.success(request, text)
    return back(request, deal, to=to)


def refused(request: HttpRequest, deal: Deal | None, error: RegulationError) -> HttpResponse:
    """A verb said no, and there is no form to say it in: a toast, or a message on the page one came from."""
    if request.htmx:
        response = HttpResponse(status=status_of(error))
        trigger_client_event(response, "toast", {"text": str(error), "kind": "danger"})
        return reswap(response, "none")
    messages.error(request, str(error))
    return back(request, deal)


def back(request: HttpRequest, deal: Deal | None, *, to: str = "") -> HttpResponseRedirect:
    return redirect(to or (deal_url(deal) if deal else reverse("crm:tasks")))


def go(request: HttpRequest, url: str) -> HttpResponse:
    """Send the browser to another page."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def deal_url(deal: Deal) -> str:
    return reverse("crm:deal", args=[deal.pk])


def status_of(error: RegulationError) -> int:
    """422 for what can be mended in the form, 409 where the state of things has changed or forbids it."""
    return 422 if isinstance(error, (BadAnswer, MoveRefused)) and not isinstance(error, StaleMove) else 409


def dialog_base(request: HttpRequest) -> dict[str, Any]:
    """What a dialog's template extends: a bare part in a window, the whole page without JavaScript."""
    return {"base": "crm/task_window.html" if request.htmx else "crm/task_page.html"}
