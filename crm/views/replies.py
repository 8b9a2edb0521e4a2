"""How the card's views answer a verb: it succeeded, or a sentence why not; for htmx and without it."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.html import format_html
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from crm.models import Company, Contact, Deal, ListItem
from crm.planning.tasks import TaskGone
from crm.views.answers import Kind, SignedIn, WayBack, close_dialog, toast
from pipelines.actor import Actor
from pipelines.errors import RegulationError, StaleMove

LEVELS: dict[Kind, int] = {
    "success": messages.SUCCESS,
    "warning": messages.WARNING,
    "danger": messages.ERROR,
}


def me(request: SignedIn) -> Actor:
    return Actor.person(request.user)


def form_key(request: SignedIn) -> str:
    """What tells a form sent twice from two forms: its token against forgery, drawn anew each time, and what was typed."""
    if "csrfmiddlewaretoken" not in request.POST:
        return ""
    return hashlib.sha256(request.POST.urlencode().encode()).hexdigest()


def find_deal(request: SignedIn, pk: int) -> Deal:
    """The deal, if the person may see it; 404 for a stranger's as for one that does not exist."""
    deals = Deal.objects.visible_to(request.user)
    # The sale that a deal continues is asked for where there is one: two joins for all cost more than a statement for some.
    return get_object_or_404(deals.select_related("owner", "contact", "company"), pk=pk)


def done(
    request: SignedIn,
    deal: Deal | Contact | Company | ListItem | None,
    text: str = "",
    *,
    back: str = "",
    kind: Kind = "success",
    undo: WayBack | None = None,
) -> HttpResponse:
    """A verb succeeded: the window closes, the page draws itself anew (`deal:changed`), a toast says what was done."""
    if request.htmx:
        response = trigger_client_event(close_dialog(HttpResponse(status=204)), "deal:changed", {})
        return toast(response, text, kind, back=undo) if text else response
    if text:
        # Without scripts the button is a link to a page that asks once more.
        link = (
            format_html(' <a class="alert-link" href="{}">{}</a>', undo.url, undo.label)
            if undo
            else ""
        )
        messages.add_message(request, LEVELS[kind], format_html("{}{}", text, link))
    return redirect(back or address(deal))


def refused(
    request: SignedIn,
    deal: Deal | Contact | Company | ListItem | None,
    error: RegulationError,
    *,
    back: str = "",
) -> HttpResponse:
    """A verb said no and there is no form to say it in: a toast, or a message on the page `back`."""
    if request.htmx:
        response = HttpResponse(status=status_of(error))
        # Nothing to swap: what was typed stays.
        response["HX-Reswap"] = "none"
        return toast(response, str(error), "danger")
    messages.error(request, str(error))
    return redirect(back or address(deal))


def go(request: SignedIn, url: str) -> HttpResponse:
    """Send the browser to another page."""
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def address(record: Deal | Contact | Company | ListItem | None) -> str:
    """The page of what a verb was about; «My tasks» where it is about nothing."""
    if isinstance(record, Deal):
        return reverse("crm:deal", args=[record.pk])
    return record.get_absolute_url() if record else reverse("crm:tasks")


def status_of(error: RegulationError) -> int:
    """409 where the deal was moved or the task done meanwhile, 422 for what can be mended in the form."""
    return 409 if isinstance(error, (StaleMove, TaskGone)) else 422


def window(request: SignedIn) -> dict[str, Any]:
    """What a dialog's template extends: the content of `#dialog`, or a page of its own without JavaScript."""
    return {"base": "crm/task_window.html" if request.htmx else "crm/task_page.html"}
