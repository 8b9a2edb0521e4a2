"""What other machines post to us: signed with a secret over the raw body, and answered in JSON.

A sender puts the HMAC-SHA256 of the body, in hex, into the header X-Signature; whoever doesn't know the secret can
neither forge a request nor change one on its way. Nothing of the body is looked at before the signature is right.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from pipelines import catalog
from pipelines.errors import BadAnswer, RegulationError

HEADER = "X-Signature"
# A request is a few fields and a text; a megabyte of it is somebody's mistake.
BODY_LIMIT = 256 * 1024
DEPTH_LIMIT = 20


class HookError(Exception):
    """A post that is not taken in; `status` and the sentence are the answer."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def verify(request: HttpRequest, secret: str, *, limit: int = BODY_LIMIT) -> bytes:
    """The raw body, if it is signed with the secret. Errors: HookError 413, 401, 400."""
    body = read_body(request, limit)
    given = request.headers.get(HEADER, "").strip().lower().removeprefix("sha256=")
    if not secret or not hmac.compare_digest(sign(body, secret).encode(), given.encode()):
        raise HookError(401, _("The signature is missing or wrong."))
    return body


def sign(body: bytes, secret: str) -> str:
    """What a sender puts into X-Signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def read_body(request: HttpRequest, limit: int) -> bytes:
    """Errors: HookError 413 for more than `limit` bytes, also where the sender understated them, 400 for half a body."""
    try:
        # Before it is read: what says that it is too big is not taken into memory.
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            raise HookError(413, _("At most %(limit)s bytes.") % {"limit": limit})
        body = request.body
    except RequestDataTooBig as error:
        raise HookError(413, _("At most %(limit)s bytes.") % {"limit": limit}) from error
    except (ValueError, UnreadablePostError, RawPostDataException) as error:
        raise HookError(400, _("The body could not be read.")) from error
    if len(body) > limit:
        raise HookError(413, _("At most %(limit)s bytes.") % {"limit": limit})
    return body


def parse(body: bytes) -> dict[str, Any]:
    """The JSON object in the body. Errors: HookError 400."""
    try:
        found = json.loads(body, parse_constant=_no_number, parse_float=_finite)
        _check_depth(found)
    except (ValueError, RecursionError) as error:
        raise HookError(400, _("The body is no JSON.")) from error
    if not isinstance(found, dict):
        raise HookError(400, _("The body must be a JSON object."))
    return found


def _no_number(name: str) -> None:
    # Python reads NaN and Infinity, which are no JSON and no PostgreSQL jsonb.
    raise ValueError(name)


def _finite(text: str) -> float:
    # 1e999 is JSON, but Python makes an infinity of it.
    if not math.isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _check_depth(found: Any, depth: int = 0) -> None:
    """Whoever reads the values goes down by calls of himself. Errors: RecursionError."""
    if depth > DEPTH_LIMIT:
        raise RecursionError
    inside = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    for item in inside:
        _check_depth(item, depth + 1)


def hook(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
    """Make an endpoint of a function that returns what to answer: POST only, no CSRF token (the signature stands for
    it), one transaction, errors as JSON: `{"error": sentence}` or `{"errors": {field: sentence}}`.
    """

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return JsonResponse({"error": _("POST only.")}, status=405, headers={"Allow": "POST"})
        # Nobody is signed in, so the middleware did not look for what an administrator changed.
        catalog.refresh()
        try:
            with transaction.atomic():
                return JsonResponse(view(request, *args, **kwargs))
        except HookError as error:
            return JsonResponse({"error": str(error)}, status=error.status)
        except BadAnswer as error:
            return JsonResponse({"errors": error.errors}, status=400)
        except RegulationError as error:
            return JsonResponse({"error": str(error)}, status=409)

    return answer
