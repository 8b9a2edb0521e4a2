"""A letter as the bytes that travel: headers, text, HTML and attachments."""

from __future__ import annotations

from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.utils import timezone
from django.utils.encoding import punycode

from notifications.models import Message


def compose(message: Message, *, now: datetime) -> EmailMessage:
    """The letter, 7-bit clean: any server takes it. Errors: OSError for a file that is gone, ValueError for a bad header."""
    letter = EmailMessage(policy=SMTP)
    letter["Message-ID"] = message.message_id
    letter["Date"] = format_datetime(timezone.localtime(now))
    letter["Subject"] = message.subject
    letter["From"] = sender(message)
    if speaker := message.speaker:
        letter["Reply-To"] = Address(
            _plain(speaker.get_full_name()), addr_spec=envelope(speaker.email)
        )
    letter["To"] = Address(
        _plain(message.contact.name if message.contact else ""), addr_spec=envelope(message.to)
    )
    if message.rule_id or speaker is None:
        letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text, cte="base64")
    if message.html:
        page = f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{message.html}</body></html>'
        letter.add_alternative(page, subtype="html", cte="base64")
    for file in message.files.all():
        main, _slash, sub = (file.content_type or "application/octet-stream").partition("/")
        with file.file.open("rb") as stream:
            letter.add_attachment(
                stream.read(), maintype=main, subtype=sub or "octet-stream", filename=file.name
            )
    return letter


def sender(message: Message) -> Address:
    """The company's address under the writer's name: a foreign address would fail the receiver's checks."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    written_by = message.speaker.get_full_name() if message.speaker else ""
    return Address(_plain(written_by) or name, addr_spec=envelope(address))


def envelope(address: str) -> str:
    """The address with its domain in ASCII: почта@пример.рф has a domain that DNS knows by another name."""
    name, _at, domain = address.rpartition("@")
    return f"{name}@{punycode(domain)}"


def _plain(name: str) -> str:
    """A display name on one line, of bearable length: «From» takes no more."""
    return " ".join(name.split())[:70]
