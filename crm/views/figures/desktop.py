"""The desktop: widgets in one's own order, each also a page of its own."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import preferences
from crm.desktop import layout, registry
from crm.desktop.forms import SettingsForm
from crm.desktop.layout import Placed
from crm.desktop.registry import Ask, Shared
from crm.views.answers import SignedIn, came_from, close_dialog
from crm.views.replies import go, window

# How the side panel stands: one's own choice, else by the width of the window.
SIDE, SIDES = "side", ("narrow", "wide")


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """All widgets; `?arrange=1` with the buttons that move them without dragging."""
    shared = Shared(request.user, timezone.now())
    placed = layout.of(request.user)
    standing = {item.widget.code for item in placed}
    shown = {
        "placed": [
            {"placed": item, "html": None if item.widget.slow else _body(item, shared)}
            for item in placed
        ],
        "arranging": "arrange" in request.GET,
        "csrf": format_html(
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)
        ),
    }
    context = {
        "desktop": SafeString(render_to_string("crm/desktop/page.html", shown)),
        "arranging": shown["arranging"],
        "spare": [item for item in registry.offered(request.user) if item.code not in standing],
        "is_own": preferences.get(request.user, layout.KEY) is not None,
        "draws": any(item.widget.charts for item in placed),
    }
    return render(request, "crm/desktop.html", context)


def _body(item: Placed, shared: Shared) -> SafeString:
    ask = Ask(shared, item.chosen)
    data = item.widget.read(ask)
    # Without the request: nothing here needs the context processors, and they would cost queries.
    context = {"ask": ask, "widget": item.widget, **data}
    return SafeString(render_to_string(item.widget.template, context))


def _find(request: SignedIn, code: str) -> Placed:
    """The widget as it stands on the user's desktop. Errors: Http404."""
    for item in layout.of(request.user):
        if item.widget.code == code:
            return item
    raise Http404(_("This widget is not on your desktop."))


@login_required
@require_GET
def widget(request: SignedIn, code: str) -> HttpResponse:
    """One widget: its part, and a page of it where there is no script."""
    item = _find(request, code)
    html = _body(item, Shared(request.user, timezone.now()))
    if request.htmx:
        return HttpResponse(html)
    context = {"item": item, "html": html, "draws": item.widget.charts}
    return render(request, "crm/desktop_widget.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: SignedIn, code: str) -> HttpResponse:
    """Width, pipeline and period of a widget."""
    item = _find(request, code)
    pipelines = Shared(request.user, timezone.now()).pipelines
    form = SettingsForm(
        request.POST if request.method == "POST" else None, placed=item, pipelines=pipelines
    )
    if request.method == "POST" and form.is_valid():
        chosen = {name: value for name, value in form.cleaned_data.items() if name != "size"}
        layout.change(request.user, code, size=form.cleaned_data["size"], chosen=chosen)
        return _back(request)
    context = {
        "form": form,
        "title": item.widget.title,
        "action": request.path,
        "submit": _("Save"),
        "back": reverse("crm:desktop"),
        **window(request),
    }
    return render(request, "crm/task_ask.html", context, status=422 if form.is_bound else 200)


@login_required
@require_POST
def change(request: SignedIn, code: str) -> HttpResponse:
    """By a button: `do` is `back` or `on` (a place), or `remove`."""
    _find(request, code)
    match request.POST.get("do"):
        case "back":
            layout.shift(request.user, code, -1)
        case "on":
            layout.shift(request.user, code, 1)
        case "remove":
            layout.remove(request.user, code)
    return redirect(f"{reverse('crm:desktop')}?arrange=1")


@login_required
@require_POST
def order(request: SignedIn) -> HttpResponse:
    """As dragged: `code` repeated, in the new order."""
    layout.order(request.user, request.POST.getlist("code"))
    return HttpResponse(status=204)


@login_required
@require_POST
def add(request: SignedIn) -> HttpResponse:
    try:
        layout.add(request.user, request.POST.get("code", ""))
    except KeyError:
        raise Http404(_("There is no such widget, or it is not for you.")) from None
    return redirect(f"{reverse('crm:desktop')}?arrange=1")


@login_required
@require_POST
def usual(request: SignedIn) -> HttpResponse:
    """Back to the widgets that suit the role."""
    layout.forget(request.user)
    return redirect("crm:desktop")


@login_required
@require_POST
def side(request: SignedIn) -> HttpResponse:
    """The side panel narrow or wide, from now on."""
    asked = request.POST.get("side", "")
    preferences.put(request.user, SIDE, asked if asked in SIDES else None)
    if request.htmx or request.headers.get("X-Requested-With"):
        return HttpResponse(status=204)
    return redirect(came_from(request, reverse("crm:desktop")))


def _back(request: SignedIn) -> HttpResponse:
    response = go(request, reverse("crm:desktop"))
    return close_dialog(response) if request.htmx else response
