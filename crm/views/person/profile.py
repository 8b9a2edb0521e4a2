"""One's own page, and the pictures of people."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import preferences
from crm.files import limits
from crm.notices import kinds
from crm.planning.setting import REMIND_AT_FIRST, REMIND_PREFERENCE
from crm.planning.zones import change_zone
from crm.profile import photos
from crm.profile.forms import SOUND, THEME, THEMES, HabitsForm, NoticesForm, PersonForm
from crm.views.answers import SignedIn, came_from
from pipelines.errors import BadAnswer


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    return _page(request)


@login_required
@require_POST
def save_person(request: SignedIn) -> HttpResponse:
    form = PersonForm(request.POST, instance=request.user)
    if not form.is_valid():
        # The bound form has written what was typed on the instance: the frame shows who he is.
        request.user.refresh_from_db(fields=form.Meta.fields)
        return _page(request, person=form, status=422)
    request.user.save(update_fields=form.Meta.fields)
    return _saved(request, "person")


@login_required
@require_POST
def save_habits(request: SignedIn) -> HttpResponse:
    user = request.user
    form = HabitsForm(user, request.POST, now=timezone.now())
    if not form.is_valid():
        return _page(request, habits=form, status=422)
    said = form.cleaned_data
    if said["time_zone"] != user.time_zone:
        change_zone(user, said["time_zone"], now=timezone.now())
    user.language = said["language"]
    user.save(update_fields=["language"])
    preferences.put(user, THEME, said["theme"] if said["theme"] != "auto" else None)
    preferences.put(user, SOUND, said["sound"] or None)
    remind = said["remind"] if said["remind"] != REMIND_AT_FIRST else None
    preferences.put(user, REMIND_PREFERENCE, remind)
    translation.activate(user.language)
    response = _saved(request, "habits")
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, user.language, max_age=365 * 24 * 3600, samesite="Lax"
    )
    return response


@login_required
@require_POST
def save_notices(request: SignedIn) -> HttpResponse:
    form = NoticesForm(request.user, request.POST)
    if not form.is_valid():
        return _page(request, notices=form, status=422)
    kinds.choose(request.user, form.wanted)
    return _saved(request, "notices")


@login_required
@require_POST
def save_photo(request: SignedIn) -> HttpResponse:
    if "remove" in request.POST:
        photos.remove_photo(request.user)
        return _saved(request, "photo")
    if limits.too_large(request):
        return _page(request, photo_error=_(photos.TOO_LARGE), status=422)
    upload = request.FILES.get("photo")
    if upload is None:
        return _page(request, photo_error=_("Choose a picture first."), status=422)
    try:
        photos.set_photo(request.user, upload)
    except BadAnswer as bad:
        return _page(request, photo_error=bad.errors["photo"], status=422)
    return _saved(request, "photo")


@login_required
@require_POST
def theme(request: SignedIn) -> HttpResponse:
    """From the menu: light, dark, or as the system; back to where one was."""
    said = request.POST.get("theme", "")
    if said in dict(THEMES):
        preferences.put(request.user, THEME, said if said != "auto" else None)
    return redirect(came_from(request))


@login_required
@require_GET
def photo(request: SignedIn, name: str, side: int) -> HttpResponseBase:
    """A picture to whoever has signed in. Its name changes with it, so that a browser may keep it."""
    if side not in photos.SIDES or not re.fullmatch(r"[0-9a-f]{32}", name):
        raise Http404
    try:
        content = default_storage.open(photos.path(name, side))
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, content_type="image/webp")
    response["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


def _page(
    request: SignedIn,
    *,
    person: PersonForm | None = None,
    habits: HabitsForm | None = None,
    notices: NoticesForm | None = None,
    photo_error: str = "",
    status: int = 200,
) -> HttpResponse:
    user = request.user
    context: dict[str, Any] = {
        "person": person or PersonForm(instance=user),
        "habits": habits or HabitsForm(user, now=timezone.now()),
        "notices": notices or NoticesForm(user),
        "photo_error": photo_error,
    }
    return render(request, "crm/profile.html", context, status=status)


def _saved(request: SignedIn, part: str) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect(f"{reverse('crm:profile')}#{part}")
