"""«Регламент»: the clauses of each company, the rules behind them, and who has read them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from crm.registers import clause_log, regulations
from crm.views.answers import SignedIn
from pipelines.errors import RegulationError
from pipelines.models import Clause, Regulation
from pipelines.numbers import whole

ASKED_LIMIT = 100
LOG_PAGE = 50


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The regulations one works by, the only one at once; `?clause=AX-1.2a` leads to that clause."""
    code = request.GET.get("clause", "")
    if code and (playbook := regulations.playbook_of_clause(request.user, code[:20])):
        return redirect(f"{reverse('crm:regulation', args=[playbook])}#{code}")
    found = regulations.visible_to(request.user)
    if len(found) == 1:
        return redirect("crm:regulation", found[0].playbook)
    unread = set(getattr(request.user, "known_unread", None) or ())
    return render(request, "crm/regulations.html", {"found": found, "unread": unread})


@login_required
@require_GET
def page(request: SignedIn, playbook: str) -> HttpResponse:
    """One company's regulation; `?q=` leaves the clauses with these words."""
    asked = request.GET.get("q", "")[:ASKED_LIMIT]
    shown = regulations.read_page(
        _find(request, playbook), user=request.user, asked=asked, now=timezone.now()
    )
    context = {
        "page": shown,
        "regulation": shown.regulation,
        "asked": asked,
        "violations": _violations(playbook),
        "is_one_of_many": len(regulations.playbooks_of(request.user)) > 1,
    }
    return render(request, "crm/regulation.html", context)


@login_required
@require_POST
def read(request: SignedIn, playbook: str) -> HttpResponse:
    """«Я прочитал редакцию N»."""
    number = whole(request.POST.get("edition")) or 0
    try:
        regulations.confirm_reading(
            _find(request, playbook), user=request.user, edition=number, now=timezone.now()
        )
        messages.success(request, _("Thank you: it is noted that you have read it."))
    except RegulationError as error:
        messages.error(request, str(error))
    return redirect("crm:regulation", playbook)


LOGS: dict[str, tuple[Any, Any]] = {
    "refusals": (gettext_lazy("refusals"), clause_log.refusals),
    "runs": (gettext_lazy("what the rules did"), clause_log.runs),
}


@login_required
@require_GET
def log(request: SignedIn, playbook: str, code: str, kind: str) -> HttpResponse:
    """What a count of the clause is made of, the newest first; `?page=`."""
    regulation = _find(request, playbook)
    if kind not in LOGS:
        raise Http404
    clause = get_object_or_404(
        Clause.objects.select_related("regulation"), regulation=regulation, code=code[:20]
    )
    now = timezone.now()
    heading, found = LOGS[kind]
    part = Paginator(found(clause, request.user, now=now), LOG_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "regulation": regulation,
        "clause": clause,
        "kind": kind,
        "heading": heading,
        "tabs": [
            {
                "label": label,
                "url": reverse("crm:regulation_log", args=[playbook, clause.code, name]),
                "is_here": name == kind,
            }
            for name, (label, _found) in LOGS.items()
        ],
        "page": part,
        "rows": clause_log.rows_of(part.object_list, clause, request.user),
        "since": clause_log.since(now),
    }
    return render(request, "crm/regulation_log.html", context)


def _find(request: SignedIn, playbook: str) -> Regulation:
    """The regulation, if the person works by it; 404 for another's as for one that does not exist."""
    if playbook in regulations.playbooks_of(request.user):
        found = Regulation.objects.filter(playbook=playbook).first()
        if found is not None:
            return found
    raise Http404


def _violations(playbook: str) -> str:
    """The register of violations narrowed to the company, to which `&clause=` is added."""
    try:
        return f"{reverse('crm:violations')}?{urlencode({'playbook': playbook})}"
    except NoReverseMatch:
        return ""
