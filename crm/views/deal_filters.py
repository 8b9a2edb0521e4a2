"""The filter's panel, and filters kept under a name."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import board, rights
from crm.filters import DealFilter, saved
from crm.filters import panel as panels
from crm.models import SavedFilter
from crm.views.answers import SignedIn
from crm.views.board import ALL, chosen_pipeline
from crm.views.replies import go, window
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer

# The pages that a filter is of.
HERE = ("crm:board", "crm:table")


@login_required
@require_GET
def panel(request: SignedIn) -> HttpResponse:
    """The form alone, for the page `here` to open without drawing itself anew."""
    pipeline, asked = _asked(request, request.GET)
    kept = [
        (name, request.GET[name])
        for name in ("pipeline", "sort", "size", "saved")
        if request.GET.get(name)
    ]
    html = panels.render(asked, pipeline=pipeline, action=_here(request.GET), kept=kept)
    return HttpResponse(html)


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """All that one may open: a list for the drop-down of the toolbar, or the page on which they are put in order."""
    found = saved.of(request.user)
    codes = {pipeline.code for pipeline in board.pipelines_of(request.user)}
    here = _here(request.GET)
    lines = [
        {
            "saved": item,
            "url": f"{here}?{saved.params_of(item).urlencode()}",
            "is_own": item.owner_id == request.user.pk,
        }
        for item in found
        # One shared by somebody who works in other pipelines leads nowhere.
        if item.owner_id == request.user.pk or not item.pipeline or item.pipeline in codes
    ]
    context = {
        "own": [line for line in lines if line["is_own"]],
        "shared": [line for line in lines if not line["is_own"]],
        "opens_with": saved.default_of(request.user),
        "chosen": request.GET.get("saved", ""),
    }
    template = "crm/filters_list.html" if request.htmx else "crm/filters.html"
    return render(request, template, context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedIn) -> HttpResponse:
    """Keep what the address asks under a name; over one's own filter `saved` where `replace` says so."""
    pipeline, asked = _asked(request, request.GET)
    if asked.errors or not asked.asked:
        raise Http404(_("There is no filter to save."))
    known = _own(request).filter(pk=_number(request.GET.get("saved", ""))).first()
    if request.method != "POST":
        return _form(request, known=known)
    facts: dict[str, Any] = {
        "name": request.POST.get("name", ""),
        "share": request.POST.get("share", saved.ALONE),
        "pipeline": pipeline.code if pipeline else "",
        "query": asked.query(),
    }
    try:
        if known is not None and request.POST.get("replace"):
            saved.change(known, **(facts | {"name": known.name, "share": saved.share_of(known)}))
            kept = known
        else:
            kept = saved.save(owner=request.user, **facts)
    except BadAnswer as error:
        return _form(request, known=known, errors=error.errors)
    messages.success(request, _("The filter “%(name)s” is saved.") % {"name": kept.name})
    return go(request, f"{_here(request.GET)}?{saved.params_of(kept).urlencode()}")


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: SignedIn, pk: int) -> HttpResponse:
    """Another name for one's own filter, or other people to see it."""
    item = get_object_or_404(_own(request), pk=pk)
    if request.method != "POST":
        return _form(request, item=item)
    try:
        saved.change(
            item, name=request.POST.get("name", ""), share=request.POST.get("share", saved.ALONE)
        )
    except BadAnswer as error:
        return _form(request, item=item, errors=error.errors)
    return go(request, reverse("crm:filters"))


@login_required
@require_POST
def remove(request: SignedIn, pk: int) -> HttpResponse:
    item = get_object_or_404(_own(request), pk=pk)
    saved.remove(item)
    messages.success(request, _("The filter “%(name)s” is removed.") % {"name": item.name})
    return redirect("crm:filters")


@login_required
@require_POST
def shift(request: SignedIn, pk: int) -> HttpResponse:
    """One place higher (`by=-1`) or lower (`by=1`) among one's own."""
    numbers = list(_own(request).values_list("pk", flat=True))
    if pk not in numbers:
        raise Http404
    place = numbers.index(pk) + (-1 if request.POST.get("by") == "-1" else 1)
    numbers.remove(pk)
    numbers.insert(max(0, place), pk)
    saved.order(request.user, numbers)
    return redirect("crm:filters")


@login_required
@require_POST
def usual(request: SignedIn, pk: int | None = None) -> HttpResponse:
    """The deals open with this filter from now on; without a number, with none."""
    item = None if pk is None else saved.find(request.user, pk)
    if pk is not None and item is None:
        raise Http404
    saved.open_with(request.user, item)
    return redirect("crm:filters")


def _form(
    request: SignedIn,
    *,
    item: SavedFilter | None = None,
    known: SavedFilter | None = None,
    errors: dict[str, str] | None = None,
) -> HttpResponse:
    """`item` is changed; `known` may be written over. What was typed stays."""
    typed = request.POST if request.method == "POST" else None
    may_share = request.user.may(rights.SHARE)
    context = window(request) | {
        "item": item,
        "known": known,
        "errors": errors or {},
        "action": request.get_full_path(),
        "name": typed.get("name", "") if typed is not None else (item.name if item else ""),
        "share": typed.get("share", "")
        if typed is not None
        else (saved.share_of(item) if item else ""),
        "may_share": may_share,
        "teams": saved.teams_for(request.user) if may_share else (),
    }
    return render(request, "crm/filter_save.html", context, status=422 if errors else 200)


def _asked(request: SignedIn, params: QueryDict) -> tuple[CompiledPipeline | None, DealFilter]:
    pipelines = board.pipelines_of(request.user)
    if not pipelines:
        raise Http404(_("There is no pipeline for you yet."))
    pipeline = None if params.get("pipeline") == ALL else chosen_pipeline(request, pipelines)
    shown = pipelines if pipeline is None else [pipeline]
    stages = [stage for item in shown for stage in board.stages_of(request.user, item)]
    return pipeline, DealFilter(params, user=request.user, stages=stages)


def _own(request: SignedIn) -> Any:
    return SavedFilter.objects.filter(owner=request.user)


def _here(params: QueryDict) -> str:
    asked = params.get("here", "")
    return reverse(asked if asked in HERE else HERE[0])


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
