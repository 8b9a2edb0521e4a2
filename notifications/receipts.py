"""What a gateway tells later of a message: it was delivered, it was read."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy

from notifications import outbox
from notifications.models import Message
from pipelines import engine, registry
from pipelines.errors import RegulationError
from pipelines.models import Event

MESSAGE_DELIVERED = registry.event(
    "message.delivered", label=gettext_lazy("message delivered"), icon="checks"
)
MESSAGE_READ = registry.event("message.read", label=gettext_lazy("message read"), icon="eye-check")
STATES = {"delivered": MESSAGE_DELIVERED, "read": MESSAGE_READ}


def find(channel: str, number: str) -> Message | None:
    """The channel's message by our own number (the `id` that was posted) or by the provider's; the newest of several."""
    if not number:
        return None
    known = Q(message_id=f"<{number}>") | Q(provider_id=number)
    found = Message.objects.filter(known, channel=channel).exclude(channel=Message.Channel.EMAIL)
    return found.select_related("deal", "contact", "template", "author").order_by("-pk").first()


def take_receipt(message: Message, *, state: str, now: datetime) -> Event | None:
    """Put the receipt into the feed, once however often it comes; None for a repetition.

    It also ends a doubt: a message that somebody got has left (docs/decisions/0016).
    """
    outbox.confirm_late(message, now)
    try:
        with transaction.atomic():
            if message.deal is not None:
                try:
                    engine.lock(message.deal)
                except RegulationError:
                    # Of an archived deal nothing is told any more; the gateway need not ask again.
                    return None
            return engine.record(
                STATES[state],
                deal=message.deal,
                contact=message.contact,
                now=now,
                data={"message": message.pk, "channel": message.channel, "to": message.to},
                outside_id=f"{message.pk}:{state}",
            )
    except IntegrityError:
        return None
