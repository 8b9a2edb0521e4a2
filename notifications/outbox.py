"""Delivering the outbox: claim a letter, hand it over, settle; and a sweep for what a dead worker left behind.

No letter is lost: a claim is a lease, and a letter that the server certainly did not take goes back to the queue.
None goes twice: from the commit of `handed_at` on, only a person sends it again.
A secret's text outlives neither its delivery nor its use: it is wiped by the statement that settles the row.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from crm.contacting import note_attempt
from notifications.channels import ClaimLost, SendError, email
from notifications.letters import LETTER_FAILED, LETTER_SENT, describe
from notifications.models import Message
from pipelines import engine, feed
from pipelines.actor import Actor
from pipelines.errors import RegulationError

log = logging.getLogger(__name__)

CHANNELS = {Message.Channel.EMAIL: email.send}

# Longer than a conversation with a slow server can last: a dozen steps of EMAIL_TIMEOUT each.
LEASE = timedelta(minutes=5)
# Minutes from each failed try to the next; when they run out, the letter has failed.
DELAYS = (1, 5, 15, 60, 180, 360, 720)
TRIES = len(DELAYS) + 1
# A server that is away makes every try wait for its time-out; the workers have timers to fire meanwhile.
REST_SECONDS = 30
_RESTING = "notifications:the-mail-server-is-away"


def is_resting() -> bool:
    """Whether the mail server was found to be away a moment ago."""
    return bool(cache.get(_RESTING))


def deliver_one_due(now: datetime) -> bool:
    """Send one letter that is due; False when there is none, or no server to take it now.

    Must run outside a transaction: its steps are commits of their own.
    """
    message = _claim(now)
    if message is None:
        return False
    unreachable = False
    try:
        CHANNELS[Message.Channel(message.channel)](
            message, now=now, hand_over=lambda: _hand_over(message, now)
        )
    except ClaimLost:
        log.warning("Letter %s was given to another worker; this one was too slow.", message.pk)
    except SendError as error:
        unreachable = error.unreachable
        _settle_failure(message, error, now)
        if unreachable:
            cache.set(_RESTING, True, REST_SECONDS)
    except Exception as error:
        # A fault of ours must not stop the queue, nor send a letter twice that may have gone.
        log.exception("letter %s", message.pk)
        said = f"{type(error).__name__}: {error}"
        _settle_failure(message, SendError(said, uncertain=message.handed_at is not None), now)
    else:
        _settle(message, LETTER_SENT, lambda row: row.confirm(now=now), now, late=True)
    return not unreachable


def sweep(now: datetime) -> int:
    """Settle the letters whose worker is gone, then the secrets nobody can use any more; returns how many there were."""
    left = list(Message.objects.abandoned(now - LEASE).select_related("deal"))
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
def _claim(now: datetime) -> Message | None:
    """Take the letter that has waited longest; rows that another worker is taking are passed over."""
    due = Message.objects.due(now).select_for_update(skip_locked=True, of=("self",))
    message = due.select_related("deal__owner", "author", "contact", "template").first()
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


def _settle_failure(
    message: Message, error: SendError, now: datetime, *, at: datetime | None = None
) -> None:
    """Queue it again (for the moment `at`, by default after the delay), or give it up where that can't be right."""
    if error.uncertain:
        sentence = _(
            "Nobody knows whether the server took this letter: ask before sending it again."
        )
        _settle(
            message,
            LETTER_FAILED,
            lambda row: row.give_up(error=f"{sentence} {error}", uncertain=True),
            now,
        )
    elif error.permanent or message.attempts >= TRIES:
        _settle(message, LETTER_FAILED, lambda row: row.give_up(error=str(error)), now)
    else:
        later = at or now + timedelta(minutes=DELAYS[message.attempts - 1])
        with transaction.atomic():
            if row := _mine(message):
                row.put_back(at=later, error=str(error))
                row.save_delivery()


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
                if verb == LETTER_SENT and message.deal is not None:
                    # A letter is an attempt to reach the client (AX-4.4).
                    note_attempt(message.deal, by=_author(row), now=now, how="letter")
                engine.record(verb, deal=message.deal, by=_author(row), now=now, data=_entry(row))
        return
    except RegulationError:
        log.info(
            "Deal %s was archived before its letter %s was settled.", message.deal_id, message.pk
        )
    except Exception:
        log.exception("deal %s could not hear of its letter %s", message.deal_id, message.pk)
    # What became of the letter is true whether or not the deal can hear of it.
    with transaction.atomic():
        if row := _mine(message, late=late):
            change(row)
            row.save_delivery()
            feed.write(verb, deal=message.deal, by=_author(row), now=now, data=_entry(row))


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
