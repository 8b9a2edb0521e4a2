"""The report on renewals: what the licences that end would bring, by month."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import registry
from crm.analytics.asking import Question
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, say_month
from licenses import forecast


@registry.report(
    "renewals",
    title=gettext_lazy("Renewals"),
    about=gettext_lazy("Licences that end in the next twelve months, and their sums"),
    icon="license",
    position=70,
    asks=(),
)
def sections(question: Question) -> list[Section]:
    months = forecast.months(question.user, now=question.now, owners=question.people)
    if not any(month.count for month in months):
        return []
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for month in months:
        for amount, currency in month.sums:
            totals[currency] += amount
    currencies = sorted(totals, key=lambda code: -totals[code])
    rows, calendar = [], reverse("licenses:calendar")
    for month in months:
        sums = {currency: amount for amount, currency in month.sums}
        rows.append(
            [
                Cell(month.first),
                Cell(
                    month.count,
                    f"{calendar}?month={month.first:%Y-%m}" if not question.people else "",
                ),
                *(Cell(sums.get(code, Decimal(0))) for code in currencies),
            ]
        )
    columns = [
        Column(_("Month"), "month", width=18),
        Column(_("Licences")),
        *(
            Column(_("Sum, %(currency)s") % {"currency": code}, "money", code, 18)
            for code in currencies
        ),
    ]
    drawn = None
    if currencies:
        drawn = chart(
            "bar",
            title=_("Renewals"),
            categories=[say_month(month.first) for month in months],
            series=[
                {
                    "name": _("Sum, %(currency)s") % {"currency": currencies[0]},
                    "color": "green",
                    "points": [point(row[2].value) for row in rows],
                }
            ],
            format="money",
            currency=currencies[0],
        )
    return [Section("months", _("Renewals by month"), Table(columns, rows), drawn)]
