"""What pages read of an address alike: the pipeline it names, and its question without some parts."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from crm.board import reading
from crm.views.answers import SignedIn
from pipelines.catalog import CompiledPipeline

# The table shows the deals of all pipelines under this name; a board is always of one.
ALL = "all"
_LAST = "pipeline"


def chosen_pipeline(request: SignedIn, pipelines: list[CompiledPipeline]) -> CompiledPipeline:
    """The pipeline named in the address; else the one opened last; else the first that has open deals of the user.

    Errors: Http404.
    """
    code = request.GET.get("pipeline")
    kept = request.session.get(_LAST)
    if code in (None, "", ALL):
        last = next((item for item in pipelines if item.code == kept), None)
        return last or reading.first_busy(request.user, pipelines)
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
