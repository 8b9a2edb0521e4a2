"""What pages answer beside their HTML: toasts, closed windows, and a part where htmx asks for a part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails

from crm.models import User

Kind = Literal["success", "warning", "danger"]


class SignedIn(HttpRequest):
    """A request of somebody who signed in, as every view behind `login_required` gets it; for type checking only."""

    user: User  # type: ignore[assignment]
    htmx: HtmxDetails


@dataclass(frozen=True)
class WayBack:
    """A button in a toast that posts to `url`; the toast stays as long as that is possible."""

    label: str
    url: str
    seconds: int


def toast(
    response: HttpResponse, text: str, kind: Kind = "success", *, back: WayBack | None = None
) -> HttpResponse:
    """Shows a sentence in the corner of the page that htmx is on, with a button where there is a way back."""
    shown: dict[str, Any] = {"text": text, "kind": kind}
    if back is not None:
        shown |= {"label": back.label, "url": back.url, "seconds": back.seconds}
    return trigger_client_event(response, "toast", shown)


def close_dialog(response: HttpResponse) -> HttpResponse:
    """Closes the window that `#dialog` shows."""
    return trigger_client_event(response, "dialog:close", {})


def came_from(request: HttpRequest, default: str = "/") -> str:
    """The page that a form without JavaScript names as `next`, to go back to; only a path of this site."""
    back = request.POST.get("next", "")
    is_ours = back.startswith("/") and url_has_allowed_host_and_scheme(
        back, {request.get_host()}, request.is_secure()
    )
    return back if is_ours else default


def page_or_part(
    request: HttpRequest, page: str, part: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """One view serves both: the part to htmx, the whole page, which includes the part, to everybody else."""
    return render(
        request,
        part if request.headers.get("HX-Request") else page,
        context | {"part": part},
        status=status,
    )
