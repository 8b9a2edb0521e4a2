"""What stands around every page of somebody who signed in: by Jinja2, in pages that Django's templates make.

By Django's templates it took 4 ms of every page.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info

from crm import panels, preferences, visibility
from crm.profile.forms import THEMES, theme_of
from crm.registers import regulations

register = template.Library()


@register.simple_tag(takes_context=True)
def frame(context: Any, part: str) -> SafeString:
    """The `side` panel, the `header` or the `notices`; `pipeline` in the page's context is the one a new deal opens in."""
    request = context["request"]
    here = request.resolver_match.view_name if request.resolver_match else ""
    shown = {
        "user": request.user,
        "here": here,
        "address": request.get_full_path(),
        "asked": request.GET.get("q", "") if here == "crm:search" else "",
        "pipeline": context.get("pipeline"),
        "age": getattr(request, "password_age", None),
        "pages": panels.pages_of(visibility.pipelines_of(request.user)) if part == "side" else (),
        "side": _side(request.user) if part == "side" else "",
        "unread": regulations.has_unread(request.user) if part == "side" else False,
        "theme": theme_of(request.user) or "auto",
        "themes": THEMES,
        "language": get_language(),
        "languages": [(code, _own_name(code)) for code, _name in settings.LANGUAGES],
        "csrf": format_html(
            '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)
        ),
    }
    # Without the request: nothing here needs the context processors.
    return SafeString(render_to_string(f"frame_{part}.html", shown))


def _side(user: Any) -> str:
    """How the panel stands: «narrow», «wide», or as the window's width has it."""
    chosen = preferences.get(user, "side")
    return chosen if chosen in ("narrow", "wide") else ""


@register.simple_tag(takes_context=True)
def theme(context: Any) -> str:
    """«light» or «dark» as the person chose; empty where his system decides."""
    request = context.get("request")
    return theme_of(request.user) if hasattr(request, "user") else ""


@register.simple_tag
def avatar(person: Any, size: str = "sm") -> SafeString:
    """A person's picture, or his initials; `size` is Tabler's. In Jinja2: the macro of avatar.html."""
    return SafeString(render_to_string("avatar_one.html", {"person": person, "size": size}))


def _own_name(code: str) -> str:
    return capfirst(get_language_info(code)["name_local"])
