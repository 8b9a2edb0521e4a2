"""The filter's panel, and filters kept under a name, of every list."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import rights, visibility
from crm.filters import columns, saved
from crm.filters import panel as panels
from crm.models import SavedFilter, User
from crm.views import places
from crm.views.answers import SignedIn
from crm.views.chosen import ALL
from crm.views.replies import go, window
from pipelines.errors import BadAnswer


@login_required
@require_GET
def panel(request: SignedIn, place: str) -> HttpResponse:
    """The form alone, for the page `here` to open without drawing itself anew."""
    found = places.named(place, request.user)
    asked, kept = found.ask(request)
    if request.GET.get("saved"):
        kept = [*kept, ("saved", request.GET["saved"])]
    action = found.page(request.GET.get("here", ""))
    return HttpResponse(panels.render(asked, place=place, action=action, kept=kept))


@login_required
@require_GET
def index(request: SignedIn, place: str) -> HttpResponse:
    """All that one may open of a list: for the drop-down of its toolbar, or the page on which they are put in order."""
    there = places.named(place, request.user)
    url = there.page(request.GET.get("here", ""))
    seen = _seen(request.user)
    lines = [
        {
            "saved": item,
            "url": f"{url}?{saved.params_of(item).urlencode()}",
            "is_own": item.owner_id == request.user.pk,
        }
        for item in seen
        if item.list == place
    ]
    context = {
        "place": there,
        "url": url,
        "own": [line for line in lines if line["is_own"]],
        "shared": [line for line in lines if not line["is_own"]],
        "opens_with": saved.default_of(request.user, place),
        "chosen": request.GET.get("saved", ""),
    }
    if request.htmx and not request.htmx.boosted:
        return render(request, "crm/filters_list.html", context)
    numbers = Counter(item.list for item in seen)
    context["places"] = [
        (code, title, icon, numbers[code]) for code, title, icon in places.everywhere(request.user)
    ]
    return render(request, "crm/filters.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedIn, place: str) -> HttpResponse:
    """Keep what the address asks under a name; over one's own filter `saved` where `replace` says so."""
    there = places.named(place, request.user)
    asked, kept = there.ask(request)
    if asked.errors or not asked.asked:
        raise Http404(_("There is no filter to save."))
    number = columns.numbers([request.GET.get("saved", "")])
    known = _own(request).filter(list=place, pk__in=number).first()
    if request.method != "POST":
        return _form(request, known=known)
    pipeline = dict(kept).get("pipeline", ALL)
    facts: dict[str, Any] = {
        "name": request.POST.get("name", ""),
        "share": request.POST.get("share", saved.ALONE),
        "pipeline": "" if pipeline == ALL else pipeline,
        "query": asked.query(),
    }
    try:
        if known is not None and request.POST.get("replace"):
            saved.change(known, **(facts | {"name": known.name, "share": saved.share_of(known)}))
            item = known
        else:
            item = saved.save(owner=request.user, place=place, **facts)
    except BadAnswer as error:
        return _form(request, known=known, errors=error.errors)
    messages.success(request, _("The filter “%(name)s” is saved.") % {"name": item.name})
    url = there.page(request.GET.get("here", ""))
    return go(request, f"{url}?{saved.params_of(item).urlencode()}")


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
    return go(request, reverse("crm:filters", args=[item.list]))


@login_required
@require_POST
def remove(request: SignedIn, pk: int) -> HttpResponse:
    item = get_object_or_404(_own(request), pk=pk)
    saved.remove(item)
    messages.success(request, _("The filter “%(name)s” is removed.") % {"name": item.name})
    return redirect("crm:filters", item.list)


@login_required
@require_POST
def shift(request: SignedIn, pk: int) -> HttpResponse:
    """One place higher (`by=-1`) or lower (`by=1`) among one's own of the list."""
    item = get_object_or_404(_own(request), pk=pk)
    numbers = list(_own(request).filter(list=item.list).values_list("pk", flat=True))
    place = numbers.index(pk) + (-1 if request.POST.get("by") == "-1" else 1)
    numbers.remove(pk)
    numbers.insert(max(0, place), pk)
    saved.order(request.user, item.list, numbers)
    return redirect("crm:filters", item.list)


@login_required
@require_POST
def usual(request: SignedIn, pk: int) -> HttpResponse:
    """Its list opens with this filter from now on."""
    item = get_object_or_404(SavedFilter.objects.visible_to(request.user), pk=pk)
    saved.open_with(request.user, item.list, item)
    return redirect("crm:filters", item.list)


@login_required
@require_POST
def unusual(request: SignedIn, place: str) -> HttpResponse:
    """The list opens with no filter."""
    saved.open_with(request.user, places.named(place, request.user).code, None)
    return redirect("crm:filters", place)


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


def _own(request: SignedIn) -> Any:
    return SavedFilter.objects.filter(owner=request.user)


def _seen(user: User) -> list[SavedFilter]:
    """Those that lead somewhere: one shared by somebody who works in other pipelines leads nowhere."""
    codes = {"", *(pipeline.code for pipeline in visibility.pipelines_of(user))}
    return [item for item in saved.of(user) if item.owner_id == user.pk or item.pipeline in codes]
