"""Contacts with the client: what was communication, what was only an attempt, and how many there were."""

from __future__ import annotations

from collections.abc import Mapping
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

# By what people talk and write; `data["channel"]` of the events holds the code. A channel of an administrator's own
# may have another code, which is then shown as it is.
CHANNELS = {
    "phone": gettext_lazy("phone"),
    "telegram": "Telegram",
    "whatsapp": "WhatsApp",
    "sms": "SMS",
    "email": gettext_lazy("e-mail"),
    "chat": gettext_lazy("chat on the site"),
    "social": gettext_lazy("social network"),
}

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

LETTER_RECEIVED = registry.event(
    "letter.received", label=gettext_lazy("letter from the client"), icon="mail-opened"
)
ANSWER_WAIVED = registry.event(
    "answer.waived", label=gettext_lazy("no answer is needed"), icon="message-off"
)
FORM_SUBMITTED = registry.event("form.submitted", label=gettext_lazy("site form"), icon="forms")

# What the client himself took part in, and what we only tried. The rest of the feed is neither: who fills in a form
# has not spoken with us yet.
COMMUNICATION = frozenset({CALL_ANSWERED, MESSAGE_RECEIVED, LETTER_RECEIVED})
ATTEMPTS = frozenset({CALL_UNANSWERED, MESSAGE_SENT, "letter.sent"})
CALLS = frozenset({CALL_ANSWERED, CALL_UNANSWERED, CALL_MISSED})
# What the client began, where nobody says otherwise.
INCOMING = frozenset({CALL_MISSED, MESSAGE_RECEIVED})
TEXT_LIMIT = 10_000
CHANNEL_LIMIT = 30
LETTER_LIMIT = 100_000
VALUE_LIMIT = 1000
VALUES_LIMIT = 100


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
    seconds: int | None = None,
    incoming: bool | None = None,
    address: str = "",
    outside_id: str | None = None,
    delivered: bool = False,
) -> Event:
    """Put a call or a message on record, entered by hand or delivered by a channel.

    `verb` is one of COMMUNICATION, ATTEMPTS or CALL_MISSED; `recording` is a link, `seconds` the length of a
    conversation, `channel` a code of CHANNELS (a call's is the phone), `address` the number or address it came from
    or went to. Communication starts the count of silence and of attempts anew. What a channel has `delivered` is a
    fact, whoever may edit the deal. Errors: BadAnswer, RegulationError.
    """
    facts = facts_of(
        verb,
        text=text,
        channel=channel,
        recording=recording,
        seconds=seconds,
        incoming=incoming,
        address=address,
    )
    if delivered:
        engine.lock(deal)
    else:
        engine.lock_to_edit(deal, by)
    if verb in COMMUNICATION:
        note_communication(deal, now=now, waits=verb in INCOMING)
    elif verb in ATTEMPTS:
        note_attempt(deal, now=now)
    else:
        _note_waiting(deal, now)
        deal.save(update_fields=["unanswered_since"])
    return engine.record(
        verb,
        deal=deal,
        by=by,
        now=now,
        data=facts,
        outside_id=outside_id,
    )


def facts_of(
    verb: str,
    *,
    text: str = "",
    channel: str = "",
    recording: str = "",
    seconds: int | None = None,
    incoming: bool | None = None,
    address: str = "",
) -> dict[str, Any]:
    """What the entry of a call or a message keeps, as `record_contact` says. Errors: BadAnswer."""
    if verb not in COMMUNICATION | ATTEMPTS | {CALL_MISSED}:
        raise BadAnswer({"verb": _("This is no contact with a client.")})
    text = _checked(text)
    if recording:
        try:
            recording = fields.clean(_LINK, recording)
        except ValueError as error:
            raise BadAnswer({"recording": str(error)}) from error
    facts: dict[str, Any] = {
        "text": text,
        "channel": fields.storable(channel)[:CHANNEL_LIMIT] or ("phone" if verb in CALLS else ""),
        "recording": recording,
        "seconds": seconds,
        "address": fields.storable(address)[:254],
    }
    facts = {name: value for name, value in facts.items() if value}
    facts["incoming"] = verb in INCOMING if incoming is None else incoming
    return facts


@verb
def record_form(
    deal: Deal,
    *,
    text: str,
    values: Mapping[str, Any],
    now: datetime,
    source: Any = None,
    outside_id: str | None = None,
) -> Event:
    """Put a filled-in site form on record, with all that stood in it. Errors: BadAnswer."""
    engine.lock(deal)
    said = {
        fields.storable(str(name))[:VALUE_LIMIT]: fields.storable(_words(value))[:VALUE_LIMIT]
        for name, value in list(values.items())[:VALUES_LIMIT]
    }
    facts = {
        "text": _checked(text),
        "values": {name: value for name, value in said.items() if value},
        "source": str(source or ""),
    }
    return engine.record(
        FORM_SUBMITTED,
        deal=deal,
        now=now,
        data={name: value for name, value in facts.items() if value},
        outside_id=outside_id,
    )


@verb
def record_letter(
    deal: Deal,
    *,
    subject: str,
    text: str,
    address: str,
    now: datetime,
    outside_id: str | None = None,
) -> Event:
    """Put a letter of the client on record. Errors: BadAnswer."""
    facts = {
        "subject": fields.storable(subject).strip()[:VALUE_LIMIT],
        "text": fields.storable(text).strip()[:LETTER_LIMIT],
        "address": fields.storable(address)[:254],
    }
    engine.lock(deal)
    note_communication(deal, now=now, waits=True)
    facts = {name: value for name, value in facts.items() if value}
    return engine.record(
        LETTER_RECEIVED,
        deal=deal,
        now=now,
        data={"channel": "email", "incoming": True, **facts},
        outside_id=outside_id,
    )


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value).strip()


def _checked(text: str) -> str:
    text = fields.storable(text).strip()
    if len(text) > TEXT_LIMIT:
        raise BadAnswer({"text": _("At most %(limit)s characters.") % {"limit": TEXT_LIMIT}})
    return text


def channel_label(code: str) -> str:
    """The channel's name for people; an unknown code as it is."""
    return str(CHANNELS.get(code, code))


def note_attempt(deal: Any, *, now: datetime, **_facts: Any) -> None:
    """Count one more attempt since the last communication (the deal is locked by the caller); it is an answer, too."""
    deal.attempts += 1
    deal.unanswered_since = None
    deal.save(update_fields=["attempts", "unanswered_since"])


def note_communication(deal: Any, *, now: datetime, waits: bool) -> None:
    """The client communicated with us: silence and attempts count anew from here (the deal is locked).

    `waits`: he wrote, and an answer is ours to give; what we talked about is answered.
    """
    deal.last_contact_at, deal.attempts = now, 0
    if waits:
        _note_waiting(deal, now)
    else:
        deal.unanswered_since = None
    deal.save(update_fields=["last_contact_at", "attempts", "unanswered_since"])
    engine.date_changed(deal, ["last_contact", "silent_since"], now=now)


def _note_waiting(deal: Any, now: datetime) -> None:
    """He has waited since the first of what nobody answered."""
    deal.unanswered_since = deal.unanswered_since or now


@verb
def waive_answer(deal: Deal, *, by: Actor, now: datetime) -> Event | None:
    """A person's word that what the client wrote needs no answer; None where nothing waits.

    Errors: RegulationError for an archived deal.
    """
    engine.lock_to_edit(deal, by)
    if deal.unanswered_since is None:
        return None
    waited, deal.unanswered_since = deal.unanswered_since, None
    deal.save(update_fields=["unanswered_since"])
    return engine.record(
        ANSWER_WAIVED, deal=deal, by=by, now=now, data={"since": waited.isoformat()}
    )


_LINK = fields.CompiledField(code="recording", label="", type="url", choices={})
