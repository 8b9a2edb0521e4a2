"""The verbs of licences. Each locks the deal, changes, writes the feed and counts the timers anew, in one transaction."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm import deals
from crm.models import Deal
from licenses import clock, terms
from licenses.models import ACTIVE, EXPIRED, RENEWED, Licence, Period
from pipelines import engine, fields, registry, writes
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.transactions import verb

EXPIRES_ON = "licence.expires_on"

OPENED = registry.event("licence.opened", label=gettext_lazy("licence opened"), icon="license")
EXPIRY_SET = registry.event(
    "licence.expiry_set", label=gettext_lazy("licence's end set"), icon="calendar-event"
)
CHANGED = registry.event("licence.changed", label=gettext_lazy("licence changed"), icon="pencil")
PAID = registry.event("licence.paid", label=gettext_lazy("licence paid"), icon="cash")
RENEWAL_PAID = registry.event(
    "licence.renewed", label=gettext_lazy("licence renewed"), icon="refresh"
)
DUE = registry.event("licence.due", label=gettext_lazy("licence runs out"), icon="hourglass")
RAN_OUT = registry.event(
    "licence.expired", label=gettext_lazy("licence expired"), icon="hourglass-off"
)
REFUSED = registry.event(
    "licence.refused", label=gettext_lazy("licence not renewed"), icon="license-off"
)
RESUMED = registry.event(
    "licence.resumed", label=gettext_lazy("licence in force again"), icon="license"
)

ACCOUNT_LIMIT, REASON_LIMIT, MOST_USERS = 60, 5000, 100_000


class NoLicence(RegulationError):
    """This deal carries no licence."""

    def __init__(self) -> None:
        super().__init__(_("This deal carries no licence."))


class LicenceChanged(RegulationError):
    """Somebody has changed the licence since the page was opened."""

    def __init__(self) -> None:
        super().__init__(
            _("This licence was changed meanwhile. Look at it again before you go on.")
        )


@verb
def open_licence(deal: Deal, *, by: Actor, now: datetime, months: int = 12) -> Licence:
    """Make the deal carry a licence, bought for `months` and not yet confirmed; the one it has, if it has one.

    The sale that the deal continues opens a licence once. Errors: IntegrityError for a second one.
    """
    engine.lock(deal)
    if found := Licence.objects.filter(deal=deal).first():
        return found
    _check_months(months, "months")
    licence = Licence.objects.create(
        deal=deal, sale=deal.origin, renewal_months=months, created_at=now
    )
    Period.objects.create(
        licence=licence,
        number=1,
        months=months,
        price=deal.budget or None,
        currency=deal.currency,
        by=by.user,
        at=now,
    )
    _record(OPENED, licence, by=by, now=now, text=_months(months))
    return licence


@verb
def set_expiry(
    deal: Deal, *, expires_on: date, by: Actor, now: datetime, revision: int | None = None
) -> Licence:
    """Write down the end as the client's account shows it (AX-LIC5). Errors: BadAnswer, LicenceChanged."""
    licence = _lock(deal, by, revision)
    _check_day(expires_on, "expires_on", now)
    period = licence.periods.latest("number")
    if period.starts_on and expires_on < period.starts_on:
        raise BadAnswer({"expires_on": _("The licence can't end before its period begins.")})
    period.ends_on, period.anchor = expires_on, expires_on.day
    period.save(update_fields=["ends_on", "anchor"])
    _set_expiry(licence, expires_on, Licence.Source.TYPED, by=by, now=now)
    return licence


@verb
def enter_licence(
    deal: Deal,
    *,
    expires_on: date,
    account_id: str = "",
    users: int | None = None,
    months: int | None = None,
    last_price: Decimal | None = None,
    last_users: int | None = None,
    budget: Decimal | None = None,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Licence:
    """Enter a licence found in an account that the client already has (AX-LIC6).

    Without a `budget` it is the last purchase per user × the users of now, where they are known.
    Errors: BadAnswer, LicenceChanged.
    """
    licence = _lock(deal, by, revision)
    _change_account(licence, account_id=account_id, users=users, months=months)
    if last_users is not None and not 1 <= last_users <= MOST_USERS:
        raise BadAnswer({"last_users": _("From 1 to %(most)s.") % {"most": MOST_USERS}})
    period = licence.periods.latest("number")
    if period.paid_on is None:
        period.price, period.users = last_price, last_users or users
        period.save(update_fields=["price", "users"])
    if budget is None and last_price is not None and users:
        budget = terms.proposed_budget(price=last_price, users=last_users or users, users_now=users)
    if budget is not None:
        engine.change_fields(deal, {"budget": str(budget)}, by=by, now=now)
    licence.revision += 1
    licence.save(update_fields=["account_id", "users", "renewal_months", "revision"])
    return set_expiry(deal, expires_on=expires_on, by=by, now=now)


@verb
def change_account(
    deal: Deal,
    *,
    account_id: str,
    users: int | None,
    months: int,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Licence:
    """Correct what is known of the client's account. Errors: BadAnswer, LicenceChanged."""
    licence = _lock(deal, by, revision)
    before = _account(licence)
    _change_account(licence, account_id=account_id, users=users, months=months)
    if before != (after := _account(licence)):
        licence.revision += 1
        licence.save(update_fields=["account_id", "users", "renewal_months", "revision"])
        _record(CHANGED, licence, by=by, now=now, text=f"{before} → {after}")
    return licence


@verb
def confirm_payment(
    deal: Deal,
    *,
    paid_on: date,
    months: int,
    bonus_months: int = 0,
    price: Decimal | None = None,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Licence:
    """The payment for the present period is confirmed: it ends its months and bonus months after it (AX-LIC5).

    Once a period: the next purchase is `renew_licence`. Errors: BadAnswer, LicenceChanged, RegulationError.
    """
    licence = _lock(deal, by, revision)
    _check_purchase(paid_on, months, bonus_months, price, licence, now)
    period = licence.periods.latest("number")
    if period.paid_on is not None:
        raise RegulationError(
            _("The payment for this period is confirmed already; enter a renewal instead.")
        )
    period.starts_on, period.anchor = paid_on, paid_on.day
    period.ends_on = terms.term_end(paid_on, months=months, bonus=bonus_months)
    _buy(period, licence, paid_on, months, bonus_months, price, by, now)
    period.save()
    _record(PAID, licence, by=by, now=now, text=_purchase(period))
    _set_expiry(licence, period.ends_on, Licence.Source.COMPUTED, by=by, now=now)
    return licence


@verb
def renew_licence(
    deal: Deal,
    *,
    paid_on: date,
    months: int,
    bonus_months: int = 0,
    price: Decimal | None = None,
    by: Actor,
    now: datetime,
    revision: int | None = None,
) -> Licence:
    """A renewal is paid: a new period follows the last one, or the payment where that had ended before (AX-LIC12).

    Errors: BadAnswer, LicenceChanged, RegulationError while the present end is unknown.
    """
    licence = _lock(deal, by, revision)
    _check_purchase(paid_on, months, bonus_months, price, licence, now)
    last = licence.periods.latest("number")
    if licence.expires_on is None:
        raise RegulationError(
            _(
                "There is nothing to renew yet: first confirm the payment, or type the licence's end."
            )
        )
    is_seamless = licence.expires_on >= paid_on
    start = licence.expires_on if is_seamless else paid_on
    anchor = (last.anchor if is_seamless else None) or start.day
    period = Period(
        licence=licence,
        number=last.number + 1,
        starts_on=start,
        ends_on=terms.term_end(start, months=months, bonus=bonus_months, anchor=anchor),
        anchor=anchor,
    )
    _buy(period, licence, paid_on, months, bonus_months, price, by, now)
    period.save(force_insert=True)
    assert period.ends_on
    licence.reminded, licence.refusal_kind, licence.refusal_reason = {}, "", ""
    licence.renew()
    licence.save(update_fields=["state", "reminded", "refusal_kind", "refusal_reason"])
    _set_expiry(licence, period.ends_on, Licence.Source.COMPUTED, by=by, now=now, tell=False)
    _record(RENEWAL_PAID, licence, by=by, now=now, text=_purchase(period))
    return licence


@verb
def refuse_licence(deal: Deal, *, kind: str, reason: str, by: Actor, now: datetime) -> Licence:
    """The client does not renew: elsewhere, or he leaves altogether, and why (AX-LIC11). Errors: BadAnswer."""
    licence = _lock(deal, by, None)
    reason = fields.storable(reason).strip()
    if kind not in Licence.Refusal.values:
        raise BadAnswer({"kind": _("Say which: renews elsewhere, or leaves altogether.")})
    if not reason:
        raise BadAnswer({"reason": _("Say why the client does not renew.")})
    if len(reason) > REASON_LIMIT:
        raise BadAnswer({"reason": _("At most %(limit)s characters.") % {"limit": REASON_LIMIT}})
    if licence.is_refused:
        return licence
    licence.refuse()
    licence.refusal_kind, licence.refusal_reason = kind, reason
    licence.revision += 1
    licence.save(update_fields=["state", "refusal_kind", "refusal_reason", "revision"])
    said = Licence.Refusal(kind).label
    _record(REFUSED, licence, by=by, now=now, text=f"{said}: {reason}", kind=kind)
    return licence


@verb
def resume_licence(deal: Deal, *, by: Actor, now: datetime) -> Licence:
    """The client who refused stays after all: the countdown goes on."""
    licence = _lock(deal, by, None)
    if not licence.is_refused:
        return licence
    licence.refusal_kind, licence.refusal_reason = "", ""
    _rewind(licence)
    licence.revision += 1
    licence.save(update_fields=["state", "refusal_kind", "refusal_reason", "revision"])
    _record(RESUMED, licence, by=by, now=now)
    _announce_again(licence, by=by, now=now)
    return licence


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
    _record(RAN_OUT, licence, by=by, now=now, text=_until(licence.expires_on))
    return True


def _lock(deal: Deal, by: Actor, revision: int | None) -> Licence:
    """Lock the deal, which is the lock of its licence too, and read the licence. Errors: NoLicence, LicenceChanged."""
    pipeline = engine.lock(deal)
    deals.check_may_edit(deal, pipeline, by)
    licence = Licence.objects.filter(deal=deal).first()
    if licence is None:
        raise NoLicence
    if revision is not None and licence.revision != revision:
        raise LicenceChanged
    # What the timers read is what is written here.
    licence.deal = deal
    return licence


def _set_expiry(
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
        _rewind(licence)
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
        _record(
            EXPIRY_SET,
            licence,
            by=by,
            now=now,
            text=f"{_until(expires_on)}, {Licence.Source(source).label}",
            before=before.isoformat() if before else None,
            source=source,
        )
    if before != expires_on and not licence.is_refused:
        _announce_again(licence, by=by, now=now)


def _rewind(licence: Licence) -> None:
    licence.rewind(was_renewed=licence.periods.filter(number__gt=1).exists())


def _announce_again(licence: Licence, *, by: Actor, now: datetime) -> None:
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
    _record(DUE, licence, by=by, now=now, text=text, step=days, left=left, first=is_first)


def _record(
    name: str, licence: Licence, *, by: Actor, now: datetime, text: str = "", **data: Any
) -> None:
    facts = {
        "licence": licence.pk,
        "expires_on": licence.expires_on.isoformat() if licence.expires_on else None,
        "text": text,
    }
    engine.record(name, deal=licence.deal, by=by, now=now, data=facts | data)


def _change_account(
    licence: Licence, *, account_id: str, users: int | None, months: int | None
) -> None:
    account_id = fields.storable(account_id).strip()
    errors = {}
    if len(account_id) > ACCOUNT_LIMIT:
        errors["account_id"] = _("At most %(limit)s characters.") % {"limit": ACCOUNT_LIMIT}
    if users is not None and not 1 <= users <= MOST_USERS:
        errors["users"] = _("From 1 to %(most)s.") % {"most": MOST_USERS}
    if errors:
        raise BadAnswer(errors)
    _check_months(months or licence.renewal_months, "months")
    licence.account_id, licence.users = account_id, users
    licence.renewal_months = months or licence.renewal_months


def _account(licence: Licence) -> str:
    users = ngettext("%(n)s user", "%(n)s users", licence.users or 0) % {"n": licence.users or 0}
    return ", ".join(filter(None, [licence.account_id, users, _months(licence.renewal_months)]))


def _check_purchase(
    paid_on: date,
    months: int,
    bonus_months: int,
    price: Decimal | None,
    licence: Licence,
    now: datetime,
) -> None:
    _check_day(paid_on, "paid_on", now)
    if paid_on > clock.today(licence.deal, now):
        raise BadAnswer({"paid_on": _("A payment is confirmed after it was made.")})
    _check_months(months, "months")
    if not 0 <= bonus_months <= terms.LONGEST:
        raise BadAnswer({"bonus_months": _("From 0 to %(most)s.") % {"most": terms.LONGEST}})
    if price is not None and not 0 <= price < 10**12:
        raise BadAnswer({"price": _("This sum is out of reason.")})


def _check_months(months: int, code: str) -> None:
    if not 1 <= months <= terms.LONGEST:
        raise BadAnswer({code: _("From 1 to %(most)s.") % {"most": terms.LONGEST}})


def _check_day(day: date, code: str, now: datetime) -> None:
    if abs((day - timezone.localdate(now)).days) > 366 * 20:
        raise BadAnswer({code: _("This date is too far away.")})


def _buy(
    period: Period,
    licence: Licence,
    paid_on: date,
    months: int,
    bonus_months: int,
    price: Decimal | None,
    by: Actor,
    now: datetime,
) -> None:
    period.months, period.bonus_months, period.paid_on = months, bonus_months, paid_on
    period.users, period.by, period.at = licence.users or period.users, by.user, now
    period.price = period.price if price is None else price
    period.currency = licence.deal.currency


def _purchase(period: Period) -> str:
    assert period.ends_on
    assert period.paid_on
    bought = _months(period.months or 0)
    if period.bonus_months:
        bought += " + " + _months(period.bonus_months)
    paid = _("paid on %(day)s") % {"day": date_format(period.paid_on, "SHORT_DATE_FORMAT")}
    return f"{bought}, {paid}, {_until(period.ends_on)}"


def _months(number: int) -> str:
    return ngettext("%(n)s month", "%(n)s months", number) % {"n": number}


def _until(day: date) -> str:
    return _("until %(day)s") % {"day": date_format(day, "SHORT_DATE_FORMAT")}
