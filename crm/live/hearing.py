"""Whatever is written to the feed is told to the pages that show its record."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from crm.live.publishing import publish
from crm.live.readers import digest
from pipelines.listening import listen
from pipelines.models import Event


@listen()
def tell_pages(entry: Event) -> None:
    """Numbers only: a page asks for what it shows by its own address, within its reader's rights."""
    by = [entry.actor_id] if entry.actor_id else []
    changed: dict[str, Any] = {"what": "changed", "verbs": [entry.verb], "by": by}
    deal = entry.deal
    if deal is not None:
        publish(f"deal:{deal.pk}", changed)
        owners = {deal.owner_id, *filter(None, [entry.data.get("from_id")])}
        moved = {"what": "deals", "deals": [deal.pk], "by": by}
        publish(f"pipeline:{deal.pipeline_id}", moved, owners=owners)
    if entry.contact_id:
        publish(f"contact:{entry.contact_id}", changed)
    if entry.company_id:
        publish(f"company:{entry.company_id}", changed)


@receiver(user_logged_out, dispatch_uid="streams_of_who_signs_out_end")
def end_streams(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Of this session only: the person may be signed in elsewhere."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    if user is not None and key:
        publish(f"user:{user.pk}", {"what": "signed-out", "session": digest(key)})
