"""Sales: how many deals were won, for how much and how fast; by month, manager, source and tag."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import people, registry
from crm.analytics.asking import Question
from crm.analytics.shapes import (
    Cell,
    Column,
    Section,
    Table,
    Text,
    chart,
    point,
    say_month,
    series,
    share,
)
from crm.models import Deal
from crm.periods import Period

CLOSED = ("won", "lost")


@dataclass
class Won:
    """Won deals; sums are kept by currency, for rates are not converted."""

    deals: int = 0
    by_currency: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    sums: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    cycle: timedelta = timedelta()

    def add(self, currency: str, deals: int, amount: Decimal, cycle: timedelta) -> None:
        self.deals += deals
        self.by_currency[currency] += deals
        self.sums[currency] += amount
        self.cycle += cycle

    def average(self, currency: str) -> Decimal | None:
        number = self.by_currency.get(currency)
        return self.sums[currency] / number if number else None

    @property
    def usual_cycle(self) -> timedelta | None:
        return self.cycle / self.deals if self.deals else None


Row = tuple[date, int, str, str, int, Decimal, timedelta]


def read(question: Question) -> list[Row]:
    """(month, owner, arrival, currency, deals, sum, time from creation to closing) of the won deals."""
    zone = timezone.get_current_timezone()
    found = (
        question.closed("won")
        .order_by()
        .annotate(month=TruncMonth("closed_at", tzinfo=zone))
        .values_list("month", "owner", "arrival", "currency")
        .annotate(
            number=Count("*"), amount=Sum("budget"), cycle=Sum(F("closed_at") - F("created_at"))
        )
    )
    return [(timezone.localtime(row[0], zone).date(), *row[1:]) for row in found]


def summed(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> dict[Any, Won]:
    found: dict[Any, Won] = defaultdict(Won)
    for row in rows:
        found[key(row)].add(*row[3:])
    return found


def whole(rows: Iterable[Row]) -> Won:
    return summed(rows, lambda row: None)[None]


@registry.report(
    "sales",
    title=gettext_lazy("Sales"),
    about=gettext_lazy("Won deals, sums, average cheque and length of the cycle"),
    icon="coins",
    position=20,
)
def sections(question: Question) -> list[Section]:
    rows = read(question)
    if not rows:
        return []
    before = read(question.before)
    currencies = [
        code for code, _sum in sorted(whole(rows).sums.items(), key=lambda item: -item[1])
    ]
    found = [
        _months(question, rows, currencies),
        _by_manager(question, rows, before, currencies),
        _outcomes(question),
        _by_source(question, rows, before, currencies),
    ]
    if tags := _tags(question):
        found.append(_by_tag(question, tags, currencies))
    return found


def _by_manager(
    question: Question, rows: list[Row], before: list[Row], currencies: list[str]
) -> Section:
    names = people.names(row[1] for row in rows)
    return _section(
        "manager",
        _("By manager"),
        _("Manager"),
        summed(rows, lambda row: row[1]),
        summed(before, lambda row: row[1]),
        currencies,
        name=lambda pk: names.get(pk, "—"),
        url=lambda pk: _won_url(question, owner=pk),
        total=whole(rows),
        total_url=_won_url(question),
    )


def _by_source(
    question: Question, rows: list[Row], before: list[Row], currencies: list[str]
) -> Section:
    arrivals = {str(code): str(label) for code, label in Deal.Arrival.choices}
    return _section(
        "source",
        _("By source"),
        _("Source"),
        summed(rows, lambda row: row[2]),
        summed(before, lambda row: row[2]),
        currencies,
        name=lambda code: arrivals.get(code, code),
        url=lambda code: _won_url(question, arrival=code),
        total=whole(rows),
        total_url=_won_url(question),
    )


def _by_tag(question: Question, tags: dict[Any, Won], currencies: list[str]) -> Section:
    return _section(
        "tag",
        _("By tag"),
        _("Tag"),
        tags,
        _tags(question.before),
        currencies,
        name=lambda key: key[1],
        url=lambda key: _won_url(question, tag=key[0]),
        note=_("A deal with several tags counts under each of them."),
    )


def _won_url(question: Question, **asked: Any) -> str:
    return question.deals_url(status="won", closed=question.period.code, **asked)


def _months(question: Question, rows: list[Row], currencies: list[str]) -> Section:
    by_month = summed(rows, lambda row: row[0])
    months = list(_each_month(*question.days))
    table_rows = [
        _line(
            Cell(first),
            by_month.get(first, Won()),
            None,
            currencies,
            question.deals_url(status="won", closed=within(first, *question.days).code),
            compared=False,
        )
        for first in months
    ]
    main = currencies[0]
    return Section(
        "month",
        _("By month"),
        Table(
            _columns(Column(_("Month"), "month", width=18), currencies, compared=False), table_rows
        ),
        chart(
            "bar",
            title=_("Won by month"),
            categories=[say_month(first) for first in months],
            series=[
                {
                    "name": _("Sum, %(currency)s") % {"currency": main},
                    "points": [
                        point(by_month.get(first, Won()).sums[main], row[1].url)
                        for first, row in zip(months, table_rows, strict=True)
                    ],
                    "color": "green",
                }
            ],
            format="money",
            currency=main,
            legend=len(currencies) > 1,
        ),
    )


def _outcomes(question: Question) -> Section:
    """How many of the deals that each closed he won."""
    days, counts = question.period.code, outcomes(question)
    names = people.names(counts)
    order = sorted(
        counts, key=lambda pk: (-counts[pk]["won"], counts[pk]["lost"], names.get(pk, ""))
    )

    def line(first: str, found: Counter[str], **owner: int) -> list[Cell]:
        return [
            Cell(first),
            *(
                Cell(found[kind], question.deals_url(status=kind, closed=days, **owner))
                for kind in CLOSED
            ),
            Cell(share(found["won"], found.total())),
        ]

    rows = [line(names.get(pk, "—"), counts[pk], owner=pk) for pk in order]
    return Section(
        "outcome",
        _("Won and lost by manager"),
        Table(
            [
                Column(_("Manager"), "text", width=28),
                Column(_("Won")),
                Column(_("Lost")),
                Column(_("Share of won"), "percent"),
            ],
            rows,
            line(_("Total"), sum(counts.values(), Counter())),
        ),
        chart(
            "bar",
            title=_("Won and lost by manager"),
            categories=[row[0].value for row in rows],
            series=[
                series(_("Won"), "green", rows, 1),
                series(_("Lost"), "red", rows, 2),
            ],
            stacked=True,
            horizontal=True,
        ),
        _("Deals that were closed in the period."),
    )


def outcomes(question: Question) -> dict[int, Counter[str]]:
    """By the responsible how many of the deals closed in the period are won and lost."""
    rows = (
        question.deals()
        .filter(status__in=CLOSED, closed_at__gte=question.since, closed_at__lt=question.until)
        .order_by()
        .values_list("owner", "status")
        .annotate(number=Count("*"))
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for owner, status, number in rows:
        found[owner][status] = number
    return found


def _section(
    code: str,
    title: str,
    heading: str,
    now: dict[Any, Won],
    before: dict[Any, Won],
    currencies: list[str],
    *,
    name: Callable[[Any], Text],
    url: Callable[[Any], str],
    total: Won | None = None,
    total_url: str = "",
    note: str = "",
) -> Section:
    main = currencies[0]
    order = sorted(now, key=lambda key: (-now[key].sums[main], -now[key].deals, str(name(key))))
    rows = [
        _line(Cell(str(name(key))), now[key], before.get(key), currencies, url(key))
        for key in order
    ]
    summary = None
    if total is not None:
        together = Won()
        for won in before.values():
            for currency, deals in won.by_currency.items():
                together.add(currency, deals, won.sums[currency], timedelta())
            together.cycle += won.cycle
        summary = _line(Cell(_("Total")), total, together, currencies, total_url)
    return Section(
        code,
        title,
        Table(_columns(Column(heading, "text", width=28), currencies), rows, summary),
        chart(
            "bar",
            title=title,
            categories=[str(name(key)) for key in order],
            series=[
                {
                    "name": _("Sum, %(currency)s") % {"currency": main},
                    "points": [point(now[key].sums[main], url(key)) for key in order],
                    "color": "green",
                }
            ],
            format="money",
            currency=main,
            horizontal=True,
            legend=len(currencies) > 1,
        ),
        note,
    )


def _columns(first: Column, currencies: list[str], *, compared: bool = True) -> list[Column]:
    found = [first, Column(_("Won"))]
    if compared:
        found.append(Column(_("The period before")))
    for currency in currencies:
        named = {"currency": currency}
        found += [
            Column(_("Sum, %(currency)s") % named, "money", currency, 16),
            Column(_("Average cheque, %(currency)s") % named, "money", currency, 16),
        ]
    return [*found, Column(_("Cycle, average"), "length", width=20)]


def _line(
    first: Cell,
    now: Won,
    before: Won | None,
    currencies: list[str],
    url: str,
    *,
    compared: bool = True,
) -> list[Cell]:
    then = before or Won()
    cells = [first, Cell(now.deals, url, then.deals if compared else None, beside=True)]
    if compared:
        cells.append(Cell(then.deals))
    for currency in currencies:
        cells += [
            Cell(
                now.sums.get(currency, Decimal(0)),
                before=then.sums.get(currency, Decimal(0)) if compared else None,
            ),
            Cell(now.average(currency)),
        ]
    return [*cells, Cell(now.usual_cycle)]


def _tags(question: Question) -> dict[tuple[int, str], Won]:
    rows = (
        question.closed("won")
        .filter(tags__isnull=False)
        .order_by()
        .values_list("tags", "tags__name", "currency")
        .annotate(
            number=Count("*"), amount=Sum("budget"), cycle=Sum(F("closed_at") - F("created_at"))
        )
    )
    found: dict[tuple[int, str], Won] = defaultdict(Won)
    for tag, name, currency, deals, amount, cycle in rows:
        # Asked for some tags, a deal's others are not what was asked.
        if not question.tags or tag in question.tags:
            found[tag, name].add(currency, deals, amount, cycle)
    return found


def _each_month(start: date, end: date) -> Iterable[date]:
    first = start.replace(day=1)
    while first <= end:
        yield first
        first = (first + timedelta(days=32)).replace(day=1)


def within(first: date, start: date, end: date) -> Period:
    """The month's days that are in the period."""
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return Period(max(first, start), min(last, end), "")
