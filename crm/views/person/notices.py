"""The bell and the page of notices."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from crm import live
from crm.models import Notice
from crm.notices import kinds, reading
from crm.views.answers import SignedIn
from pipelines.numbers import whole


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """All notices: `?unread=1`, `?kind=code`, `?before=number` for the next portion."""
    unread, kind = request.GET.get("unread") == "1", request.GET.get("kind", "")
    kind = kind if kind in kinds.KINDS else ""
    found = reading.latest(
        request.user,
        unread=unread,
        kind=kind,
        before=whole(request.GET.get("before")),
    )
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "rows": [(notice, reading.icon(notice)) for notice in found[: reading.PORTION]],
        "next": found[reading.PORTION - 1].pk if len(found) > reading.PORTION else None,
        "kinds": [entry for entry in kinds.kinds_for(request.user) if not entry.only_mail],
        "kind": kind,
        "unread": unread,
        "query": query.urlencode(),
    }
    return render(request, "crm/notices.html", context)


@login_required
@require_GET
def bell(request: SignedIn) -> HttpResponse:
    """What drops down from the bell."""
    return _list(request)


@login_required
@require_GET
def follow(request: SignedIn, pk: int) -> HttpResponse:
    """Read it and go where it leads. By GET: it is a link, and to read twice changes nothing."""
    notice = get_object_or_404(Notice, pk=pk, user=request.user)
    reading.read(notice, now=timezone.now())
    live.publish(f"user:{request.user.pk}", {"what": "read"})
    return redirect(notice.url or reverse("crm:notices"))


@login_required
@require_POST
def read_all(request: SignedIn) -> HttpResponse:
    number = reading.read_all(request.user, now=timezone.now())
    live.publish(f"user:{request.user.pk}", {"what": "read"})
    if request.htmx:
        return _list(request)
    said = ngettext("%(n)s notice is read.", "%(n)s notices are read.", number) % {"n": number}
    messages.success(request, said if number else _("There was nothing to read."))
    return redirect("crm:notices")


def _list(request: SignedIn) -> HttpResponse:
    found = reading.latest(request.user)[: reading.LATEST]
    rows = [(notice, reading.icon(notice)) for notice in found]
    return render(request, "crm/bell_list.html", {"rows": rows})
