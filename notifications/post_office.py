"""What this app provides to the card: the implementation of `crm.outgoing.Letters`."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from notifications.bodies import to_text
from notifications.letters import (
    LetterError,
    queue_letter,
    queue_system_letter,
    render,
    retry_message,
)
from notifications.models import Message, Template
from notifications.outbox import deliver_one_due

__all__ = [
    "LetterError",
    "deliver_all",
    "messages",
    "queue_letter",
    "queue_system_letter",
    "render",
    "retry_message",
    "templates",
    "to_text",
]


def deliver_all(now: datetime) -> int:
    """Send what is due now; returns how many letters that was."""
    sent = 0
    while deliver_one_due(now):
        sent += 1
    return sent


def templates() -> QuerySet[Template]:
    """The active letter templates."""
    return Template.objects.active().filter(kind=Template.Kind.EMAIL)


def messages() -> QuerySet[Message]:
    """The letters of deals. Those of the system are the administrators': a page asks who sees the letter's deal."""
    return Message.objects.filter(deal__isnull=False)
