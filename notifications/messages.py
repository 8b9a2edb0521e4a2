"""SMS and chat messages: whom one can reach how, the text from a template, and the queue."""

from __future__ import annotations

import re
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.clients.points import normalize_phone, normalize_telegram
from crm.contacting import MESSAGE_SENT
from crm.models import Contact, Deal, User
from notifications import placeholders, sms
from notifications.letters import LetterError, NoAddress, announce, insert, stamps
from notifications.models import Message, Template
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.transactions import verb

__all__ = ["MESSAGE_SENT", "address_of", "channels_of", "queue_message", "render_text"]

MESSAGE_QUEUED = registry.event(
    "message.queued", label=gettext_lazy("message written"), icon="message-2"
)
MESSAGE_FAILED = registry.event(
    "message.failed", label=gettext_lazy("message not sent"), icon="message-x"
)

SMS_PARTS = 10
CHAT_LIMIT = 4096

# By which of a contact's points a channel reaches him, the best first. A WhatsApp account is a phone number.
POINTS = {
    Message.Channel.TELEGRAM: ("telegram",),
    Message.Channel.WHATSAPP: ("whatsapp", "phone"),
    Message.Channel.SMS: ("phone",),
}
# `send_chat` without a channel takes the first that reaches the contact: who gave us an account reads it.
CHATS = (Message.Channel.TELEGRAM, Message.Channel.WHATSAPP)
# What a bot knows a chat by; a name or a phone is what people give.
_CHAT_NUMBER = re.compile(r"-?[0-9]{3,20}")


def address_of(contact: Contact | None, channel: str) -> str:
    """The contact's address in the channel, or an empty string; reads the prefetched points."""
    if contact is None:
        return ""
    kinds = POINTS[Message.Channel(channel)]
    return next((found for kind in kinds if (found := contact.point(kind))), "")


def channels_of(contact: Contact | None) -> list[tuple[str, str, str]]:
    """(channel, its name, the address) of every channel by which the contact can be reached."""
    return [
        (channel.value, str(channel.label), address)
        for channel in POINTS
        if (address := address_of(contact, channel))
    ]


def chat_for(contact: Contact | None) -> str:
    """The messenger by which the contact can be reached. Errors: NoAddress."""
    known = next((channel for channel in CHATS if address_of(contact, channel)), None)
    if known is None:
        raise NoAddress("chat")
    return known.value


def render_text(
    template: Template,
    deal: Deal | None,
    user: User,
    *,
    contact: Contact | None = None,
    now: datetime | None = None,
) -> str:
    """The template's text with the placeholders filled in, `user` being who writes."""
    occasion = placeholders.Occasion(
        deal=deal, manager=user, playbook=template.playbook, contact=contact, now=now
    )
    return placeholders.fill_in(template.body, occasion).strip()


@verb
def queue_message(
    *,
    channel: str,
    text: str,
    by: Actor,
    now: datetime,
    deal: Deal | None = None,
    contact: Contact | None = None,
    to: str | None = None,
    template: Template | None = None,
    dedupe_key: str | None = None,
    not_before: datetime | None = None,
) -> Message:
    """Put an SMS or a chat message into the outbox and the feed; it leaves after the commit, not before `not_before`.

    It belongs to the deal, or, without one, to the contact. `to` is by default the address of the contact (the
    deal's own, unless another is given) in the channel. One with the `dedupe_key` of an earlier one is not made:
    the earlier is returned. When it has left, `message.sent` with `data["channel"]` stands in the feed and counts
    as an attempt. Errors: NoAddress, LetterError, RegulationError for an archived deal; then nothing is queued.
    """
    if channel not in POINTS:
        raise LetterError(_("Choose how to send it."))
    if deal is None and contact is None:
        raise ValueError("A message belongs to a deal or to a contact.")
    if deal is not None:
        engine.lock_to_edit(deal, by)
        contact = contact or deal.contact
    message = Message(
        channel=channel,
        deal=deal,
        contact=contact,
        to=check_address(channel, to or address_of(contact, channel)),
        text=check_text(channel, text),
        template=template,
        dedupe_key=dedupe_key,
        **stamps(by=by, now=now, not_before=not_before),
    )
    if earlier := insert(message):
        return earlier
    announce(MESSAGE_QUEUED, message, said={"text": message.text}, by=by, now=now)
    return message


def check_address(channel: str, address: str) -> str:
    """The address as the channel wants it. Errors: NoAddress when empty, LetterError for what can't be one."""
    address = address.strip()
    if not address:
        raise NoAddress(channel)
    telegram = channel == Message.Channel.TELEGRAM
    if telegram and _CHAT_NUMBER.fullmatch(address):
        return address
    try:
        return (normalize_telegram if telegram else normalize_phone)(address)
    except ValueError as error:
        raise LetterError(str(error)) from None


def check_text(channel: str, text: str) -> str:
    """The text without what no phone shows. Errors: LetterError when it is empty or too long."""
    text = text.replace("\x00", "").replace("\r\n", "\n").strip()
    if not text:
        raise LetterError(_("The message is empty."))
    if channel == Message.Channel.SMS and (parts := sms.measure(text).parts) > SMS_PARTS:
        raise LetterError(
            _("The message makes %(parts)s SMS; at most %(limit)s are sent.")
            % {"parts": parts, "limit": SMS_PARTS}
        )
    if len(text) > CHAT_LIMIT:
        raise LetterError(_("A message has at most %(limit)s signs.") % {"limit": CHAT_LIMIT})
    return text
