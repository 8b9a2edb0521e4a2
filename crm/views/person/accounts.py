"""Signing in and out, choosing a new password, and the language."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from crm import jobs
from crm.accounts import ForgottenForm, SignInForm
from crm.views.answers import came_from

log = logging.getLogger(__name__)


class SignIn(views.LoginView):
    """The page that everybody who is not signed in is sent to (PZ-3.2)."""

    form_class = SignInForm
    template_name = "registration/login.html"
    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.headers.get("HX-Request"):
            # The session ended while a page was open: session.js asks to sign in, and keeps what is typed there.
            back = request.headers.get("HX-Current-URL", "/")
            safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
            url = f"{reverse('crm:login')}?{urlencode({'next': back if safe else '/', 'ended': 1})}"
            return trigger_client_event(HttpResponse(status=401), "session:ended", {"url": url})
        return super().dispatch(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(ended="ended" in self.request.GET, **kwargs)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What is sent without this session's token: by a foreign site, or from a page opened before one signed in anew.

    Such a page of ours is given the new token, if it is the same person's: `session:renewed`. Nothing is carried out.
    """
    log.warning("Forbidden (%s): %s", reason, request.path)
    if request.headers.get("HX-Request"):
        told = {"token": get_token(request), "user": str(request.user.pk or "")}
        return trigger_client_event(HttpResponse(status=403), "session:renewed", told)
    said = _("This page was opened before you signed in anew. Go back, reload it and send again.")
    if "json" in request.headers.get("Accept", ""):
        return JsonResponse({"said": said, "kind": "danger"}, status=403)
    return render(request, "403.html", {"exception": said}, status=403)


class SignOut(views.LogoutView):
    """Only by POST: a link on a foreign page signs nobody out. Leads to LOGOUT_REDIRECT_URL."""


class ChangePassword(views.PasswordChangeView):
    """Also where everybody is led whose password has become too old (PZ-3.6)."""

    template_name = "registration/password_change.html"
    success_url = reverse_lazy("crm:home")

    def form_valid(self, form: object) -> HttpResponse:
        messages.success(self.request, _("The password is changed."))
        return super().form_valid(form)  # type: ignore[arg-type]


class NewPassword(views.PasswordResetConfirmView):
    """Where the link of the letter leads; it works once and for a day."""

    template_name = "registration/new_password.html"
    success_url = reverse_lazy("crm:home")
    post_reset_login = True

    def form_valid(self, form: object) -> HttpResponse:
        messages.success(self.request, _("The password is changed."))
        return super().form_valid(form)  # type: ignore[arg-type]


def forgotten(request: HttpRequest) -> HttpResponse:
    """Ask for a letter with a link. The address is looked up by a worker, so that nothing here tells who has an account.

    A broker that is away changes nothing of the answer: what went wrong is for the log, and who waits asks again.
    """
    form = ForgottenForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(
            request,
            "registration/forgotten.html",
            {"form": form},
            status=422 if form.errors else 200,
        )
    try:
        jobs.send_reset_letter.delay(form.cleaned_data["email"])
    except jobs.send_reset_letter.OperationalError as error:
        log.error("A reset letter was not asked for, the broker does not answer: %s", error)
    return render(
        request, "registration/forgotten_sent.html", {"email": form.cleaned_data["email"]}
    )


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak the chosen language from now on: kept with the user, and in a cookie for the page of signing in."""
    code, response = request.POST.get("language", ""), redirect(came_from(request))
    if not translation.check_for_language(code) or code not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        request.user.language = code
        request.user.save(update_fields=["language"])
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 24 * 3600, samesite="Lax"
    )
    return response
