"""Changing many deals from the table: one dialog, then a batch."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from crm import rights
from crm.batches import kinds, verbs
from crm.bulk.forms import FORMS, BulkForm
from crm.bulk.selection import Selection
from crm.models import Batch
from crm.views.answers import SignedIn, page_or_part, toast
from crm.views.lists import exports
from crm.views.lists.batches import report_context, safe_back
from crm.views.replies import form_key, go, me
from crm.views.taking_out import takes_out


@login_required
@require_POST
def change(request: SignedIn, what: str) -> HttpResponse:
    """The dialog of one change; with `confirm` = the number of deals it spoke of, the change itself."""
    rights.need(request.user, rights.CHANGE_MANY)
    if (form_class := FORMS.get(what)) is None or not form_class.offered_to(request.user):
        raise Http404
    now, typed = timezone.now(), request.POST
    selection = Selection.read(typed, user=request.user, now=now)
    count = len(selection.found)
    if not count:
        return _nothing(request)
    is_answered = "confirm" in typed
    data = typed if is_answered or form_class.AGAIN in typed else None
    form = form_class(data, selection=selection, user=request.user, now=now)
    if is_answered and form.is_valid():
        if typed["confirm"] == str(count):
            batch = verbs.start(
                form.kind,
                title=form.title(count),
                rows=selection.rows(),
                params=form.params() | {"gone": selection.gone},
                by=me(request),
                now=now,
                key=form_key(request),
            )
            return _started(request, batch)
        form.add_error(None, _("Meanwhile there are others: look at the number once more."))
    elif not is_answered:
        form.errors.clear()
    return _ask(request, form, selection, status=422 if is_answered else 200)


@login_required
@takes_out
@require_POST
def export(request: SignedIn) -> HttpResponseBase:
    """The chosen deals as XLSX, with all their columns."""
    selection = Selection.read(request.POST, user=request.user, now=timezone.now())
    if not selection.found:
        return _nothing(request)
    return exports.answer(request, "deals", selection.asked, form="xlsx", everything=True)


def _ask(request: SignedIn, form: BulkForm, selection: Selection, *, status: int) -> HttpResponse:
    batch = Batch(kind=form.kind)
    context: dict[str, Any] = {
        "form": form,
        "count": len(selection.found),
        "hidden": [*selection.hidden, ("back", safe_back(request))],
        "is_long": len(selection.found) > verbs.FOREGROUND,
        "lost": kinds.registered[form.kind].lost(batch),
        "url": reverse("crm:bulk", args=[form.code]),
        "back": safe_back(request),
    }
    return page_or_part(
        request, "crm/bulk_page.html", "crm/bulk_dialog.html", context, status=status
    )


def _started(request: SignedIn, batch: Batch) -> HttpResponse:
    """The report where it is done already, else the page with its progress; the ticks are let go."""
    if request.htmx and not batch.is_active:
        context = report_context(batch, request) | {"back": safe_back(request)}
        answer = render(request, "crm/batch_window.html", context)
    else:
        answer = go(request, batch.get_absolute_url())
    return trigger_client_event(answer, "selection:done", {})


def _nothing(request: SignedIn) -> HttpResponse:
    said = _("No deal was chosen.")
    if request.htmx:
        response = HttpResponse(status=422)
        response["HX-Reswap"] = "none"
        return toast(response, said, "warning")
    messages.warning(request, said)
    return redirect(safe_back(request))
