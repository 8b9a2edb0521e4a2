"""The feed by portions, and what people add to it by hand: notes, calls, messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from crm import contacting, deals
from crm.card import feed_filter, feed_lines, mentions, pins
from crm.card import page as card
from crm.card.feed_filter import Filter
from crm.card.feed_lines import Portion
from crm.card.pins import Pins
from crm.forms import ContactedForm
from crm.records import Record
from crm.views.answers import SignedIn, page_or_part
from crm.views.replies import address, done, find_deal, me, refused
from pipelines import catalog
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event
from pipelines.numbers import whole


@login_required
@require_GET
def feed(request: SignedIn, pk: int) -> HttpResponse:
    """A portion of the feed: the newest, or those before an entry, of the kinds and with the words asked for."""
    deal = find_deal(request, pk)
    asked, before = feed_filter.read(request.GET), position(request)
    portion = feed_lines.read_feed(deal, asked=asked, before=before)
    pinned = pins.entries_of(deal) if before else card.pins_of(deal)
    context = {
        "deal": deal,
        "may_pin": card.lets_edit(catalog.stage(deal.stage_id), request.user),
        **shown(deal, asked, portion, pinned),
    }
    return answer(request, context, before=before)


def position(request: SignedIn) -> int | None:
    """The entry that the portion asked for begins before; None for the newest, and for nonsense."""
    return whole(request.GET.get("before"))


def shown(record: Record, asked: Filter, portion: Portion, pinned: Pins) -> dict[str, Any]:
    """What the templates of a feed are given on every card."""
    card = address(record)
    return {
        "record": record,
        "portion": portion,
        "pins": pinned,
        "asked": asked,
        "kinds": feed_filter.KINDS,
        "card_url": card,
        "feed_url": f"{card}feed/",
    }


def answer(request: SignedIn, context: dict[str, Any], *, before: int | None) -> HttpResponse:
    """The portion to htmx, whose address then says what the feed shows; a page of its own without scripts."""
    part = "crm/feed_lines.html" if request.htmx and before else "crm/feed.html"
    lines = render_to_string(part, context, request)
    if not request.htmx:
        return render(request, "crm/feed_page.html", context | {"feed": SafeString(lines)})
    response = HttpResponse(lines)
    if request.htmx.trigger == "feed-filter":
        asked: Filter = context["asked"]
        card: str = context["card_url"]
        response["HX-Replace-Url"] = f"{card}?{asked.query}" if asked else card
    return response


@login_required
@require_POST
def note(request: SignedIn, pk: int) -> HttpResponse:
    """Add a note."""
    return add_note(request, find_deal(request, pk), deals.write_note)


def add_note(request: SignedIn, record: Record, write: Callable[..., Event]) -> HttpResponse:
    """The note that was typed, written by the verb of the record's kind."""
    text, mentioned = request.POST.get("text", ""), chosen(request)
    try:
        written = write(record, text=text, mentioned=mentioned, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, record, error)
    return noted(request, record, written)


def chosen(request: SignedIn) -> set[int]:
    """The colleagues picked from what was offered while one typed."""
    ids = map(whole, request.POST.getlist("mention")[:100])
    return {pk for pk in ids if pk is not None}


def noted(request: SignedIn, record: Record, written: Event) -> HttpResponse:
    """The note is written; whoever was named in it and does not see the record is said to its author at once."""
    blind = mentions.who_cannot_see(written)
    if not blind:
        return done(request, record)
    said = ngettext(
        "The note is written. %(names)s does not see this card and is not told.",
        "The note is written. %(names)s do not see this card and are not told.",
        len(blind),
    )
    names = ", ".join(map(str, blind))
    return done(request, record, said % {"names": names}, kind="warning")


@login_required
@require_POST
def pin(request: SignedIn, pk: int) -> HttpResponse:
    """Put an entry on top of the deal's card, or take it off."""
    deal = find_deal(request, pk)
    feed = feed_lines.entries_of(item.pk for item in feed_lines.chain(deal))
    return pin_entry(request, deal, feed)


def pin_entry(request: SignedIn, record: pins.Card, feed: QuerySet[Event]) -> HttpResponse:
    """`entry=number` puts it on top, `off=number` takes it off; the feed alone is drawn anew."""
    number = whole(request.POST.get("entry") or request.POST.get("off"))
    if number is None:
        raise Http404
    event = get_object_or_404(feed, pk=number)
    act = pins.pin if "entry" in request.POST else pins.unpin
    try:
        act(record, event, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, record, error)
    if not request.htmx:
        return done(request, record)
    return trigger_client_event(HttpResponse(status=204), "feed:changed", {})


@login_required
@require_GET
def people(request: SignedIn, pk: int) -> JsonResponse:
    """Whom one may call to the deal by «@», as one types."""
    return offer(request, find_deal(request, pk))


def offer(request: SignedIn, record: Record) -> JsonResponse:
    """{"people": [{"id", "name", "team"}]} of those who see the record and fit `q`."""
    found = mentions.offered(record, request.GET.get("q", ""), by=request.user)
    told = [{"id": user.pk, "name": str(user), "team": str(user.team or "")} for user in found]
    return JsonResponse({"people": told})


@login_required
@require_http_methods(["GET", "POST"])
def contacted(request: SignedIn, pk: int) -> HttpResponse:
    """Put on record a call or a message that no channel delivered; asked for, its form."""
    return record_call(request, find_deal(request, pk), contacting.record_contact)


def record_call(
    request: SignedIn, record: Record, put_on_record: Callable[..., Event]
) -> HttpResponse:
    """The form of a call or a message, and what it says put on record by the verb of the record's kind."""
    if request.method == "GET":
        context = {"record": record, "card_url": address(record), "form": ContactedForm()}
        page, part = "crm/compose_contacted_page.html", "crm/compose_contacted.html"
        return page_or_part(request, page, part, context)
    form = ContactedForm(request.POST)
    try:
        if not form.is_valid():
            raise BadAnswer(
                {name: f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()}
            )
        put_on_record(record, by=me(request), now=timezone.now(), **form.facts)
    except RegulationError as error:
        return refused(request, record, error)
    return done(request, record, _("Put on record."))
