"""A head's view of the day: exceptions per manager, and remedies for many at once."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crm.day import remedies, team
from crm.forms import as_typed, tomorrow
from crm.models import User
from crm.views.answers import SignedIn
from crm.views.replies import form_key, go, me, refused
from pipelines.errors import RegulationError


class Cell(NamedTuple):
    """A number of the table, and the list behind it."""

    number: int
    url: str
    is_chosen: bool


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """The table of exceptions; `?kind=` a column and `?who=` a person narrow the list under it."""
    if not request.user.leads:
        return redirect("crm:day")
    now = timezone.now()
    people = team.exceptions(request.user, now=now)
    who = next((item.user for item in people if str(item.user.pk) == request.GET.get("who")), None)
    kind = request.GET.get("kind", "")
    kind = kind if kind in team.LISTED else team.first_busy(people)
    table = [
        {"user": item.user, "cells": _cells(item.counts, item.user, kind, who)} for item in people
    ]
    sums = {code: sum(item.counts.get(code, 0) for item in people) for code in team.LABELS}
    counts = next((item.counts for item in people if item.user == who), sums)
    context = {
        "columns": list(team.LABELS.items()),
        "table": table,
        "totals": _cells(sums, None, kind, who),
        "who": who,
        "kind": kind,
        "kind_label": team.LABELS[kind],
        "worst": team.worst(request.user, kind, who, now=now),
        "total": counts.get(kind, 0),
        "remedies": remedies.of(kind) if request.user.may(remedies.RIGHT) else (),
        "due_at": as_typed(tomorrow(now)),
    }
    return render(request, "crm/day_team.html", context)


def _cells(counts: dict[str, int], user: User | None, kind: str, who: User | None) -> list[Cell]:
    found = []
    for code in team.LABELS:
        asked: dict[str, Any] = {"kind": code} | ({"who": user.pk} if user else {})
        url = f"{reverse('crm:day_team')}?{urlencode(asked)}"
        if code == team.BROKEN:
            person = {"person": user.pk} if user else {}
            url = f"{reverse('crm:violations')}?{urlencode({'state': 'open', 'period': 'all'} | person)}"
        found.append(Cell(counts.get(code, 0), url, code == kind and user == who))
    return found


@login_required
@require_POST
def remedy(request: SignedIn) -> HttpResponse:
    """Do one thing to all the rows chosen: a batch, whose page says what became of each."""
    try:
        batch = remedies.start(
            request.POST.get("kind", ""),
            request.POST.get("do", ""),
            rows=request.POST.getlist("row"),
            typed=request.POST,
            by=me(request),
            now=timezone.now(),
            key=form_key(request),
        )
    except RegulationError as error:
        return refused(request, None, error, back=reverse("crm:day_team"))
    return go(request, batch.get_absolute_url())
