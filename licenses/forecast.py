"""Reading licences for people: the last purchase, the renewals by month, the calendar of a month."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from crm.board.cards import Words
from crm.models import User
from licenses import terms
from licenses.models import Licence, Period

AHEAD = 12


@dataclass
class Month:
    """The licences that end in a month, and what their renewals would bring, by currency."""

    first: date
    count: int = 0
    sums: list[tuple[Decimal, str]] = field(default_factory=list)

    def money(self, words: Words) -> list[str]:
        """The sums in words, by currency."""
        return [words.money(amount, currency) for amount, currency in self.sums]


@dataclass(frozen=True)
class Day:
    day: date
    is_of_month: bool
    licences: list[Licence]


def last_purchase(licence: Licence) -> tuple[Decimal | None, int | None]:
    """What the client paid last and for how many users: for this licence, else for another of his."""
    deal = licence.deal
    his = Q(licence=licence)
    if deal.company_id:
        his |= Q(licence__deal__company=deal.company_id)
    if deal.contact_id:
        his |= Q(licence__deal__contact=deal.contact_id)
    bought = Period.objects.filter(his, price__isnull=False)
    # The licence's own first.
    found = sorted(bought, key=lambda period: (period.licence_id == licence.pk, period.at))
    return (found[-1].price, found[-1].users) if found else (None, None)


def months(user: User, *, now: datetime, owners: Collection[int] = ()) -> list[Month]:
    """This month and the eleven after it, empty ones too; of these people's deals, or of all seen. One query."""
    first = timezone.localdate(now).replace(day=1)
    found = {
        day: Month(day) for day in (terms.add_months(first, number) for number in range(AHEAD))
    }
    rows = (
        Licence.objects.visible_to(user)
        .running()
        .filter(
            Q(deal__owner__in=owners) if owners else Q(),
            expires_on__gte=first,
            expires_on__lt=terms.add_months(first, AHEAD),
        )
        .annotate(month=TruncMonth("expires_on"))
        .values_list("month", "deal__currency")
        .annotate(count=Count("pk"), amount=Sum("deal__budget"))
        .order_by("month", "deal__currency")
    )
    for day, currency, count, amount in rows:
        month = found[day]
        month.count += count
        if amount:
            month.sums.append((amount, currency))
    return list(found.values())


def weeks(user: User, first: date) -> list[list[Day]]:
    """The calendar of the month that begins on `first`, each day with the licences that end on it."""
    rows = (
        Licence.objects.visible_to(user)
        .running()
        .filter(expires_on__gte=first, expires_on__lt=terms.add_months(first, 1))
        .select_related("deal", "deal__company", "deal__contact")
        .order_by("expires_on", "pk")
    )
    by_day: dict[date, list[Licence]] = {}
    for licence in rows:
        assert licence.expires_on
        by_day.setdefault(licence.expires_on, []).append(licence)
    return [
        [Day(day, day.month == first.month, by_day.get(day, [])) for day in week]
        for week in Calendar().monthdatescalendar(first.year, first.month)
    ]
