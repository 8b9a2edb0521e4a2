"""Items of own lists: the card and the small verbs on it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from crm.card import fields as card_fields
from crm.card import page as card
from crm.card.editing import FieldsChanged
from crm.lists import item_card, items, shapes
from crm.lists.shapes import Shape
from crm.models import ListItem
from crm.views.answers import SignedIn
from crm.views.lists import archive
from crm.views.replies import done, go, me, refused, window
from crm.views.tasks.task_dialogs import sent
from pipelines.errors import BadAnswer, RegulationError
from pipelines.numbers import whole


def find_item(request: SignedIn, pk: int) -> ListItem:
    """The item, if the person may see it; 404 for a stranger's as for one that does not exist."""
    found = ListItem.objects.visible_to(request.user).select_related("list", "owner")
    return get_object_or_404(found, pk=pk)


def find_list(request: SignedIn, code: str) -> Shape:
    shape = shapes.named(f"list-{code}", request.user)
    if shape is None:
        raise Http404
    return shape


@login_required
@require_GET
def page(request: SignedIn, pk: int) -> HttpResponse:
    """The whole card; of an item taken off its list what it was."""
    try:
        item = find_item(request, pk)
    except Http404:
        return archive.item_page(request, pk)
    read = item_card.read_card(item, user=request.user)
    context: dict[str, Any] = {
        "card": read,
        "item": read.item,
        "record": read.item,
        "card_url": request.path,
        "portion": read.feed,
        "places": {},
        "feed_url": f"{request.path}feed/",
    }
    context["body"] = SafeString(render_to_string("crm/item_body.html", context, request))
    return render(request, "crm/item_page.html", context)


@login_required
@require_GET
def feed(request: SignedIn, pk: int) -> HttpResponse:
    """A portion of the feed; without htmx the card again."""
    item = find_item(request, pk)
    before = whole(request.GET.get("before"))
    portion = item_card.read_feed(item, shapes.of_list(item.list), before=before)
    context = {"portion": portion, "places": {}, "feed_url": request.path}
    if not request.htmx and not before:
        return redirect(item)
    part = "crm/feed_lines.html" if request.htmx and before else "crm/feed.html"
    lines = render_to_string(part, context, request)
    if request.htmx:
        return HttpResponse(lines)
    return render(request, "crm/item_feed_page.html", {"item": item, "feed": SafeString(lines)})


@login_required
def new(request: SignedIn, code: str) -> HttpResponse:
    """A new item; it belongs to who adds it."""
    shape = find_list(request, code)
    errors: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        known = {code: shape.fields[code] for code in item_card.editable(shape)}
        answers, _seen = card_fields.posted_for(known, request.POST)
        try:
            item = items.create_item(
                shape, answers, owner=request.user, by=me(request), now=timezone.now()
            )
        except BadAnswer as error:
            errors, status = error.errors, 422
        except RegulationError as error:
            return refused(request, None, error, back=shape.url)
        else:
            return go(request, item.get_absolute_url())
    editors = item_card.editors(shape, None, item_card.editable(shape), typed=sent(request))
    for name, editor in editors.items():
        editor.error = errors.get(name, "")
    context = {
        "shape": shape,
        "editors": editors.values(),
        "title": shape.title,
        "back": shape.url,
        **window(request),
    }
    return render(request, "crm/item_new.html", context, status=status)


@login_required
@require_POST
def field(request: SignedIn, pk: int) -> HttpResponse:
    """Save the fields that the form says it holds: one when it is left, all without JavaScript."""
    item = find_item(request, pk)
    shape = shapes.of_list(item.list)
    known = {code: shape.fields[code] for code in item_card.editable(shape)}
    answers, seen = card_fields.posted_for(known, request.POST)
    if request.POST.get("overwrite"):
        seen = {}
    try:
        with transaction.atomic():
            items.edit_item(shape, item, answers, seen=seen, by=me(request), now=timezone.now())
    except RegulationError as error:
        if not request.htmx or not isinstance(error, (BadAnswer, FieldsChanged)):
            return refused(request, item, error)
        return _fields(request, find_item(request, pk), shape, list(answers), error=error)
    if not request.htmx:
        return done(request, item, _("Saved."))
    return _fields(request, find_item(request, pk), shape, list(answers))


def _fields(
    request: SignedIn,
    item: ListItem,
    shape: Shape,
    codes: list[str],
    *,
    error: RegulationError | None = None,
) -> HttpResponse:
    editors = item_card.editors(shape, item, codes, typed=request.POST if error else None)
    for code, editor in editors.items():
        editor.saved = error is None
        if isinstance(error, BadAnswer):
            editor.error = error.errors.get(code, "")
        if isinstance(error, FieldsChanged):
            editor.conflict = next((one for one in error.conflicts if one.code == code), None)
    context = {"editors": editors.values(), "client": item, "kind": "item"}
    status = 409 if isinstance(error, FieldsChanged) else 422 if error else 200
    response = render(request, "crm/client_saved.html", context, status=status)
    return response if error else trigger_client_event(response, "feed:changed", {})


@login_required
@require_POST
def owner(request: SignedIn, pk: int) -> HttpResponse:
    """Give the item to another person, among those whom one may give it to."""
    item = find_item(request, pk)
    asked = request.POST.get("owner")
    person = next((who for who in card.owners_for(request.user) if str(who.pk) == asked), None)
    try:
        if person is None:
            raise RegulationError(_("Choose a person from the list."))
        items.assign_item(item, owner=person, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, item, error)
    return done(request, item, _("The responsible is now %(person)s.") % {"person": person})


@login_required
@require_POST
def note(request: SignedIn, pk: int) -> HttpResponse:
    """Add a note."""
    item = find_item(request, pk)
    try:
        items.note_on_item(
            item, text=request.POST.get("text", ""), by=me(request), now=timezone.now()
        )
    except RegulationError as error:
        return refused(request, item, error)
    return done(request, item)


@login_required
@require_POST
def take_off(request: SignedIn, pk: int) -> HttpResponse:
    """Take the item off its list."""
    item = find_item(request, pk)
    try:
        items.archive_item(item, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, item, error)
    # Not a toast: the page that would show it is left.
    messages.success(request, archive.archived(item.name))
    return go(request, item.list.get_absolute_url())
