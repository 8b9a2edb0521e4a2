"""«Lists»: one page for contacts, companies and every own list."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from crm import columns, preferences, rights
from crm.batches import verbs as batches
from crm.batches.verbs import NewRow
from crm.card import page as card
from crm.lists import giving, reading, shapes, table_columns
from crm.lists.asked import ListFilter
from crm.lists.shapes import Shape
from crm.models import User
from crm.views.answers import SignedIn
from crm.views.chosen import query_without
from crm.views.places import Around, list_kept, opening
from crm.views.replies import form_key
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.numbers import whole

LAST = "lists.last"
# More records at a time nobody means.
MANY = 100_000


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """The list that one looked at last; contacts at first."""
    last = str(preferences.get(request.user, LAST, ""))
    shape = shapes.named(last, request.user) or shapes.of_clients("contact", request.user)
    return redirect(shape.url)


@login_required
@require_GET
def clients(request: SignedIn, kind: str) -> HttpResponse:
    """Contacts, or companies."""
    return page(request, shapes.of_clients(kind, request.user))


@login_required
@require_GET
def own(request: SignedIn, code: str) -> HttpResponse:
    """A list of the company's own; 404 for one that the person may not read."""
    shape = shapes.named(f"list-{code}", request.user)
    if shape is None:
        raise Http404
    return page(request, shape)


def page(request: SignedIn, shape: Shape) -> HttpResponse:
    """A condition a field (`crm.lists.asked`), `sort=`, `size=`, `after=` the mark of the page before."""
    user = request.user
    if preferences.get(user, LAST) != shape.code:
        preferences.put(user, LAST, shape.code)
    if usual := opening(request, shape.code):
        return usual
    asked = ListFilter(request.GET, user=user, shape=shape)
    around = Around(request, shape.code, asked, list_kept(request))
    if "apply" in request.GET and not asked.errors:
        return redirect(around.url())
    people = card.owners_for(user)
    context: dict[str, Any] = {
        "shape": shape,
        "text": asked.asked.get("q", ""),
        # What the field of the search asks beside itself.
        "besides": [pair for pair in around.pairs() if pair[0] != "q"],
        "people": people,
        "choices": shapes.choices(user),
        **_found(request, shape, asked),
        **_allowed(user, shape),
        "ticks": _may_tick(user, shape, people) and not asked.is_archive,
        **around.context(),
    }
    context["rows"] = SafeString(render_to_string("crm/list_rows.html", context, request))
    return render(request, "crm/list_page.html", context, status=400 if asked.errors else 200)


def _found(request: SignedIn, shape: Shape, asked: ListFilter) -> dict[str, Any]:
    """A page of the records in the person's columns, and the addresses of its other orders, sizes and pages."""
    sort = reading.sort_of(request.GET.get("sort", ""))
    size = reading.size_of(request.GET.get("size", ""))
    after = request.GET.get("after", "")
    shown = columns.chosen(request.user, "lists", shape.code, table_columns.of(shape)).columns
    return {
        "page": reading.read_page(
            shape,
            request.user,
            asked,
            now=timezone.now(),
            columns=[shape.fields[column.code] for column in shown],
            sort=sort,
            size=size,
            after=after,
        ),
        "columns": shown,
        "sort": sort,
        "sorts": _sorts(request, sort),
        "size": size,
        "sizes": reading.SIZES,
        "size_query": query_without(request, "after", "size", "filters"),
        "query": query_without(request, "after", "filters"),
        "is_later": bool(after),
    }


def _allowed(user: User, shape: Shape) -> dict[str, Any]:
    """What the person may do with the list, with the addresses where he does."""
    return {
        "may_add": shape.may_add(user),
        "may_import": shape.may_add(user) and user.may(rights.IMPORT),
        "may_merge": shape.code in ("contact", "company") and user.may(rights.MERGE),
        "may_export": user.may(rights.EXPORT),
        "may_arrange": user.may(rights.ARRANGE),
        "import_url": f"{reverse('crm:import_new')}?into={shape.code}",
        "new_url": new_url(shape),
    }


def _may_tick(user: User, shape: Shape, people: list[User]) -> bool:
    """Ticked records are given to somebody else: there must be one."""
    return user.may(rights.CHANGE_MANY) and shape.may_add(user) and len(people) > 1


def new_url(shape: Shape) -> str:
    if shape.own is not None:
        return reverse("crm:item_new", args=[shape.own.code])
    return reverse(f"crm:{shape.code}_new")


def _sorts(request: SignedIn, sort: str) -> dict[str, dict[str, str]]:
    """For each column one can sort by: the address (a second press turns it round) and the direction it has now."""
    base, found = query_without(request, "after", "sort", "filters"), {}
    for code, column in (("name", "name"), ("created_at", "id")):
        is_current = sort.removeprefix("-") == column
        turned = not sort.startswith("-") if is_current else column != "name"
        found[code] = {
            "url": f"?{base}&sort={'-' if turned else ''}{column}",
            "aria": ("descending" if sort.startswith("-") else "ascending") if is_current else "",
        }
    return found


@login_required
@require_POST
def reassign(request: SignedIn, code: str) -> HttpResponse:
    """Give the ticked records, or everything that the question of `query` finds, to another person."""
    shape = shapes.named(code, request.user)
    if shape is None:
        raise Http404
    asked = request.POST.get("owner")
    person = next((who for who in card.owners_for(request.user) if str(who.pk) == asked), None)
    try:
        if person is None:
            raise RegulationError(_("Choose a person from the list."))
        rows = [NewRow(record_id=pk, name=name) for pk, name in _chosen(request, shape)]
        title = ngettext(
            "%(list)s: %(number)s to %(person)s", "%(list)s: %(number)s to %(person)s", len(rows)
        ) % {"list": shape.title, "number": len(rows), "person": person}
        batch = batches.start(
            giving.KINDS[shape.kind],
            title=title,
            rows=rows,
            params={"owner": person.pk},
            by=Actor.person(request.user),
            now=timezone.now(),
            key=form_key(request),
        )
    except RegulationError as error:
        messages.error(request, str(error))
        return redirect(shape.url)
    return redirect(batch)


def _chosen(request: SignedIn, shape: Shape) -> list[tuple[int, str]]:
    if request.POST.get("everything"):
        query = QueryDict(request.POST.get("query", ""))
        found = ListFilter(query, user=request.user, shape=shape).records(now=timezone.now())
    else:
        ticked = request.POST.getlist("id")[: reading.SIZES[-1]]
        found = shape.records(request.user).filter(
            pk__in=[pk for pk in map(whole, ticked) if pk is not None]
        )
    return list(found.order_by("-pk").values_list("pk", "name")[:MANY])
