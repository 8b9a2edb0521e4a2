"""What conditions ask of the columns of a record: any of some values, moments, numbers, a part of a text, its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower
from django.db.models.lookups import Contains
from django.utils.translation import gettext_lazy as _

from crm.filters.people import people_of
from crm.models import User
from pipelines.numbers import whole

# The responsible whoever asks: a shared filter «mine» is each one's own.
ME = "me"

Holds = Callable[[list[str], datetime], Q]
Found = Callable[[list[str] | None], Mapping[str, Any]]


def one_in(column: str) -> Holds:
    return lambda codes, now: Q(**{f"{column}__in": codes})


def moments(column: str) -> Callable[[datetime | None, datetime | None], Q]:
    def within(since: datetime | None, until: datetime | None) -> Q:
        return _bounded(column, gte=since, lt=until)

    return within


def amounts(column: str) -> Callable[[Decimal | None, Decimal | None], Q]:
    def within(low: Decimal | None, high: Decimal | None) -> Q:
        return _bounded(column, gte=low, lte=high)

    return within


def text(column: str) -> Callable[[str], Q]:
    """A part of it, whatever the case."""
    return lambda typed: Q(Contains(Lower(column), " ".join(typed.lower().split())))


def tick(column: str) -> Holds:
    """«yes», «no»; both are no condition."""

    def holds(codes: list[str], now: datetime) -> Q:
        return Q() if len(codes) > 1 else Q(**{column: codes == ["yes"]})

    return holds


def find_people(user: User) -> Found:
    def find(codes: list[str] | None) -> Mapping[str, Any]:
        if codes is None:
            people = people_of(user)
        else:
            # Deals of who has left are still his until they are given away, so he is still somebody to ask for.
            owners = user.visible_owner_ids
            ids = [pk for pk in numbers(codes) if owners is None or pk in owners]
            people = User.objects.filter(pk__in=ids) if ids else ()
        me = {ME: _("me")} if codes is None or ME in codes else {}
        return {**me, **{str(person.pk): str(person) for person in people}}

    return find


def held_by(user: User) -> Holds:
    def holds(codes: list[str], now: datetime) -> Q:
        return Q(owner__in=[user.pk if code == ME else int(code) for code in codes])

    return holds


def numbers(codes: list[str]) -> list[int]:
    """Those of the codes that can be the number of a row."""
    return [number for number in map(whole, codes) if number is not None]


def _bounded(column: str, **bounds: Any) -> Q:
    asked = {f"{column}__{way}": bound for way, bound in bounds.items() if bound is not None}
    return Q(**asked)
