"""Each request sees the regulation as it stands and speaks the user's language in the user's time."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from pipelines import catalog, refusing


class WorkplaceMiddleware:
    """Compiles what an administrator changed since the last request, and activates the user's zone and language."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # What the request was refused is counted when all its transactions are over.
        with refusing.collecting():
            return self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        # None where the user was not read from a session, as in some tests.
        catalog.refresh(getattr(request.user, "known_stamps", None))
        with (
            timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)),
            translation.override(request.user.language),
        ):
            request.LANGUAGE_CODE = translation.get_language()
            return self.get_response(request)
