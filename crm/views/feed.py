"""The feed by portions, and what people add to it by hand: notes, calls, messages."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import contacting, deals, feed_lines
from crm.forms import ContactedForm
from crm.views.replies import done, find_deal, me, refused
from pipelines.errors import BadAnswer, RegulationError


@login_required
@require_GET
def feed(request: HttpRequest, pk: int) -> HttpResponse:
    """A portion of the feed: the newest, or those before an entry."""
    deal = find_deal(request, pk)
    before = request.GET.get("before", "")
    portion = feed_lines.read_feed(
        deal, before=int(before) if before.isdecimal() and len(before) < 19 else None
    )
    part = "crm/feed_lines.html" if before else "crm/feed.html"
    return render(
        request, part if request.htmx else "crm/feed_page.html", {"deal": deal, "portion": portion}
    )


@login_required
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a note."""
    deal = find_deal(request, pk)
    try:
        deals.write_note(
            deal, text=request.POST.get("text", ""), by=me(request), now=timezone.now()
        )
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal)


@login_required
@require_POST
def contacted(request: HttpRequest, pk: int) -> HttpResponse:
    """Put on record a call or a message that no channel delivered."""
    deal = find_deal(request, pk)
    form = ContactedForm(request.POST)
    try:
        if not form.is_valid():
            raise BadAnswer(
                {name: f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items()}
            )
        contacting.record_contact(deal, by=me(request), now=timezone.now(), **form.cleaned_data)
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal, _("Put on record."))
