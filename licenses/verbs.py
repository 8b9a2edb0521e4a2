"""The verbs of licences: opened, entered, corrected, paid and renewed.

Each locks the deal, changes, writes the feed and counts the timers anew, in one transaction.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.models import Deal
from licenses import clock, terms
from licenses.countdown import set_end
from licenses.keeping import (
    CHANGED,
    OPENED,
    PAID,
    RENEWAL_PAID,
    check_day,
    check_months,
    lock,
    months_in_words,
    record,
    until,
)
from licenses.models import Licence, Period
from pipelines import engine, fields
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.transactions import verb

ACCOUNT_LIMIT, MOST_USERS = 60, 100_000


@verb
def open_licence(deal: Deal, *, by: Actor, now: datetime, months: int = 12) -> Licence:
    """Make the deal carry a licence, bought for `months` and not yet confirmed; the one it has, if it has one.

    The sale that the deal continues opens a licence once. Errors: IntegrityError for a second one.
    """
    engine.lock(deal)
    if found := Licence.objects.filter(deal=deal).first():
        return found
    check_months(months, "months")
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
    record(OPENED, licence, by=by, now=now, text=months_in_words(months))
    return licence


@verb
def set_expiry(
    deal: Deal, *, expires_on: date, by: Actor, now: datetime, revision: int | None = None
) -> Licence:
    """Write down the end as the client's account shows it (AX-LIC5). Errors: BadAnswer, LicenceChanged."""
    licence = lock(deal, by, revision)
    check_day(expires_on, "expires_on", now)
    period = licence.periods.latest("number")
    if period.starts_on and expires_on < period.starts_on:
        raise BadAnswer({"expires_on": _("The licence can't end before its period begins.")})
    period.ends_on, period.anchor = expires_on, expires_on.day
    period.save(update_fields=["ends_on", "anchor"])
    set_end(licence, expires_on, Licence.Source.TYPED, by=by, now=now)
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
    licence = lock(deal, by, revision)
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
    licence = lock(deal, by, revision)
    before = _account(licence)
    _change_account(licence, account_id=account_id, users=users, months=months)
    if before != (after := _account(licence)):
        licence.revision += 1
        licence.save(update_fields=["account_id", "users", "renewal_months", "revision"])
        record(CHANGED, licence, by=by, now=now, text=f"{before} → {after}")
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
    licence = lock(deal, by, revision)
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
    record(PAID, licence, by=by, now=now, text=_purchase(period))
    set_end(licence, period.ends_on, Licence.Source.COMPUTED, by=by, now=now)
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
    licence = lock(deal, by, revision)
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
    set_end(licence, period.ends_on, Licence.Source.COMPUTED, by=by, now=now, tell=False)
    record(RENEWAL_PAID, licence, by=by, now=now, text=_purchase(period))
    return licence


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
    check_months(months or licence.renewal_months, "months")
    licence.account_id, licence.users = account_id, users
    licence.renewal_months = months or licence.renewal_months


def _account(licence: Licence) -> str:
    users = ngettext("%(n)s user", "%(n)s users", licence.users or 0) % {"n": licence.users or 0}
    return ", ".join(
        filter(None, [licence.account_id, users, months_in_words(licence.renewal_months)])
    )


def _check_purchase(
    paid_on: date,
    months: int,
    bonus_months: int,
    price: Decimal | None,
    licence: Licence,
    now: datetime,
) -> None:
    check_day(paid_on, "paid_on", now)
    if paid_on > clock.today(licence.deal, now):
        raise BadAnswer({"paid_on": _("A payment is confirmed after it was made.")})
    check_months(months, "months")
    if not 0 <= bonus_months <= terms.LONGEST:
        raise BadAnswer({"bonus_months": _("From 0 to %(most)s.") % {"most": terms.LONGEST}})
    if price is not None and not 0 <= price < 10**12:
        raise BadAnswer({"price": _("This sum is out of reason.")})


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
    bought = months_in_words(period.months or 0)
    if period.bonus_months:
        bought += " + " + months_in_words(period.bonus_months)
    paid = _("paid on %(day)s") % {"day": date_format(period.paid_on, "SHORT_DATE_FORMAT")}
    return f"{bought}, {paid}, {until(period.ends_on)}"
