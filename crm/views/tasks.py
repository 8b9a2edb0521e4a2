"""«Задачи» as a list: asked by an address, sorted, a page by key."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm import columns, rights
from crm.filters import panel as panels
from crm.planning import listing
from crm.planning.asked import TaskFilter
from crm.views.answers import SignedIn


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """`?owner=…&state=…` and the other conditions, `sort=[-]column`, `size=50|100|200`, `after=` or `before=` a mark."""
    user, now = request.user, timezone.now()
    asked = TaskFilter(request.GET, user=user)
    if "owner" in asked.errors:
        raise Http404(_("There is no such person, or his tasks are not yours to see."))
    order, size = listing.Order.parse(request.GET.get("sort", "")), _size(request)
    kept = _kept(order, size)
    if "apply" in request.GET and not asked.errors:
        # A form sends its empty fields too: the address that stays is the short one.
        return redirect(_address([*kept, *asked.pairs()]))
    marks = {name: request.GET.get(name, "") for name in ("after", "before")}
    try:
        found = listing.read_page(user, asked, order=order, size=size, now=now, **marks)
    except ValueError:
        messages.warning(
            request, _("This place of the list can't be understood; here is its beginning.")
        )
        return redirect(_address([*kept, *asked.pairs()]))
    shown = columns.chosen(user, "tasks", "all", listing.known_columns(user))
    context = {
        "page": found,
        "columns": shown.columns,
        "sorts": {column: _sort(order, column, asked, size) for column in listing.SORTS},
        "asked": asked,
        "chips": asked.chips(),
        "base": f"?{urlencode(kept)}&" if kept else "?",
        "query": urlencode([*kept, *asked.pairs()]),
        "question": asked.query(),
        "size": size,
        "sizes": [
            (number, "?" + urlencode([*_kept(order, number), *asked.pairs()]))
            for number in listing.SIZES
        ],
        "quick": _quick(asked),
        "panel_url": f"{reverse('crm:task_panel')}?{urlencode([*kept, *asked.pairs()])}",
        "may_arrange": user.may(rights.ARRANGE),
        "may_export": user.may(rights.EXPORT),
        "may_many": user.may(rights.CHANGE_MANY),
        "view": "list",
        "forgotten": []
        if asked.is_active or marks["after"] or marks["before"]
        else listing.without_task(user, user),
    }
    return render(request, "crm/tasks.html", context, status=400 if asked.errors else 200)


@login_required
@require_GET
def panel(request: SignedIn) -> HttpResponse:
    """The filter's form, for the list or, with `here=calendar`, for the calendar."""
    asked = TaskFilter(request.GET, user=request.user)
    in_calendar = request.GET.get("here") == "calendar"
    kept = (
        []
        if in_calendar
        else _kept(listing.Order.parse(request.GET.get("sort", "")), _size(request))
    )
    action = reverse("crm:task_calendar" if in_calendar else "crm:tasks")
    form = panels.render(asked, pipeline=None, action=action, kept=kept)
    if request.htmx:
        return HttpResponse(form)
    return render(request, "crm/tasks_panel.html", {"panel": form})


def _quick(asked: TaskFilter) -> list[tuple[str, str, bool]]:
    """What most people ask for most often: a label, its address, whether it is what is shown."""
    others = asked.pairs(without=["due", "overdue", "state"])
    choices = [
        (_("All open"), []),
        (_("Overdue"), [("overdue", "1")]),
        (_("Today"), [("due", "today")]),
        (_("This week"), [("due", "this_week")]),
        (_("Finished ones"), [("state", "done")]),
    ]
    now = asked.query()
    return [
        (label, _address([*others, *pairs]), now == urlencode(sorted_as(asked, [*others, *pairs])))
        for label, pairs in choices
    ]


def sorted_as(asked: TaskFilter, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """In the order in which the filter writes its address."""
    order = list(asked.conditions)
    return sorted(pairs, key=lambda pair: order.index(pair[0]) if pair[0] in order else -1)


def _sort(order: listing.Order, column: str, asked: TaskFilter, size: int) -> dict[str, str]:
    """The address that sorts by the column (a second press turns it round), and its arrow."""
    is_current = column == order.column
    turned = not order.down if is_current else column == "created_at"
    there = listing.Order(column, turned)
    arrow = ("descending" if order.down else "ascending") if is_current else ""
    return {"url": "?" + urlencode([*_kept(there, size), *asked.pairs()]), "aria": arrow}


def _kept(order: listing.Order, size: int) -> list[tuple[str, str]]:
    kept = [] if order == listing.Order() else [("sort", str(order))]
    return kept if size == listing.SIZES[0] else [*kept, ("size", str(size))]


def _size(request: SignedIn) -> int:
    asked = request.GET.get("size", "")
    return next((size for size in listing.SIZES if str(size) == asked), listing.SIZES[0])


def _address(pairs: list[tuple[str, Any]]) -> str:
    url = reverse("crm:tasks")
    return f"{url}?{urlencode(pairs)}" if pairs else url
