"""Each request sees the regulation as it stands and speaks the user's language in the user's time."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme

from crm import passwords
from pipelines import catalog, refusing


class CompressedPagesMiddleware(GZipMiddleware):
    """Pages go compressed, a tenth of their size; what flows, as files do, goes as it is.

    The random bytes that Django adds keep the tokens in a page from being guessed by its length.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        return response if response.streaming else super().process_response(request, response)


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
            return _says_that_it_ended(request, self.get_response(request))
        # None where the user was not read from a session, as in some tests.
        catalog.refresh(getattr(request.user, "known_stamps", None))
        with (
            timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)),
            translation.override(request.user.language),
        ):
            request.LANGUAGE_CODE = translation.get_language()
            return self.get_response(request)


def _says_that_it_ended(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Whose session ended is told so where he signs in; from a form he comes back to its page, not to where it is sent."""
    place, _mark, asked = response.get("Location", "").partition("?")
    was_in = request.method == "POST" or settings.SESSION_COOKIE_NAME in request.COOKIES
    if place == reverse("crm:login") and was_in:
        page = request.headers.get("Referer", "") if request.method == "POST" else ""
        is_ours = url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()})
        back = urlencode({"next": page}) if is_ours else asked
        response["Location"] = f"{place}?{back}&ended=1"
    return response


class PasswordAgeMiddleware:
    """Whose password has become too old chooses a new one before anything else; a robot has none to choose."""

    ALLOWED = frozenset({"crm:password_change", "crm:login", "crm:logout", "crm:language"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            age = passwords.age_for_pages(request.user, now=timezone.now())
            request.password_age = age  # type: ignore[attr-defined]
            if age is not None and age.is_over and not self._is_allowed(request.path_info):
                url = reverse("crm:password_change")
                if request.headers.get("HX-Request"):
                    return HttpResponse(status=204, headers={"HX-Redirect": url})
                return redirect(url)
        return self.get_response(request)

    def _is_allowed(self, path: str) -> bool:
        try:
            return resolve(path).view_name in self.ALLOWED
        except Resolver404:
            return True
