"""Delivering the outbox: claim a message, hand it over, settle; and a sweep for what a dead worker left behind.

None is lost: a claim is a lease, and what the server certainly did not take goes back to the queue.
None goes twice: from the commit of `handed_at` on only a person sends it again, or we under the same key where the
other side sends one key once (docs/decisions/0016).
A channel whose other side is away rests for itself: the others go on.
A secret's text outlives neither its delivery nor its use: it is wiped by the statement that settles the row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from crm.contacting import note_attempt
from notifications.channels import ClaimLost, SendError, email, gateway
from notifications.letters import LETTER_FAILED, LETTER_SENT, describe
from notifications.messages import MESSAGE_FAILED, MESSAGE_SENT
from notifications.models import Message
from pipelines import engine, feed
from pipelines.actor import Actor
from pipelines.errors import RegulationError

log = logging.getLogger(__name__)

CHANNELS: dict[str, Callable[..., str | None]] = {
    Message.Channel.EMAIL: email.send,
    Message.Channel.SMS: gateway.send,
    Message.Channel.WHATSAPP: gateway.send,
    Message.Channel.TELEGRAM: gateway.send,
}

# Longer than a conversation with a slow server can last: a dozen steps of EMAIL_TIMEOUT, four of GATEWAY_TIMEOUT.
LEASE = timedelta(minutes=5)
# Minutes from each failed try to the next; when they run out, the letter has failed.
DELAYS = (1, 5, 15, 60, 180, 360, 720)
TRIES = len(DELAYS) + 1
# A server that is away makes every try wait for its time-out; the workers have timers to fire meanwhile.
REST_SECONDS = 30
_RESTING = "notifications:away:"


def resting() -> set[str]:
    """The channels whose other side was found to be away a moment ago."""
    found = cache.get_many([_RESTING + channel for channel in CHANNELS])
    return {key.removeprefix(_RESTING) for key in found}


def deliver_one_due(now: datetime) -> bool:
    """Send one message that is due; False when there is none, or nobody to take it now.

    Must run outside a transaction: its steps are commits of their own.
    """
    away = resting()
    while (message := _claim(now, but=away)) is not None:
        if _deliver(message, now):
            return True
        # Remembered here too: without a cache one server that is away would be asked for each of its messages.
        away.add(message.channel)
    return False


def _deliver(message: Message, now: datetime) -> bool:
    """Hand it over and settle; False where the channel's other side is away."""
    try:
        provider_id = CHANNELS[message.channel](
            message, now=now, hand_over=lambda: _hand_over(message, now)
        )
    except ClaimLost:
        log.warning("Message %s was given to another worker; this one was too slow.", message.pk)
    except SendError as error:
        _settle_failure(message, error, now)
        if error.unreachable:
            cache.set(_RESTING + message.channel, True, REST_SECONDS)
            return False
    except Exception as error:
        # A fault of ours must not stop the queue, nor send a message twice that may have gone.
        log.exception("message %s", message.pk)
        said = f"{type(error).__name__}: {error}"
        _settle_failure(message, SendError(said, uncertain=message.handed_at is not None), now)
    else:
        verb = LETTER_SENT if message.is_letter else MESSAGE_SENT

        def confirm(row: Message) -> None:
            row.confirm(now=now, provider_id=provider_id or "")

        _settle(message, verb, confirm, now, late=True)
    return True


def sweep(now: datetime) -> int:
    """Settle the messages whose worker is gone, then the secrets nobody can use any more; returns how many there were."""
    left = list(Message.objects.abandoned(now - LEASE).select_related("deal", "contact", "company"))
    for message in left:
        error = SendError(
            _("The worker was stopped while it was sending."),
            uncertain=message.handed_at is not None,
        )
        _settle_failure(message, error, now, at=now)
    return len(left) + _give_up_outlived(now)


@transaction.atomic
def _give_up_outlived(now: datetime) -> int:
    outlived = list(Message.objects.outlived(now).select_for_update(skip_locked=True))
    for message in outlived:
        message.give_up(error=_("It could not be sent while its link worked."))
        message.save_delivery()
        engine.record(LETTER_FAILED, now=now, data=_entry(message))
    return len(outlived)


@transaction.atomic
def _claim(now: datetime, *, but: Collection[str] = ()) -> Message | None:
    """Take what has waited longest, `but` for these channels; rows that another worker is taking are passed over."""
    due = Message.objects.due(now).select_for_update(skip_locked=True, of=("self",))
    if but:
        due = due.exclude(channel__in=but)
    message = due.select_related(
        "deal__owner", "author", "contact__owner", "company__owner", "template"
    ).first()
    if message is not None:
        message.take(now=now)
        message.save_delivery()
    return message


def _hand_over(message: Message, now: datetime) -> None:
    """Commit that the server may have the letter from here on. Errors: ClaimLost."""
    mine = Message.objects.filter(pk=message.pk, status=Message.Status.SENDING, claim=message.claim)
    if not mine.update(handed_at=now):
        raise ClaimLost
    message.handed_at = now


def confirm_late(message: Message, now: datetime) -> None:
    """Somebody got the message, so it has left, whatever we doubted; nothing where we know that already."""
    if message.status != Message.Status.SENT and message.handed_at is not None:
        verb = LETTER_SENT if message.is_letter else MESSAGE_SENT
        _settle(message, verb, lambda row: row.confirm(now=now), now, late=True)


def _settle_failure(
    message: Message, error: SendError, now: datetime, *, at: datetime | None = None
) -> None:
    """Queue it again (for the moment `at`, by default after the delay), or give it up where that can't be right."""
    verb = LETTER_FAILED if message.is_letter else MESSAGE_FAILED
    over = message.attempts >= TRIES
    if error.uncertain and (over or not _repeat_is_safe(message)):
        sentence = (
            _("Nobody knows whether the server took this letter: ask before sending it again.")
            if message.is_letter
            else _(
                "Nobody knows whether the gateway took this message: ask before sending it again."
            )
        )
        _settle(
            message,
            verb,
            lambda row: row.give_up(error=f"{sentence} {error}", uncertain=True),
            now,
        )
    elif error.permanent or over:
        _settle(message, verb, lambda row: row.give_up(error=str(error)), now)
    else:
        later = at or now + timedelta(minutes=DELAYS[message.attempts - 1])
        with transaction.atomic():
            if row := _mine(message):
                row.put_back(at=later, error=str(error))
                row.save_delivery()


def _repeat_is_safe(message: Message) -> bool:
    """Whether the other side sends a message once however often it gets it (docs/decisions/0016)."""
    return not message.is_letter and bool(settings.GATEWAY_IDEMPOTENT)


def _settle(
    message: Message,
    verb: str,
    change: Callable[[Message], None],
    now: datetime,
    *,
    late: bool = False,
) -> None:
    """Change the row and write the feed in one transaction; nothing if the row is no longer this claim's."""
    try:
        with transaction.atomic():
            # The deal first, then the letter: the order of every other path.
            if message.deal is not None:
                engine.lock(message.deal)
            if row := _mine(message, late=late):
                change(row)
                row.save_delivery()
                if row.status == Message.Status.SENT and message.deal is not None:
                    # A letter or a message is an attempt to reach the client (AX-4.4).
                    note_attempt(message.deal, by=_author(row), now=now, how=row.channel)
                engine.record(verb, **_facts(message, row, now))
        return
    except RegulationError:
        log.info(
            "Deal %s was archived before its message %s was settled.", message.deal_id, message.pk
        )
    except Exception:
        log.exception("deal %s could not hear of its message %s", message.deal_id, message.pk)
    # What became of the letter is true whether or not the deal can hear of it.
    with transaction.atomic():
        if row := _mine(message, late=late):
            change(row)
            row.save_delivery()
            feed.write(verb, **_facts(message, row, now))


def _facts(message: Message, row: Message, now: datetime) -> dict[str, Any]:
    """What the feed is told, beside the verb."""
    return {
        "deal": message.deal,
        "contact": message.contact,
        "company": message.company,
        "by": _author(row),
        "now": now,
        "data": _entry(row),
    }


def _mine(message: Message, *, late: bool = False) -> Message | None:
    """The locked row, if it still is as this claim left it; `late`: or if others only doubted about it since."""
    statuses = {Message.Status.SENDING}
    if late:
        statuses |= {Message.Status.FAILED, Message.Status.QUEUED}
    rows = Message.objects.select_for_update(of=("self",)).select_related("author", "template")
    return rows.filter(
        pk=message.pk, claim=message.claim, handed_at=message.handed_at, status__in=statuses
    ).first()


def _author(row: Message) -> Actor:
    return Actor(user=row.author, rule_id=row.rule_id)


def _entry(row: Message) -> dict[str, Any]:
    if row.status == Message.Status.SENT:
        return describe(row)
    return describe(row) | {"error": row.error, "uncertain": row.uncertain}
