"""Tables that leave the interface as a file: seeing one is not enough, it also takes the right to export."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import HttpResponseBase

from crm import rights
from crm.views.answers import SignedIn


def takes_out(view: Any) -> Any:
    """For every view that answers with an XLSX or a CSV, below `login_required`: a page that says whom to ask where
    the right is missing. `tests/crm/test_export_right.py` finds a view that does without.
    """

    @wraps(view)
    def allowed(request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rights.need(request.user, rights.EXPORT)
        answer: HttpResponseBase = view(request, *args, **kwargs)
        return answer

    allowed.takes_out = True  # type: ignore[attr-defined]
    return allowed
