"""What rules can do to a client who delivers, or delivers no more."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from crm import deliveries
from pipelines.context import Context
from pipelines.registry import action


@action("rest_client", label=gettext_lazy("Note that the regular client stopped delivering"))
def rest_client(context: Context, params: Any) -> dict[str, Any]:
    """The client is a regular one who delivers nothing at present; a potential client stays one."""
    return {"rests": deliveries.let_rest(context.deal, by=context.by, now=context.now)}


@action("wake_client", label=gettext_lazy("Note that the client delivers again"))
def wake_client(context: Context, params: Any) -> dict[str, Any]:
    """The client delivers again."""
    return {"woken": deliveries.wake(context.deal, by=context.by, now=context.now)}
