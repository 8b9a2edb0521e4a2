"""The archive of contacts, companies and own lists: a card to be read there, and the way back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.card.feed_lines import Portion
from crm.card.fields import Editor
from crm.clients import archiving
from crm.clients import card as client_card
from crm.lists import item_card, items, shapes
from crm.lists.shapes import Shape
from crm.models import ListItem
from crm.views.answers import SignedIn
from crm.views.replies import address, done, me, refused
from pipelines.errors import RegulationError


@login_required
@require_POST
def archive_client(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Take a contact or a company out of every list; its page then says so and offers the way back."""
    record = get_object_or_404(shapes.MODELS[kind].objects.visible_to(request.user), pk=pk)
    try:
        archiving.archive_client(record, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, record, error)
    return done(request, record, archived(record.name))


@login_required
@require_POST
def restore_client(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """Put a contact or a company back on its list."""
    record = get_object_or_404(shapes.MODELS[kind].objects.archived_of(request.user), pk=pk)
    return _restore(request, record, archiving.restore_client)


@login_required
@require_POST
def restore_item(request: SignedIn, pk: int) -> HttpResponse:
    """Put an item back on its own list."""
    found = ListItem.objects.archived_of(request.user).select_related("list", "owner")
    return _restore(request, get_object_or_404(found, pk=pk), items.restore_item)


def _restore(request: SignedIn, record: Any, restore: Any) -> HttpResponse:
    try:
        restore(record, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, record, error)
    return done(request, record, _("“%(name)s” is back from the archive.") % {"name": record.name})


def archived(name: str) -> str:
    return _("“%(name)s” is archived.") % {"name": name}


def client_page(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """What a contact or a company was. Errors: Http404."""
    found = shapes.MODELS[kind].objects.archived_of(request.user).select_related("owner")
    record = get_object_or_404(found.prefetch_related("points"), pk=pk)
    read = client_card.read_client(record, user=request.user, now=timezone.now())
    shape = shapes.of_clients(kind, request.user)
    points = [(point.get_kind_display(), point.value) for point in read.points]
    return _page(request, record, shape, points, read.editors, read.feed, may_restore=True)


def item_page(request: SignedIn, pk: int) -> HttpResponse:
    """What an item of an own list was. Errors: Http404."""
    found = ListItem.objects.archived_of(request.user).select_related("list", "owner")
    read = item_card.read_card(get_object_or_404(found, pk=pk), user=request.user)
    return _page(
        request, read.item, read.shape, [], read.editors, read.feed, may_restore=read.may_edit
    )


def _page(
    request: SignedIn,
    record: Any,
    shape: Shape,
    points: Iterable[tuple[Any, str]],
    editors: Iterable[Editor],
    portion: Portion,
    *,
    may_restore: bool,
) -> HttpResponse:
    # Its newest entries only: what pages a feed asks for a live record.
    context = {"portion": Portion(portion.lines, None), "places": {}, "feed_url": address(record)}
    feed = SafeString(render_to_string("crm/feed_lines.html", context, request))
    facts = [(editor.field.label, editor.words) for editor in editors if editor.words]
    context = {
        "record": record,
        "shape": shape,
        "facts": [*points, *facts],
        "feed": feed,
        "restore_url": f"{address(record)}restore/",
        "may_restore": may_restore,
    }
    return render(request, "crm/archived_page.html", context)
