"""The board: columns of cards that one drags from stage to stage."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import board, cards
from crm.filters import DealFilter, panel, saved
from crm.views.answers import SignedIn
from pipelines.catalog import CompiledPipeline

# The table shows the deals of all pipelines under this name; a board is always of one.
ALL = "all"
_LAST = "pipeline"


@login_required
def home(request: SignedIn) -> HttpResponse:
    return redirect("crm:desktop")


@login_required
def page(request: SignedIn) -> HttpResponse:
    """The board of one pipeline: `?pipeline=code` and the filters of `DealFilter`."""
    now, pipelines = timezone.now(), board.pipelines_of(request.user)
    if not pipelines:
        return render(request, "crm/board_none.html")
    if usual := opening(request, "crm:board"):
        return usual
    pipeline = chosen_pipeline(request, pipelines)
    stages = board.stages_of(request.user, pipeline)
    asked = DealFilter(request.GET, user=request.user, stages=stages)
    around = Around(request, asked, pipeline, here="crm:board")
    if "apply" in request.GET and not asked.errors:
        return around.tidy()
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
        "query": query,
        "columns": shown,
        "forgotten": board.without_task(request.user, stages),
        **around.context(),
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


@dataclass
class Around:
    """What stands around a list of deals: the filter's panel where it is open, the chips, and where they lead."""

    request: SignedIn
    asked: DealFilter
    pipeline: CompiledPipeline | None
    here: str

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the address says beside conditions."""
        given = self.request.GET
        code = self.pipeline.code if self.pipeline else ALL
        rest = [(name, given[name]) for name in ("sort", "size") if given.get(name)]
        return [("pipeline", code), *rest]

    def tidy(self) -> HttpResponse:
        """To the address of the same question, without what the form left empty."""
        saved_pk = self.request.GET.get("saved", "")
        pairs = [*self.kept, *([("saved", saved_pk)] if saved_pk else []), *self.asked.pairs()]
        return redirect(f"{self.request.path}?{urlencode(pairs)}")

    def context(self) -> dict[str, object]:
        given = self.request.GET
        above = panel.above(
            self.asked, kept=self.kept, here=self.here, saved_pk=given.get("saved", "")
        )
        form = SafeString("")
        if "filters" in given or self.asked.errors:
            kept = [*self.kept, *([("saved", given["saved"])] if above.saved else [])]
            form = panel.render(
                self.asked, pipeline=self.pipeline, action=self.request.path, kept=kept
            )
        return {"filter": self.asked, "above": above, "filter_form": form}


def opening(request: SignedIn, here: str) -> HttpResponse | None:
    """Where nothing at all is asked: to the filter that the user chose to open his deals with."""
    if request.GET or not (usual := saved.opened_with(request.user)):
        return None
    codes = {pipeline.code for pipeline in board.pipelines_of(request.user)}
    if usual.pipeline and usual.pipeline not in codes:
        return None
    return redirect(f"{reverse(here)}?{saved.params_of(usual).urlencode()}")


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
