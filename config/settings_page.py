"""«Settings»: where an administrator finds what he wants to set (PZ-4.7); setting it is the administration's."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from config.admin_site import concerns
from config.settings_map import places
from pipelines.admin.access import is_administrator


@login_required
def page(request: HttpRequest) -> HttpResponse:
    if not is_administrator(request.user):
        raise PermissionDenied(_("Settings are for administrators of the CRM only."))
    return render(request, "settings.html", {"groups": places(request), "concerns": concerns()})
