"""Names: what there is to say about one while it is typed, and a better one taken with one click."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import deals
from crm.clients import card as client_card
from crm.clients import people
from crm.models import Company, Contact, Deal
from crm.names import naming, naming_rules
from crm.views.answers import SignedIn
from crm.views.cards.clients import find_client
from crm.views.replies import done, find_deal, me, refused
from pipelines import catalog
from pipelines.catalog import CompiledPipeline
from pipelines.errors import RegulationError
from pipelines.locking import check_right_to_edit
from pipelines.numbers import whole

MODELS: dict[str, Any] = {naming.CONTACT: Contact, naming.COMPANY: Company}


@login_required
@require_GET
def hints(request: SignedIn, record: str) -> HttpResponse:
    """Suggestions and complaints for the name in the form's field `field`; an empty part where all is well."""
    if record not in naming.RECORDS:
        raise Http404
    field = request.GET.get("field", "name")
    checked = naming_rules.check(
        record,
        request.GET.get(field, "").replace("\x00", "")[: people.NAME_LIMIT],
        _pipeline(request, record),
        statutory=bool(request.GET.get("name_is_statutory")),
    )
    return render(request, "crm/name_hints.html", {"checked": checked, "field": field})


def _pipeline(request: SignedIn, record: str) -> CompiledPipeline | None:
    """Whose rules: of the pipeline that the form names, or of the contact or company that it edits."""
    of = whole(request.GET.get("of"))
    if record in MODELS and of is not None:
        known = MODELS[record].objects.visible_to(request.user)
        return naming_rules.pipeline_of(get_object_or_404(known, pk=of))
    try:
        return catalog.by_code(request.GET.get("pipeline", ""))
    except KeyError:
        return None


@login_required
@require_POST
def take(request: SignedIn, pk: int, record: str) -> HttpResponse:
    """Write the name of the deal, its contact or its company as the system offers it."""
    deal = find_deal(request, pk)
    standing = _standing(request, deal, record)
    pipeline = catalog.pipeline(deal.pipeline_id)
    name, by, now = request.POST.get("name", ""), me(request), timezone.now()
    try:
        _check_offered(standing, pipeline, name)
        if isinstance(standing, Deal):
            deals.edit_deal(standing, {"name": name}, by=by, now=now)
        else:
            check_right_to_edit(deal, pipeline, by)
            people.rename(standing, name=name, by=by, now=now)
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal, _("Saved."))


@login_required
@require_POST
def take_on_client(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """The same on the card of a contact or a company."""
    record = find_client(request, kind, pk)
    name = request.POST.get("name", "")
    try:
        _check_offered(record, client_card.pipeline_of_names(record, request.user), name)
        people.rename(record, name=name, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, record, error)
    return done(request, record, _("Saved."))


def _check_offered(standing: Any, pipeline: CompiledPipeline | None, name: str) -> None:
    """A name that was true when the page was drawn is no reason to write it over a newer one."""
    offered = naming_rules.hints(standing, pipeline)
    if offered is None or name not in (item.name for item in offered.checked.suggestions):
        raise RegulationError(_("The name was changed meanwhile."))


def _standing(request: SignedIn, deal: Deal, record: str) -> Any:
    if record == naming.DEAL:
        return deal
    linked = getattr(deal, f"{record}_id", None) if record in MODELS else None
    if linked is None:
        raise Http404
    return get_object_or_404(MODELS[record].objects.visible_to(request.user), pk=linked)
