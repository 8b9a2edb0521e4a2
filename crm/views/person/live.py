"""What open pages ask when something has changed: what it is, and the board's cards that changed."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm import visibility
from crm.board import cards, reading
from crm.filters import DealFilter
from crm.live import readers
from crm.models import Notice
from crm.notices import reading as notices
from crm.views.answers import SignedIn
from crm.views.chosen import chosen_pipeline
from pipelines.numbers import whole

# More changed cards than this and the board is read anew.
CARDS_LIMIT = 50
TOLD = 3


@require_GET
def no_stream(request: SignedIn) -> HttpResponse:
    """A server without an event loop has no stream: 204 tells the browser not to ask again, and the page polls."""
    return HttpResponse(status=204)


@require_GET
def poll(request: HttpRequest) -> HttpResponse:
    """What happened since `?since=<milliseconds>` to `?topics=`: `{now, unread, changes, notices}`.

    No redirect for who is signed out: a script asks, not a person.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    now = timezone.now()
    since = readers.moment(request.GET.get("since", "")) or now
    topics = readers.parse(request.GET.get("topics", ""))
    new = Notice.objects.filter(user=request.user, at__gt=since - readers.MARGIN).unread()
    latest = [
        {"id": notice.pk, "text": notice.text, "kind": notice.kind}
        for notice in new.order_by("-pk")[:TOLD]
    ]
    changes = []
    if topics:
        heard = readers.allowed(request.user, topics)
        changes = readers.changes(request.user, heard, since)
    return JsonResponse(
        {
            "now": readers.milliseconds(now),
            "unread": notices.count(request.user),
            "changes": changes,
            "notices": latest,
        },
        headers={"Cache-Control": "no-store"},
    )


@login_required
@require_GET
def board_cards(request: SignedIn) -> HttpResponse:
    """The heads of the board's columns, and those of the cards `?deals=1,2` that belong on it by the board's own question."""
    pipeline = chosen_pipeline(request, visibility.pipelines_of(request.user))
    stages = visibility.stages_of(request.user, pipeline)
    asked = DealFilter(request.GET, user=request.user, stages=stages)
    now = timezone.now()
    given = request.GET.get("deals", "").split(",")[:CARDS_LIMIT]
    numbers = [number for pk in given if (number := whole(pk)) is not None]
    totals = reading.totals_of(request.user, stages, asked, now=now)
    columns = [reading.Column(stage, totals.get(stage.id, reading.NOTHING)) for stage in stages]
    rows = reading.cards_of(request.user, stages, asked, numbers, now=now)
    html = cards.render_changed(
        columns, rows=rows, user=request.user, currency=pipeline.currency, now=now
    )
    return HttpResponse(html)
