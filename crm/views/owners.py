"""Two people give one record to somebody: the second sees both choices and decides."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from crm.card.editing import OwnerChanged
from crm.models import User
from crm.records import Record
from crm.views.answers import SignedIn
from crm.views.replies import address, refused


def seen_owner(request: SignedIn) -> int | None:
    """Who was responsible when the form was opened; None where it does not say, or has been told."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isdecimal() and len(seen) < 19 else None


def two_owners(
    request: SignedIn, record: Record, person: User | None, error: OwnerChanged
) -> HttpResponse:
    if not request.htmx:
        return refused(request, record, error)
    context = {
        "record": record,
        "action": f"{address(record)}owner/",
        "mine": person,
        "standing": error.standing,
        "entry": error.entry,
    }
    response = render(request, "crm/two_owners.html", context, status=409)
    response["HX-Retarget"], response["HX-Reswap"] = "#dialog", "innerHTML"
    return response
