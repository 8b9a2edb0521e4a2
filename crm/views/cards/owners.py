"""Giving a deal or a client to another person; where two people do, the second sees both choices and decides."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.card import page as card
from crm.card.editing import OwnerChanged
from crm.models import User
from crm.records import Record
from crm.views.answers import SignedIn
from crm.views.replies import address, done, me, refused
from pipelines.errors import RegulationError
from pipelines.numbers import whole


def give(request: SignedIn, record: Record, assign: Callable[..., None]) -> HttpResponse:
    """Make the person chosen responsible, by the verb of the record's kind: one whom the giver may give it to."""
    asked = request.POST.get("owner")
    person = next((who for who in card.owners_for(request.user) if str(who.pk) == asked), None)
    try:
        if person is None:
            raise RegulationError(_("Choose a person from the list."))
        seen = _seen_owner(request)
        assign(record, owner=person, seen=seen, by=me(request), now=timezone.now())
    except OwnerChanged as error:
        return _two_owners(request, record, person, error)
    except RegulationError as error:
        return refused(request, record, error)
    return done(request, record, _("The responsible is now %(person)s.") % {"person": person})


def _seen_owner(request: SignedIn) -> int | None:
    """Who was responsible when the form was opened; None where it does not say, or has been told."""
    return whole(request.POST.get("seen"))


def _two_owners(
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
