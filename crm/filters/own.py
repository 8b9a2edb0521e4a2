"""Conditions over the fields that a regulation or an own list adds: values in jsonb, asked for by the field's type.

A field's type may have been changed since its values were written. So a number is read only where the text is one,
and dates, stored as ISO texts, are compared as texts: what is no date is no error.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, Model, Q, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Collate, Lower
from django.db.models.lookups import (
    Contains,
    GreaterThanOrEqual,
    LessThan,
    LessThanOrEqual,
    Regex,
)
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.filters.asking import AnyOf, Between, Condition, Days
from crm.filters.asking import Contains as ContainsText
from crm.lookups import one_of
from crm.models import Company, Contact
from pipelines import fields
from pipelines.catalog import CompiledField

PREFIX = "f-"
# The value of a list's field that means none of them: no code of a playbook begins so.
EMPTY = "~"
# So many digits as a field takes in.
NUMBER = r"^-?[0-9]{1,15}(\.[0-9]{1,6})?$"

_RECORDS: dict[str, type[Model]] = {"contact": Contact, "company": Company}
Asks = Callable[[Q], Q]


def text_of(code: str, values: str = "values") -> Any:
    """The value as text; null where there is none. `values` is the column, also that of a related record."""
    return KeyTextTransform(code, values)


def number_of(code: str, values: str = "values") -> Any:
    """The value as a number; null where there is none or it is something else."""
    text = text_of(code, values)
    as_number = Cast(text, DecimalField(max_digits=21, decimal_places=6))
    return Case(When(Regex(text, NUMBER), then=as_number))


def moment_of(code: str) -> Any:
    """The value as the ISO text it is stored as, in an order that is no language's."""
    return Collate(text_of(code), "C")


def condition(
    field: CompiledField, *, group: str, is_common: bool, of_deals: bool = True
) -> Condition:
    """The condition over one field; asked of deals, or of the very records that have it."""
    code = field.code.rpartition(".")[2]
    ask = _asks(field.record if of_deals else "")
    facts: dict[str, Any] = {
        "name": PREFIX + field.code,
        "label": field.label,
        "group": group,
        "is_common": is_common,
    }
    match field.type:
        case "choice" | "choices":
            holds = _listed(code, ask, several=field.type == "choices")
            return AnyOf(**facts, choices={**field.choices, EMPTY: _("not filled in")}, holds=holds)
        case "yes_no" | "control" | "evidence":
            return AnyOf(
                **facts, choices={"yes": _("yes"), "no": _("no")}, holds=_ticked(code, ask)
            )
        case "number" | "money":
            parse = fields.parse_money if field.type == "money" else fields.parse_number
            return Between(**facts, parse=parse, within=_numbers(code, ask))
        case "date" | "datetime":
            return Days(**facts, within=_days(code, ask, has_time=field.type == "datetime"))
        case _:
            return ContainsText(**facts, has=lambda text: ask(Q(_holds(code, text))))


def _asks(record: str) -> Asks:
    """How a question about the values of a record becomes one about deals."""
    if record not in _RECORDS:
        return lambda question: question
    model = _RECORDS[record]
    # The inner query runs once: a join would ask it of each deal.
    return lambda question: Q(
        one_of(f"{record}_id", model._default_manager.filter(question).order_by().values("id"))
    )


def _holds(code: str, text: str) -> Any:
    return Contains(Lower(text_of(code)), " ".join(text.lower().split()))


def _listed(code: str, ask: Asks, *, several: bool) -> Callable[[list[str], datetime], Q]:
    def holds(codes: list[str], now: datetime) -> Q:
        question = Q()
        for item in codes:
            if item == EMPTY:
                question |= ~Q(values__has_key=code)
            else:
                # Containment, for that is what the index over the values answers.
                question |= Q(values__contains={code: [item] if several else item})
        return ask(question)

    return holds


def _ticked(code: str, ask: Asks) -> Callable[[list[str], datetime], Q]:
    def holds(codes: list[str], now: datetime) -> Q:
        if len(codes) > 1:
            return Q()
        has = Q(values__has_key=code)
        return ask(has if codes == ["yes"] else ~has)

    return holds


def _numbers(code: str, ask: Asks) -> Callable[[Decimal | None, Decimal | None], Q]:
    def within(low: Decimal | None, high: Decimal | None) -> Q:
        question = Q()
        if low is not None:
            question &= Q(GreaterThanOrEqual(number_of(code), low))
        if high is not None:
            question &= Q(LessThanOrEqual(number_of(code), high))
        return ask(question)

    return within


def _days(
    code: str, ask: Asks, *, has_time: bool
) -> Callable[[datetime | None, datetime | None], Q]:
    def bound(moment: datetime) -> str:
        # A moment is stored in UTC, a day as the day it is wherever one lives.
        if has_time:
            return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        return timezone.localdate(moment).isoformat()

    def within(since: datetime | None, until: datetime | None) -> Q:
        question = Q()
        if since is not None:
            question &= Q(GreaterThanOrEqual(moment_of(code), bound(since)))
        if until is not None:
            question &= Q(LessThan(moment_of(code), bound(until)))
        return ask(question)

    return within


def of_pipelines(pipelines: list[Any]) -> list[Condition]:
    """The conditions over the own fields of these pipelines, as their cards group them; one a code.

    Of several pipelines only what the regulations want in the filter is common; a list's choices are put together.
    """
    merged: dict[str, CompiledField] = {}
    for pipeline in pipelines:
        for field in pipeline.fields.values():
            if not field.built_in:
                known = merged.get(field.code)
                merged[field.code] = field if known is None else _both(known, field)
    return [
        condition(field, group=field.tab, is_common=field.in_filter) for field in merged.values()
    ]


def _both(first: CompiledField, second: CompiledField) -> CompiledField:
    from dataclasses import replace

    if first.type != second.type:
        return first
    choices = {**second.choices, **first.choices}
    return replace(first, choices=choices, in_filter=first.in_filter or second.in_filter)
