"""The board: columns of cards that one drags from stage to stage."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import board, cards
from crm.filters import DealFilter
from crm.views.answers import SignedIn
from pipelines.catalog import CompiledPipeline

# The table shows the deals of all pipelines under this name; a board is always of one.
ALL = "all"
_LAST = "pipeline"


@login_required
def home(request: SignedIn) -> HttpResponse:
    return redirect("crm:board")


@login_required
def page(request: SignedIn) -> HttpResponse:
    """The board of one pipeline: `?pipeline=code` and the filters of `DealFilter`."""
    now, pipelines = timezone.now(), board.pipelines_of(request.user)
    if not pipelines:
        return render(request, "crm/board_none.html")
    pipeline = chosen_pipeline(request, pipelines)
    stages = board.stages_of(request.user, pipeline)
    asked = DealFilter(request.GET, user=request.user, stages=stages)
    query = query_without(request, "after", "column", "filters")
    first = (
        min(int(request.GET["first"]), board.PORTION)
        if request.GET.get("first", "").isdecimal()
        else board.FIRST
    )
    columns = board.columns(request.user, stages, asked, now=now, first=first)
    shown = cards.render_columns(
        columns, user=request.user, query=query, currency=pipeline.currency, now=now
    )
    context = {
        "pipelines": pipelines,
        "pipeline": pipeline,
        "stages": stages,
        "filter": asked,
        "filter_form": shown_filter(request, asked, {"pipeline": pipeline.code}),
        "query": query,
        "columns": shown,
        "forgotten": board.without_task(request.user, stages),
    }
    return render(request, "crm/board.html", context, status=400 if asked.errors else 200)


@login_required
def column(request: SignedIn) -> HttpResponse:
    """The next portion of one column: `?column=stage code&after=mark`."""
    pipeline = chosen_pipeline(request, board.pipelines_of(request.user))
    stages = board.stages_of(request.user, pipeline)
    asked = DealFilter(request.GET, user=request.user, stages=stages)
    stage = next((item for item in stages if item.code == request.GET.get("column")), None)
    if stage is None:
        raise Http404(_("There is no such stage."))
    now = timezone.now()
    try:
        found = board.portion(
            request.user, stage, asked, now=now, after=request.GET.get("after", "")
        )
    except ValueError:
        return HttpResponseBadRequest(_("This place of the list can't be understood."))
    query = query_without(request, "after", "column")
    return HttpResponse(cards.render_cards(found, user=request.user, query=query, now=now))


def shown_filter(request: SignedIn, asked: DealFilter, kept: dict[str, str]) -> SafeString:
    """The filter's form, where something is asked or the button was pressed; its lists of choices cost queries."""
    if not (asked.is_active or "filters" in request.GET):
        return SafeString("")
    return cards.render_filter(asked, action=request.path, kept=kept.items())


def chosen_pipeline(request: SignedIn, pipelines: list[CompiledPipeline]) -> CompiledPipeline:
    """The pipeline named in the address; else the one opened last; else the first that has open deals of the user.

    Errors: Http404.
    """
    code = request.GET.get("pipeline")
    kept = request.session.get(_LAST)
    if code in (None, "", ALL):
        last = next((item for item in pipelines if item.code == kept), None)
        return last or board.first_busy(request.user, pipelines)
    for pipeline in pipelines:
        if pipeline.code == code:
            if len(pipelines) > 1 and kept != code:
                request.session[_LAST] = code
            return pipeline
    raise Http404(_("There is no such pipeline, or it is not yours to see."))


def query_without(request: SignedIn, *names: str) -> str:
    """The address's question without these parts, to be put into links."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return query.urlencode()
