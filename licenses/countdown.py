"""The countdown: a licence's end is set, comes nearer by the steps of the ladder, and is over."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import ngettext

from licenses import clock
from licenses.keeping import DUE, EXPIRES_ON, EXPIRY_SET, RAN_OUT, record, until
from licenses.models import ACTIVE, EXPIRED, RENEWED, Licence
from pipelines import engine, writes
from pipelines.actor import Actor


def mark_due(licence: Licence, *, days: int, by: Actor, now: datetime) -> bool:
    """So many days are left (AX-LIC7, AX-LIC8): the step is taken and told to the rules; whether anything changed.

    The deal is locked by the caller (a timer's rule). `first` in the entry says whether the step is announced for
    the first time: a date corrected by a few days goes through the step again without reminding again (AX-LIC8b).
    """
    if licence.is_refused or licence.state == EXPIRED or licence.expires_on is None:
        return False
    said_at = licence.reminded.get(str(days))
    is_first = said_at is None or (now - datetime.fromisoformat(said_at)).days >= days
    if is_first:
        licence.reminded = licence.reminded | {str(days): now.isoformat()}
    is_nearer = licence.step is not None and licence.step <= days
    if is_nearer and not is_first:
        return False
    if not is_nearer:
        licence.mark_due(days)
    writes.update(licence, "state", "reminded")
    _tell_due(licence, days, is_first, by=by, now=now)
    return True


def mark_expired(licence: Licence, *, by: Actor, now: datetime) -> bool:
    """The last day is over; whether anything changed. The deal is locked by the caller."""
    if licence.is_refused or licence.state == EXPIRED or licence.expires_on is None:
        return False
    licence.mark_expired()
    writes.update(licence, "state")
    record(RAN_OUT, licence, by=by, now=now, text=until(licence.expires_on))
    return True


def set_end(
    licence: Licence,
    expires_on: date,
    source: str,
    *,
    by: Actor,
    now: datetime,
    tell: bool = True,
) -> None:
    before = licence.expires_on
    licence.expires_on, licence.expiry_source = expires_on, source
    licence.expiry_set_by, licence.expiry_set_at = by.user, now
    if before != expires_on and not licence.is_refused:
        rewind(licence)
    licence.revision += 1
    licence.save(
        update_fields=[
            "state",
            "expires_on",
            "expiry_source",
            "expiry_set_by",
            "expiry_set_at",
            "revision",
        ]
    )
    if before != expires_on:
        engine.date_changed(licence.deal, [EXPIRES_ON], now=now)
    if tell:
        record(
            EXPIRY_SET,
            licence,
            by=by,
            now=now,
            text=f"{until(expires_on)}, {Licence.Source(source).label}",
            before=before.isoformat() if before else None,
            source=source,
        )
    if before != expires_on and not licence.is_refused:
        announce_again(licence, by=by, now=now)


def rewind(licence: Licence) -> None:
    licence.rewind(was_renewed=licence.periods.filter(number__gt=1).exists())


def announce_again(licence: Licence, *, by: Actor, now: datetime) -> None:
    """Back on the step that the present end is within, if it was announced before: the rules are told, nobody else."""
    if licence.expires_on is None:
        return
    left = clock.days_left(licence, now)
    steps = [int(step) for step in licence.reminded if left <= int(step)]
    if steps and licence.state in (ACTIVE, RENEWED):
        licence.mark_due(min(steps))
        licence.save(update_fields=["state"])
        _tell_due(licence, min(steps), False, by=by, now=now)


def _tell_due(licence: Licence, days: int, is_first: bool, *, by: Actor, now: datetime) -> None:
    left = clock.days_left(licence, now)
    text = ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left} if left > 0 else ""
    if is_first and (late := days - left) > 0:
        said = ngettext("the reminder is %(n)s day late", "the reminder is %(n)s days late", late)
        text = ", ".join(filter(None, [text, said % {"n": late}]))
    record(DUE, licence, by=by, now=now, text=text, step=days, left=left, first=is_first)
