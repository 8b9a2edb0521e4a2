"""The window in which one chooses and orders the columns of a table."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from crm import columns, rights
from crm.views.answers import SignedIn
from crm.views.replies import window


@login_required
@require_http_methods(["GET", "POST"])
def choose(request: SignedIn, kind: str, scope: str) -> HttpResponse:
    """The window; posted, `column=code` repeated in the wished order, or `usual=1` for what everybody sees at first."""
    try:
        table = columns.table(kind)
        if table.right:
            rights.need(request.user, table.right)
        known = columns.known(request.user, kind, scope)
    except LookupError as error:
        raise Http404(_("There is no such table.")) from error
    if request.method != "POST":
        shown = columns.chosen(request.user, kind, scope, known).columns
        context = window(request) | {
            "table": table,
            "shown": shown,
            "rest": [column for column in known if column not in shown],
            "action": reverse("crm:columns", args=[kind, scope]),
            "back": _back(request, request.GET.get("back", "")),
        }
        return render(request, "crm/columns_window.html", context)
    asked = [] if request.POST.get("usual") else request.POST.getlist("column")
    columns.choose(request.user, kind, scope, asked)
    if request.htmx:
        return HttpResponseClientRefresh()
    return redirect(_back(request, request.POST.get("back", "")))


def _back(request: SignedIn, url: str) -> str:
    safe = url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return url if safe else reverse("crm:home")
