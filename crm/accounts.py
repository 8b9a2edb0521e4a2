"""Signing in by e-mail, slowing down those who guess passwords, and the letter with which one chooses a new one."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.tokens import default_token_generator
from django.core.cache import cache
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import outgoing
from crm.models import User

log = logging.getLogger(__name__)

# Failures within the window after which we no longer look at the password. By address and visitor together, so that
# nobody shuts another out by guessing on his account; by visitor alone, against trying one password on all accounts.
WINDOW = 15 * 60
FAILURES_OF_ONE_ON_AN_ADDRESS = 10
FAILURES_OF_ONE = 100


class Throttle:
    """Counts one visitor's failed sign-ins in the cache. With the cache away nobody is slowed down, nor locked out."""

    def __init__(self, *, email: str, visitor: str) -> None:
        self.limits = {
            _key("pair", f"{visitor} {email.casefold()}"): FAILURES_OF_ONE_ON_AN_ADDRESS,
            _key("visitor", visitor): FAILURES_OF_ONE,
        }

    def is_closed(self) -> bool:
        try:
            counted = cache.get_many(self.limits)
        except Exception as error:
            log.warning("Sign-ins are not counted, the cache does not answer: %s", error)
            return False
        return any(count >= self.limits[key] for key, count in counted.items())

    def note_failure(self) -> None:
        try:
            for key in self.limits:
                cache.add(key, 0, timeout=WINDOW)
                cache.incr(key)
        except Exception as error:
            log.warning("A failed sign-in was not counted: %s", error)

    def forget(self) -> None:
        """A success clears the pair; the visitor's other failures stand."""
        try:
            cache.delete(next(iter(self.limits)))
        except Exception as error:
            log.warning("Failed sign-ins were not forgotten: %s", error)


class SignInForm(AuthenticationForm):
    """E-mail and password; refuses by one and the same sentence whatever of the two was wrong."""

    username = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"}),
    )
    error_messages = {
        "invalid_login": gettext_lazy("Wrong e-mail or password."),
        "inactive": gettext_lazy("Wrong e-mail or password."),
        "throttled": gettext_lazy(
            "Too many attempts. Wait a quarter of an hour or ask for a new password."
        ),
    }

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not email or not password:
            return self.cleaned_data
        visitor = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        throttle = Throttle(email=email, visitor=visitor)
        if throttle.is_closed():
            raise forms.ValidationError(self.error_messages["throttled"], code="throttled")
        self.user_cache = authenticate(self.request, username=email, password=password)
        if self.user_cache is None:
            throttle.note_failure()
            raise self.get_invalid_login_error()
        throttle.forget()
        return self.cleaned_data


class ForgottenForm(forms.Form):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "email"}),
    )


def send_reset_letter(email: str, *, now: datetime) -> bool:
    """Queue the link for a new password for the active user of this address, if there is one (PZ-3.3).

    Run by a worker. The link is a key, so the letter is a secret one. One a minute: whoever knocks for another
    fills neither his mailbox nor the outbox.
    """
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None or not user.has_usable_password():
        return False
    with translation.override(user.language):
        where = {
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        }
        # The address from the settings, not from the request: a visitor's Host header must not get into a letter.
        link = settings.BASE_URL + reverse("crm:password_reset_confirm", kwargs=where)
        hours = settings.PASSWORD_RESET_TIMEOUT // 3600
        text = render_to_string(
            "registration/reset_letter.txt", {"user": user, "link": link, "hours": hours}
        )
        outgoing.letters().queue_system_letter(
            to=user.email,
            subject=_("A new password for Reglament"),
            body=text,
            now=now,
            secret=True,
            dedupe_key=f"new-password:{user.pk}:{now:%Y%m%d%H%M}",
        )
    return True


def _key(kind: str, text: str) -> str:
    return f"sign-in:{kind}:{hashlib.sha256(text.encode()).hexdigest()[:32]}"
