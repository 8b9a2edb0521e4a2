"""The board: columns of cards that one drags from stage to stage."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import visibility
from crm.board import cards, reading
from crm.filters import DealFilter, saved
from crm.views.answers import SignedIn
from crm.views.chosen import chosen_pipeline, query_without
from crm.views.places import Around, deals_kept, opening
from pipelines.numbers import whole


@login_required
def home(request: SignedIn) -> HttpResponse:
    return redirect("crm:desktop")


@login_required
def page(request: SignedIn) -> HttpResponse:
    """The board of one pipeline: `?pipeline=code` and the filters of `DealFilter`."""
    now, pipelines = timezone.now(), visibility.pipelines_of(request.user)
    if not pipelines:
        return render(request, "crm/board_none.html")
    if usual := opening(request, saved.DEALS):
        return usual
    pipeline = chosen_pipeline(request, pipelines)
    stages = visibility.stages_of(request.user, pipeline)
    asked = DealFilter(request.GET, user=request.user, stages=stages)
    kept = deals_kept(request, pipeline)
    around = Around(request, saved.DEALS, asked, kept, here="crm:board")
    if "apply" in request.GET and not asked.errors:
        return redirect(around.url())
    query = query_without(request, "after", "column", "filters")
    asked_first = whole(request.GET.get("first"))
    first = reading.FIRST if asked_first is None else min(asked_first, reading.PORTION)
    columns = reading.columns(request.user, stages, asked, now=now, first=first)
    shown = cards.render_columns(
        columns, user=request.user, query=query, currency=pipeline.currency, now=now
    )
    context = {
        "pipelines": pipelines,
        "pipeline": pipeline,
        "stages": stages,
        "query": query,
        "columns": shown,
        "forgotten": reading.without_task(request.user, stages),
        **around.context(),
    }
    return render(request, "crm/board.html", context, status=400 if asked.errors else 200)


@login_required
def column(request: SignedIn) -> HttpResponse:
    """The next portion of one column: `?column=stage code&after=mark`."""
    pipeline = chosen_pipeline(request, visibility.pipelines_of(request.user))
    stages = visibility.stages_of(request.user, pipeline)
    asked = DealFilter(request.GET, user=request.user, stages=stages)
    stage = next((item for item in stages if item.code == request.GET.get("column")), None)
    if stage is None:
        raise Http404(_("There is no such stage."))
    now = timezone.now()
    try:
        found = reading.portion(
            request.user, stage, asked, now=now, after=request.GET.get("after", "")
        )
    except ValueError:
        return HttpResponseBadRequest(_("This place of the list can't be understood."))
    query = query_without(request, "after", "column")
    return HttpResponse(cards.render_cards(found, user=request.user, query=query, now=now))
