"""What this app provides to the cards: the implementation of `crm.outgoing.Letters`."""

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
from notifications.messages import channels_of, queue_message, render_text
from notifications.models import Message, Template
from notifications.outbox import deliver_one_due
from notifications.sms import measure as sms_length

__all__ = [
    "LetterError",
    "channels_of",
    "deliver_all",
    "message_templates",
    "messages",
    "queue_letter",
    "queue_message",
    "queue_system_letter",
    "render",
    "render_text",
    "retry_message",
    "sms_length",
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
    return Template.objects.active().letters()


def message_templates(channel: str) -> QuerySet[Template]:
    """The active templates of the channel's kind."""
    return Template.objects.active().for_channel(channel)


def messages() -> QuerySet[Message]:
    """The letters and messages of deals, contacts and companies; those of the system are the administrators'.

    A page asks who sees the deal, the contact or the company: `visible_to`.
    """
    return Message.objects.exclude(deal=None, contact=None, company=None)
