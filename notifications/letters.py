"""Letters: render one from a template, queue it in the outbox; and try a failed letter or message again."""

from __future__ import annotations

import logging
import mimetypes
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import IntegrityError, transaction
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Company, Contact, Deal, User
from notifications import bodies, placeholders
from notifications.models import Message, MessageFile, Template
from pipelines import engine, grace, registry, writes
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.transactions import once, verb

log = logging.getLogger(__name__)

# Of letters; those of messages are `message.…`, beside `messages.queue_message`.
LETTER_QUEUED = registry.event("letter.queued", label=gettext_lazy("letter written"), icon="mail")
LETTER_SENT = registry.event("letter.sent", label=gettext_lazy("letter sent"), icon="mail-forward")
LETTER_FAILED = registry.event(
    "letter.failed", label=gettext_lazy("letter not sent"), icon="mail-x"
)

# Most servers take 25 MB or more, and base64 makes a third more out of it.
FILES_LIMIT = 18 * 1024 * 1024
SUBJECT_LIMIT = 250
BODY_LIMIT = 200_000
EXCERPT = 300


class LetterError(RegulationError):
    """This letter or message can't be sent."""


class NoAddress(LetterError):
    """The contact can't be reached by this channel."""

    def __init__(self, channel: str = "email") -> None:
        sentences = {
            "email": _("The contact has no e-mail."),
            "sms": _("The contact has no phone."),
            "whatsapp": _("The contact has neither WhatsApp nor a phone."),
            "telegram": _("The contact has no Telegram."),
        }
        super().__init__(sentences.get(channel) or _("The contact has no messenger."))


def render(
    template: Template,
    deal: Deal | None,
    user: User,
    *,
    contact: Contact | None = None,
    company: Company | None = None,
    now: datetime | None = None,
) -> tuple[str, str]:
    """Subject and body with the placeholders filled in, `user` being who writes, `now` the moment (the present one).

    Without a deal it is written to the contact, or to the company.

    The body is a SafeString where the template is HTML, plain text otherwise; `queue_letter` tells them by that.
    """
    occasion = placeholders.Occasion(
        deal=deal,
        manager=user,
        playbook=template.playbook,
        contact=contact,
        firm=company,
        now=now,
    )
    # A client's name may hold anything; a subject stays one line.
    subject = " ".join(placeholders.fill_in(template.subject, occasion).split())[:SUBJECT_LIMIT]
    if bodies.is_html(template.body):
        return subject, bodies.clean(placeholders.fill_in(template.body, occasion, html=True))
    return subject, placeholders.fill_in(template.body, occasion)


@verb
def queue_letter(
    *,
    subject: str,
    body: str,
    by: Actor,
    now: datetime,
    deal: Deal | None = None,
    contact: Contact | None = None,
    company: Company | None = None,
    to: str | None = None,
    template: Template | None = None,
    files: Iterable[Any] = (),
    dedupe_key: str | None = None,
    not_before: datetime | None = None,
) -> Message:
    """Put a letter into the outbox and the feed; it leaves after the commit, and not before `not_before`.

    It belongs to the deal, or, without one, to the contact or the company (whoever sees that sees it). `to` is by default
    the first e-mail of the contact (the deal's own, unless another is given). `body` is plain text, or HTML where it
    is a SafeString (it is cleaned either way). `files` are `TemplateFile`s (shared, not copied), other rows with a `file` and a `name`,
    or uploaded files. A letter with the `dedupe_key` of an earlier one is not made: the earlier is returned.
    Errors: NoAddress, LetterError, RegulationError for an archived deal; then nothing is queued.
    """
    if deal is None and contact is None and company is None:
        raise ValueError("A letter belongs to a deal, to a contact or to a company.")
    if deal is not None:
        engine.lock_to_edit(deal, by)
        contact = contact or deal.contact
    reached = contact or company
    address = check_address(to or (reached.point("email") if reached else ""))
    text, html = check_body(body)
    message = Message(
        deal=deal,
        contact=contact,
        company=company,
        to=address,
        subject=check_subject(subject),
        text=text,
        html=html,
        template=template,
        dedupe_key=dedupe_key,
        **stamps(by=by, now=now, not_before=not_before),
    )
    attached = [_attachment(file) for file in files]
    if sum(file.size for file in attached) > FILES_LIMIT:
        raise LetterError(_("The attached files are larger than 18 MB together."))
    if earlier := insert(message):
        return earlier
    for file in attached:
        file.message = message
        file.save()
    said = {
        "excerpt": Truncator(message.text).chars(EXCERPT),
        "files": [file.name for file in attached],
    }
    announce(LETTER_QUEUED, message, said=said, by=by, now=now)
    return message


@transaction.atomic
def queue_system_letter(
    *,
    to: str,
    subject: str,
    body: str,
    now: datetime,
    secret: bool = False,
    dedupe_key: str | None = None,
) -> Message:
    """Put a letter of the system itself into the outbox: it belongs to no deal, and nobody's name stands under it.

    A `secret` one is shown to nobody and wiped when it has left or failed. A letter with the `dedupe_key` of an
    earlier one is not made: the earlier is returned. Errors: NoAddress, LetterError; then nothing is queued.
    """
    text, html = check_body(body)
    message = Message(
        to=check_address(to),
        subject=check_subject(subject),
        text=text,
        html=html,
        secret=secret,
        dedupe_key=dedupe_key,
        created_at=now,
        next_try_at=now,
    )
    if earlier := insert(message):
        return earlier
    engine.record(LETTER_QUEUED, now=now, data=describe(message))
    transaction.on_commit(kick)
    return message


@transaction.atomic
def retry_message(message: Message, *, by: Actor, now: datetime) -> Message:
    """Queue a failed letter or message again, an uncertain one too: that is a person's decision. Errors: RegulationError."""
    deal = message.deal
    if deal is not None:
        engine.lock_to_edit(deal, by)
    message = Message.objects.select_for_update().get(pk=message.pk)
    if message.status != Message.Status.FAILED:
        raise LetterError(_("Only a letter that failed can be sent again."))
    if message.secret:
        raise LetterError(_("The text of this letter is wiped: it has to be asked for anew."))
    message.queue_again(now=now)
    message.save_delivery()
    engine.record(
        LETTER_QUEUED if message.is_letter else "message.queued",
        deal=deal,
        contact=message.contact,
        company=message.company,
        by=by,
        now=now,
        data=describe(message) | {"again": True},
    )
    transaction.on_commit(kick)
    return message


def insert(message: Message) -> Message | None:
    """Save the new letter, or find the one that has its dedupe key."""
    if message.dedupe_key is None or writes.is_gathering():
        # Nothing to collide with, or a batch, which holds the deal and has asked: a savepoint would be for nothing. Should
        # it collide all the same, the batch runs each rule in a savepoint of its own.
        writes.insert(message)
        return None
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        key = message.dedupe_key
        if key and (earlier := Message.objects.filter(dedupe_key=key).first()):
            return earlier
        raise
    return None


def stamps(*, by: Actor, now: datetime, not_before: datetime | None) -> dict[str, Any]:
    """The columns that say whose letter or message it is, and when it may leave at the earliest."""
    not_before = grace.not_before(not_before)
    return {
        "author": by.user,
        "rule_id": by.rule_id,
        "created_at": now,
        "not_before": not_before,
        "next_try_at": max(now, not_before) if not_before else now,
    }


def announce(
    verb: str, message: Message, *, said: dict[str, Any], by: Actor, now: datetime
) -> None:
    """It is in the outbox: the feed tells it, with what is `said` of its contents; after the commit it is delivered."""
    engine.record(
        verb,
        deal=message.deal,
        contact=message.contact,
        company=message.company,
        by=by,
        now=now,
        data=describe(message) | said,
    )
    # A batch tells once. Where the telling is rolled back with its rule, the beat's next sweep finds the others.
    once(kick, lambda: transaction.on_commit(kick))


def describe(message: Message) -> dict[str, Any]:
    """What the feed keeps of a letter or a message, for all its entries alike."""
    said: dict[str, Any] = {"subject": message.subject}
    if not message.is_letter:
        said = {"channel": message.channel, "incoming": False}
    return {
        "message": message.pk,
        "to": message.to,
        **said,
        "template": message.template.name if message.template else "",
    }


def kick() -> None:
    """Tell Celery that a letter waits. Without a broker nothing is lost: the beat's next sweep finds the row."""
    from notifications.tasks import kick_deliver

    try:
        kick_deliver()
    except Exception as error:
        log.warning("A letter waits for the next sweep, the broker does not answer: %s", error)


def check_address(address: str) -> str:
    """Errors: NoAddress when empty, LetterError for anything but one plain address."""
    address = address.strip()
    if not address:
        raise NoAddress
    try:
        # It knows no line breaks, commas, names or comments: nothing of a header gets through.
        EmailValidator()(address)
    except ValidationError:
        raise LetterError(
            _("“%(address)s” is not an e-mail address.") % {"address": address[:100]}
        ) from None
    return address


def check_subject(subject: str) -> str:
    """Errors: LetterError for more than one line, or too long a one."""
    subject = subject.strip()
    # Control characters and the two Unicode line ends: what could begin a new header, or look as if.
    if any(unicodedata.category(sign) in ("Cc", "Zl", "Zp") for sign in subject):
        raise LetterError(_("A subject is one line."))
    if len(subject) > SUBJECT_LIMIT:
        raise LetterError(
            _("A subject has at most %(limit)s characters.") % {"limit": SUBJECT_LIMIT}
        )
    return subject


def check_body(body: str) -> tuple[str, str]:
    """The body as plain text and as safe HTML. Errors: LetterError when it is too long or holds no text."""
    if len(body) > BODY_LIMIT:
        raise LetterError(_("The letter is too long."))
    body_is_html = isinstance(body, SafeString)
    body = type(body)(body.replace("\x00", "").replace("\r\n", "\n"))
    html = bodies.clean(body) if body_is_html else bodies.from_text(body)
    text = bodies.to_text(html) if body_is_html else str(body)
    if not text.strip():
        raise LetterError(_("The letter is empty."))
    return text, html


def _attachment(source: Any) -> MessageFile:
    """An unsaved row for a template's file, another stored file, or an upload."""
    stored: Any = getattr(source, "file", None)
    is_row = hasattr(source, "_meta")
    name = str(source.name).rsplit("/", 1)[-1][:255]
    try:
        size = stored.size if is_row else source.size
    except OSError:
        raise LetterError(_("The file “%(name)s” is gone.") % {"name": name}) from None
    return MessageFile(
        # The stored name alone makes the rows share one file; an upload is written by the storage on saving.
        file=stored.name if is_row else source,
        name=name,
        size=size,
        content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
    )
