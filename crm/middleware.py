"""Each request sees the regulation as it stands and speaks the user's language in the user's time."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from urllib.parse import urlencode

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

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
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
            return _back_to_the_form(request, self.get_response(request))
        # None where the user was not read from a session, as in some tests.
        catalog.refresh(getattr(request.user, "known_stamps", None))
        with (
            timezone.override(zoneinfo.ZoneInfo(request.user.time_zone)),
            translation.override(request.user.language),
        ):
            request.LANGUAGE_CODE = translation.get_language()
            return self.get_response(request)


def _back_to_the_form(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Whose session ended while he wrote is led back to the page with the form, not to the address that takes it."""
    sent_to = response.get("Location", "")
    if request.method == "POST" and sent_to.startswith(f"{reverse('crm:login')}?"):
        page = request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(page, allowed_hosts={request.get_host()}):
            response["Location"] = f"{reverse('crm:login')}?{urlencode({'next': page})}"
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
