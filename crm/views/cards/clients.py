"""The cards of contacts and companies, and the small verbs on them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from crm import rights
from crm.card import feed_filter, pins
from crm.card.editing import FieldsChanged
from crm.clients import card as client_card
from crm.clients import client_deals, people
from crm.clients import feed as client_feed
from crm.clients import fields as client_fields
from crm.clients import verbs as clients
from crm.clients.fields import Client
from crm.forms import AnswersForm, CompanyForm, PersonForm, PointForm
from crm.models import Company, Contact, ContactPoint
from crm.names import naming_rules
from crm.views.answers import SignedIn
from crm.views.cards.contacts import MODELS, check, same_records
from crm.views.cards.feed import add_note, answer, offer, pin_entry, position, record_call, shown
from crm.views.cards.owners import give
from crm.views.lists import archive
from crm.views.replies import address, done, me, refused, status_of, window
from crm.views.tasks.task_dialogs import sent
from pipelines.errors import BadAnswer, RegulationError
from pipelines.numbers import whole


def find_client(request: SignedIn, kind: str, pk: int) -> Any:
    """The contact or company, if the person may see it; 404 for a stranger's as for one that does not exist."""
    found = MODELS[kind].objects.visible_to(request.user).select_related("owner")
    if kind == "contact":
        found = found.select_related("company")
    return get_object_or_404(found.prefetch_related("points"), pk=pk)


@login_required
@require_GET
def page(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """The whole card; of an archived record what it was; an old link to a merged one leads to the main one."""
    try:
        record = find_client(request, kind, pk)
    except Http404:
        merged = MODELS[kind]._base_manager.filter(pk=pk, merged_into__isnull=False).first()
        if merged is None:
            return archive.client_page(request, kind, pk)
        return redirect(f"crm:{kind}", merged.merged_into_id)
    asked = feed_filter.read(request.GET)
    read = client_card.read_client(record, user=request.user, now=timezone.now(), asked=asked)
    context = {
        **shown(record, asked, read.feed, read.pins),
        "may_pin": True,
        "card": read,
        "client": record,
        "kind": kind,
        "places": read.places,
        "point_form": PointForm(auto_id="point_%s"),
        "may_merge": request.user.may(rights.MERGE),
    }
    context["body"] = SafeString(render_to_string("crm/client_body.html", context, request))
    return render(request, "crm/client_page.html", context)


@login_required
@require_GET
def feed(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """A portion of the feed: the newest, or those before an entry, of the kinds and with the words asked for."""
    record = find_client(request, kind, pk)
    asked, before = feed_filter.read(request.GET), position(request)
    places = client_feed.places_of(record, request.user)
    portion = client_feed.read_feed(
        record, user=request.user, places=places, asked=asked, before=before
    )
    pinned = (
        pins.entries_of(record) if before else client_card.pins_of(record, request.user, places)
    )
    context = {
        "places": places,
        "client": record,
        "may_pin": True,
        **shown(record, asked, portion, pinned),
    }
    return answer(request, context, before=before)


@login_required
@require_GET
def more_deals(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """The next portion of the client's deals."""
    record = find_client(request, kind, pk)
    rows = client_deals.rows_of(record, request.user)
    deals = client_deals.read_deals(
        rows,
        record,
        user=request.user,
        now=timezone.now(),
        start=whole(request.GET.get("start")) or 0,
    )
    context = {"deals": deals, "client": record, "kind": kind, "card_url": address(record)}
    return render(request, "crm/client_deal_lines.html", context)


@login_required
@require_POST
def field(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Save the fields that the form says it holds: one when it is left, all without JavaScript."""
    record = find_client(request, kind, pk)
    places = client_feed.places_of(record, request.user).values()
    pipelines = client_fields.pipelines_of(request.user, {place.pipeline_id for place in places})
    known = client_fields.known(record, pipelines)
    answers, seen = client_fields.posted(known, request.POST)
    if request.POST.get("overwrite"):
        seen = {}
    try:
        with transaction.atomic():
            clients.edit_client(
                record, answers, known=known, seen=seen, by=me(request), now=timezone.now()
            )
    except RegulationError as error:
        if not request.htmx or not isinstance(error, (BadAnswer, FieldsChanged)):
            return refused(request, record, error)
        again = find_client(request, kind, pk)
        return _fields(request, again, known, list(answers), error=error)
    if not request.htmx:
        return done(request, record, _("Saved."))
    return _fields(request, find_client(request, kind, pk), known, list(answers))


def _fields(
    request: SignedIn,
    record: Client,
    known: client_fields.Fields,
    codes: list[str],
    *,
    error: RegulationError | None = None,
) -> HttpResponse:
    typed = request.POST if error else None
    editors = client_fields.editors(record, known, codes, typed=typed)
    for code, editor in editors.items():
        editor.saved = error is None
        if isinstance(error, BadAnswer):
            editor.error = error.errors.get(code, "")
        if isinstance(error, FieldsChanged):
            editor.conflict = next((item for item in error.conflicts if item.code == code), None)
    context: dict[str, Any] = {
        "editors": editors.values(),
        "client": record,
        "kind": client_fields.kind_of(record),
    }
    status = 409 if isinstance(error, FieldsChanged) else 422 if error else 200
    response = render(request, "crm/client_saved.html", context, status=status)
    return response if error else trigger_client_event(response, "feed:changed", {})


@login_required
@require_POST
def owner(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Give the client to another person, among those whom one may give it to."""
    return give(request, find_client(request, kind, pk), clients.assign_client)


@login_required
@require_POST
def note(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Add a note."""
    return add_note(request, find_client(request, kind, pk), clients.note_on_client)


@login_required
@require_POST
def pin(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Put an entry on top of the client's card, or take it off."""
    record = find_client(request, kind, pk)
    places = client_feed.places_of(record, request.user)
    feed = client_feed.entries_of(record, user=request.user, places=places)
    return pin_entry(request, record, feed)


@login_required
@require_GET
def people_offered(request: SignedIn, kind: str, pk: int) -> JsonResponse:
    """Whom one may call to the client by «@», as one types."""
    return offer(request, find_client(request, kind, pk))


@login_required
@require_http_methods(["GET", "POST"])
def contacted(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Put on record a call or a message with the client outside any deal; asked for, its form."""
    return record_call(request, find_client(request, kind, pk), clients.record_client_contact)


@login_required
def add_point(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """One more phone, e-mail or messenger."""
    record = find_client(request, kind, pk)
    form = PointForm(sent(request), auto_id="point_%s")
    shown: dict[str, Any] = {
        "title": _("Phone, e-mail or messenger"),
        "submit": _("Add"),
        "action": request.path,
    }
    if request.method != "POST":
        return _window(request, record, form, **shown)
    try:
        check(form)
        with transaction.atomic():
            clients.add_point(record, by=me(request), now=timezone.now(), **form.cleaned_data)
    except RegulationError as error:
        form.take(error)
        return _window(request, record, form, status=status_of(error), **shown)
    return done(request, record, _("Saved."))


@login_required
@require_POST
def remove_point(request: SignedIn, pk: int) -> HttpResponse:
    """Take a phone, an e-mail or a messenger off."""
    point = get_object_or_404(ContactPoint.objects.select_related("contact", "company"), pk=pk)
    kind = "contact" if point.contact_id else "company"
    record = find_client(request, kind, point.contact_id or point.company_id)  # type: ignore[arg-type]
    try:
        clients.remove_point(point, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, record, error)
    return done(request, record, _("Saved."))


@login_required
def company(request: SignedIn, pk: int) -> HttpResponse:
    """Say where a contact works: a company that we know, or a new one."""
    contact = find_client(request, "contact", pk)
    return _attach(request, contact, "company", CompanyForm, title=_("The contact's company"))


@login_required
def person(request: SignedIn, pk: int) -> HttpResponse:
    """Add a contact to a company: one whom we know, or a new one."""
    found = find_client(request, "company", pk)
    return _attach(request, found, "contact", PersonForm, title=_("A contact of the company"))


def _attach(
    request: SignedIn, record: Client, kind: str, make: type[AnswersForm], *, title: str
) -> HttpResponse:
    form = make(sent(request), auto_id="person_%s")
    shown: dict[str, Any] = {
        "title": title,
        "submit": _("Create and attach"),
        "action": request.path,
        "kind": kind,
        "attached": isinstance(record, Contact) and record.company_id is not None,
    }
    if request.method != "POST":
        return _window(request, record, form, template="crm/card_attach.html", **shown)
    try:
        check(form)
        _employ(request, record, kind, form)
    except RegulationError as error:
        form.take(error)
        shown["known"] = same_records(request, form, kind)
        status = status_of(error)
        return _window(
            request, record, form, status=status, template="crm/card_attach.html", **shown
        )
    return done(request, record, _("Saved."))


@transaction.atomic
def _employ(request: SignedIn, record: Client, kind: str, form: AnswersForm) -> None:
    by, now = me(request), timezone.now()
    chosen, other = whole(request.POST.get("chosen")), None
    if chosen is not None:
        found = MODELS[kind].objects.visible_to(request.user)
        other = get_object_or_404(found, pk=chosen)
    elif not request.POST.get("detach"):
        create: Any = people.create_contact if kind == "contact" else people.create_company
        pipeline = naming_rules.pipeline_of(record)
        name = naming_rules.corrected(kind, form.cleaned_data["name"], pipeline)
        given = form.cleaned_data | {"name": name, "pipeline": pipeline}
        try:
            other = create(by=by, now=now, owner=record.owner or request.user, **given)
        except BadAnswer as error:
            renamed = {"contact_name": "name", "company": "name"}
            raise BadAnswer(
                {renamed.get(code, code): text for code, text in error.errors.items()}
            ) from error
    if isinstance(record, Contact):
        clients.employ(record, other, by=by, now=now)
    elif isinstance(other, Contact) and isinstance(record, Company):
        clients.employ(other, record, by=by, now=now)


def _window(
    request: SignedIn,
    record: Client,
    form: AnswersForm,
    *,
    status: int = 200,
    template: str = "crm/task_ask.html",
    **shown: Any,
) -> HttpResponse:
    context = {"form": form, "record": None, "back": record.get_absolute_url(), **window(request)}
    return render(request, template, {**context, **shown}, status=status)
