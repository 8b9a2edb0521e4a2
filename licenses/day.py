"""What licences bring to «My day» and to the desktop: those that end within the last week of their countdown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import visibility
from crm.board.cards import Words
from crm.day.things import LIMIT, Ask, Thing, phone_of, source
from crm.desktop import registry
from crm.models import User
from licenses import forecast, terms
from licenses.models import Licence
from licenses.panel import in_words, serves, tone
from pipelines import catalog

# From so many days on the end is red everywhere else, too.
NEAR = 7
# What ended longer ago is no matter of the day any more.
PAST = 30
FIRST = 6


@source("licences")
def things(ask: Ask) -> Iterator[Thing]:
    """The licences of the owner's open deals that end within a week, or ended in the last month."""
    if not any(map(serves, catalog.pipelines())):
        return
    today = timezone.localdate(ask.now)
    found = (
        Licence.objects.visible_to(ask.viewer)
        .running()
        .filter(
            deal__owner=ask.owner,
            deal__status="open",
            expires_on__gte=today - timedelta(days=PAST),
            expires_on__lte=today + timedelta(days=NEAR),
        )
        .select_related("deal", "deal__contact", "deal__company")
        .annotate(phone=phone_of("deal__contact", "deal__company"))
        .order_by("expires_on", "pk")[:LIMIT]
    )
    for licence in found:
        assert licence.expires_on
        left = terms.days_left(licence.expires_on, today)
        yield Thing(
            text=_("Renew the licence"),
            icon="license",
            kind=_("licence"),
            at=_over(licence) if left <= 0 else None,
            deal=licence.deal,
            phone=licence.phone or "",  # type: ignore[attr-defined]
            why=_("the licence is over") if left < 0 else _("the licence ends"),
            left=in_words(left),
        )


def _over(licence: Licence) -> datetime:
    """The midnight after its last day, by the reader's clock."""
    assert licence.expires_on
    return timezone.make_aware(datetime.combine(licence.expires_on + timedelta(days=1), time.min))


def _works_with_licences(user: User) -> bool:
    return any(map(serves, visibility.pipelines_of(user)))


@registry.widget(
    "licences",
    gettext_lazy("Licences ending"),
    icon="license",
    template="licenses/widget.html",
    for_whom=_works_with_licences,
)
def widget(ask: registry.Ask) -> dict[str, Any]:
    """Those that end this month, the soonest first, and what their renewals would bring; two statements."""
    first = ask.shared.today.replace(day=1)
    ending = (
        Licence.objects.visible_to(ask.user)
        .running()
        .filter(expires_on__gte=first, expires_on__lt=terms.add_months(first, 1))
    )
    month = forecast.Month(first)
    for currency, count, amount in (
        ending.order_by()
        .values_list("deal__currency")
        .annotate(count=Count("pk"), amount=Sum("deal__budget"))
        .order_by("deal__currency")
    ):
        month.count += count
        month.sums += [(amount, currency)] if amount else []
    soon = ending.filter(expires_on__gte=ask.shared.today).select_related("deal")
    rows = []
    for licence in soon.order_by("expires_on", "pk")[:FIRST]:
        assert licence.expires_on
        left = terms.days_left(licence.expires_on, ask.shared.today)
        rows.append(
            {"deal": licence.deal, "left": in_words(left), "tone": tone(licence.state, left)}
        )
    return {
        "total": month.count,
        "sums": month.money(Words(ask.now)),
        "rows": rows,
        "all_url": f"{reverse('licenses:calendar')}?month={first:%Y-%m}",
    }
