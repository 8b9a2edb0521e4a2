"""What pages answer beside their HTML: toasts, closed windows, and the sentence of an error of the domain."""

from __future__ import annotations

from typing import Literal

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django_htmx.http import trigger_client_event

from pipelines.errors import RegulationError, StaleMove

Kind = Literal["success", "warning", "danger"]


def toast(response: HttpResponse, text: str, kind: Kind = "success") -> HttpResponse:
    """Shows a sentence in the corner of the page that htmx is on."""
    return trigger_client_event(response, "toast", {"text": text, "kind": kind})


def close_dialog(response: HttpResponse) -> HttpResponse:
    """Closes the window that `#dialog` shows."""
    return trigger_client_event(response, "dialog:close", {})


def failed(request: HttpRequest, error: RegulationError, *, back: str) -> HttpResponse:
    """The sentence of an error: a toast for htmx, else a message on the page `back`.

    409 where the deal was moved or the task done meanwhile, 422 for the rest.
    """
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=409 if isinstance(error, StaleMove) else 422)
        # Nothing to swap: what the page shows stays, the toast says why.
        response["HX-Reswap"] = "none"
        return toast(response, str(error), "danger")
    messages.error(request, str(error))
    return redirect(back)


def page_or_part(request: HttpRequest, page: str, part: str, context: dict[str, object]) -> HttpResponse:
    """One view serves both: the part to htmx, the whole page to everybody else."""
    return render(request, part if request.headers.get("HX-Request") else page, context)
