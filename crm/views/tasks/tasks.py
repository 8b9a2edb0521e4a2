"""«Задачи» as a list: asked by an address, sorted, a page by key."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm import columns, rights
from crm.filters import saved
from crm.filters.asking import Pairs
from crm.planning import listing
from crm.planning.asked import TaskFilter
from crm.views.answers import SignedIn
from crm.views.places import Around, opening

PLACE = "tasks"


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """`?owner=…&state=…` and the other conditions, `sort=[-]column`, `size=50|100|200`, `after=` or `before=` a mark."""
    user, now = request.user, timezone.now()
    if usual := opening(request, PLACE):
        return usual
    asked = TaskFilter(request.GET, user=user)
    order = listing.Order.parse(request.GET.get("sort", ""))
    size = listing.size_of(request.GET.get("size", ""))
    around = Around(request, PLACE, asked, listing.kept(order, size), here="crm:tasks")
    if "apply" in request.GET and not asked.errors:
        # A form sends its empty fields too: the address that stays is the short one.
        return redirect(around.url())
    marks = {name: request.GET.get(name, "") for name in ("after", "before")}
    try:
        found = listing.read_page(user, asked, order=order, size=size, now=now, **marks)
    except ValueError:
        messages.warning(
            request, _("This place of the list can't be understood; here is its beginning.")
        )
        return redirect(around.url())
    shown = columns.chosen(user, "tasks", "all", listing.known_columns(user))
    context = {
        "page": found,
        "columns": shown.columns,
        "sorts": {column: _sort(order, column, around, size) for column in listing.SORTS},
        "query": urlencode(around.pairs()),
        "question": asked.query(),
        "view_query": urlencode(around.pairs([])),
        "size": size,
        "sizes": [
            (number, _address(around.pairs(listing.kept(order, number))))
            for number in listing.SIZES
        ],
        "quick": _quick(asked),
        "may_arrange": user.may(rights.ARRANGE),
        "may_export": user.may(rights.EXPORT),
        "may_many": user.may(rights.CHANGE_MANY),
        "view": "list",
        "forgotten": []
        if asked.is_active or marks["after"] or marks["before"]
        else listing.without_task(user, user),
        **around.context(),
    }
    return render(request, "crm/tasks.html", context, status=400 if asked.errors else 200)


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
        (
            label,
            _address(saved.stated(asked.user, PLACE, [*others, *pairs])),
            now == urlencode(sorted_as(asked, [*others, *pairs])),
        )
        for label, pairs in choices
    ]


def sorted_as(asked: TaskFilter, pairs: Pairs) -> Pairs:
    """In the order in which the filter writes its address."""
    order = list(asked.conditions)
    return sorted(pairs, key=lambda pair: order.index(pair[0]) if pair[0] in order else -1)


def _sort(order: listing.Order, column: str, around: Around, size: int) -> dict[str, str]:
    """The address that sorts by the column (a second press turns it round), and its arrow."""
    is_current = column == order.column
    turned = not order.down if is_current else column == "created_at"
    there = listing.Order(column, turned)
    arrow = ("descending" if order.down else "ascending") if is_current else ""
    return {"url": _address(around.pairs(listing.kept(there, size))), "aria": arrow}


def _address(pairs: Pairs) -> str:
    url = reverse("crm:tasks")
    return f"{url}?{urlencode(pairs)}" if pairs else url
