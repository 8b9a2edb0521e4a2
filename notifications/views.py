"""What gateways post back."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.intake.hooks import HookError, hook, parse, verify
from notifications.receipts import STATES, find, take_receipt
from pipelines.errors import BadAnswer


@hook
def receipt(request: HttpRequest, channel: str) -> dict[str, Any]:
    """`{"id": …, "state": "delivered" | "read"}`, signed with GATEWAY_SECRET; `id` is ours or the provider's."""
    given = parse(verify(request, settings.GATEWAY_SECRET))
    state, number = given.get("state"), given.get("id")
    if not isinstance(state, str) or state not in STATES:
        raise BadAnswer({"state": _("Known are: %(states)s.") % {"states": ", ".join(STATES)}})
    message = (
        find(channel, str(number).replace("\x00", "")) if isinstance(number, (str, int)) else None
    )
    if message is None:
        raise HookError(404, _("There is no such message."))
    taken = take_receipt(message, state=state, now=timezone.now())
    return {"taken": taken is not None}
