"""Contacts with the client: what was communication, what was only an attempt, and how many there were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Deal
from pipelines import engine, fields, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.models import Event
from pipelines.transactions import verb

CALL_ANSWERED = registry.event("call.answered", label=gettext_lazy("conversation"), icon="phone")
CALL_UNANSWERED = registry.event("call.unanswered", label=gettext_lazy("no answer"), icon="phone-x")
CALL_MISSED = registry.event(
    "call.missed", label=gettext_lazy("missed call"), icon="phone-incoming"
)
MESSAGE_RECEIVED = registry.event(
    "message.received", label=gettext_lazy("message from the client"), icon="message"
)
MESSAGE_SENT = registry.event(
    "message.sent", label=gettext_lazy("message to the client"), icon="message-forward"
)

# What the client himself took part in, and what we only tried. The rest of the feed is neither.
COMMUNICATION = frozenset({CALL_ANSWERED, MESSAGE_RECEIVED})
ATTEMPTS = frozenset({CALL_UNANSWERED, MESSAGE_SENT, "letter.sent"})
TEXT_LIMIT = 10_000


@verb
def record_contact(
    deal: Deal,
    *,
    verb: str,
    by: Actor,
    now: datetime,
    text: str = "",
    channel: str = "",
    recording: str = "",
    minutes: int | None = None,
    outside_id: str | None = None,
) -> Event:
    """Put a call or a message on record, entered by hand or delivered by a channel.

    `verb` is one of COMMUNICATION, ATTEMPTS or CALL_MISSED; `recording` is a link. Communication starts the
    count of silence and of attempts anew. Errors: BadAnswer.
    """
    if verb not in COMMUNICATION | ATTEMPTS | {CALL_MISSED}:
        raise BadAnswer({"verb": _("This is no contact with a client.")})
    text = fields.storable(text)
    if len(text) > TEXT_LIMIT:
        raise BadAnswer({"text": _("At most %(limit)s characters.") % {"limit": TEXT_LIMIT}})
    if recording:
        try:
            recording = fields.clean(_LINK, recording)
        except ValueError as error:
            raise BadAnswer({"recording": str(error)}) from error
    engine.lock(deal)
    if verb in COMMUNICATION:
        note_communication(deal, now=now)
    elif verb in ATTEMPTS:
        note_attempt(deal, now=now)
    data = {"text": text.strip(), "channel": channel, "recording": recording, "minutes": minutes}
    return engine.record(
        verb,
        deal=deal,
        by=by,
        now=now,
        data={k: v for k, v in data.items() if v},
        outside_id=outside_id,
    )


def note_attempt(deal: Any, *, now: datetime, **_facts: Any) -> None:
    """Count one more attempt since the last communication (the deal is locked by the caller)."""
    deal.attempts += 1
    deal.save(update_fields=["attempts"])


def note_communication(deal: Any, *, now: datetime) -> None:
    """The client communicated with us: silence and attempts count anew from here (the deal is locked)."""
    deal.last_contact_at, deal.attempts = now, 0
    deal.save(update_fields=["last_contact_at", "attempts"])
    engine.date_changed(deal, ["last_contact", "silent_since"], now=now)


_LINK = fields.CompiledField(code="recording", label="", type="url", choices={})
