"""What is asked of contacts, companies and own lists in an address: the conditions of `crm.filters`, a field by its type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.filters import columns, own, phone_has
from crm.filters.asking import AnyOf, AnyRow, Client, Condition, Contains, Days, Numbers
from crm.filters.base import Filter
from crm.filters.known import named
from crm.filters.text import with_company
from crm.lists.shapes import Shape
from crm.lookups import name_has, one_of
from crm.models import Company, ContactPoint, Deal, User
from pipelines.compiled import CompiledField

YES_NO = {"yes": _("yes"), "no": _("no")}
# What the text is looked for in.
ASKED_FOR = {
    "contact": _("Name, phone, e-mail or company"),
    "company": _("Name, tax number, phone or e-mail"),
}
DEALS = {"with": _("there are some"), "without": _("there are none")}
ARCHIVED = "archived"


class ListFilter(Filter):
    """For one list as its reader sees it."""

    # The list itself, in the address of an export; the file's kind and whether it has all columns.
    beside = Filter.beside | {"kind", "form", "all_columns"}

    def __init__(self, data: Any, *, user: User, shape: Shape) -> None:
        self.shape = shape
        super().__init__(data, user=user)

    @property
    def is_archive(self) -> bool:
        return ARCHIVED in self.asked

    def records(self, *, now: datetime) -> QuerySet[Any]:
        """What answers, of the list or of its archive."""
        return self.apply(self.shape.records(self.user, archived=self.is_archive), now=now)

    def all_conditions(self) -> Iterable[Condition]:
        shape = self.shape
        label = ASKED_FOR.get(shape.code, _("Name"))
        yield Contains("q", label, shape.title, has=lambda text: mentions(shape, text))
        for field in shape.fields.values():
            if field.code != "name":
                yield _condition(field, shape, self.user)
        # Not one of the live records is in the archive: it is another set, which `records` begins with.
        yield AnyOf(
            ARCHIVED,
            _("The archive"),
            shape.title,
            choices={"yes": _("in the archive")},
            holds=lambda codes, now: Q(),
        )
        yield Numbers("ids", _("Numbers"), shape.title, within=lambda numbers: Q(pk__in=numbers))


def mentions(shape: Shape, text: str) -> Q:
    """Records with the text in their name, with such a phone, e-mail or tax number; contacts also by their company."""
    found = Q(name_has(text))
    if shape.own is not None:
        return found
    if points := phone_has(text) or _email(text):
        found |= _having(points, shape.code)
    if shape.code == "company" and text.isdecimal():
        found |= Q(tax_id=text)
    if shape.code == "contact":
        firms = Company.objects.filter(name_has(text)).order_by()
        found |= Q(one_of("company_id", firms.values("id")))
    return found


def _email(text: str) -> Q | None:
    return Q(kind=ContactPoint.Kind.EMAIL, value__contains=text.lower()) if "@" in text else None


def _having(points: Q, kind: str) -> Q:
    rows = ContactPoint.objects.filter(points, **{f"{kind}__isnull": False}).order_by()
    return Q(one_of("id", rows.values(f"{kind}_id")))


def _condition(field: CompiledField, shape: Shape, user: User) -> Condition:
    if not field.built_in:
        # All fields of an own list are what it was made for; of a regulation's, those that it wants in the filter.
        is_common = shape.own is not None or field.in_filter
        group = gettext("Fields") if is_common else field.tab
        return own.condition(field, group=group, is_common=is_common, of_deals=False)
    group = shape.title
    match field.type:
        case "phone" | "email":
            return Contains(field.type, field.label, group, has=_point(field.type, shape.code))
        case "company":
            name_of = named(user, Company)
            return Client("company", field.label, group, has=with_company, name_of=name_of)
        case "person":
            find, holds = columns.find_people(user), columns.held_by(user)
            return AnyRow("owner", field.label, group, find=find, holds=holds)
        case "moment":
            # Links to a list say «created», as those to deals do.
            return Days("created", field.label, group, within=columns.moments(field.code))
        case "open_deals":
            holds = _with_deals(user, shape.code)
            return AnyOf("deals", field.label, group, choices=DEALS, holds=holds)
        case "yes_no":
            holds = columns.tick(field.code)
            return AnyOf(field.code, field.label, group, choices=YES_NO, holds=holds)
    return Contains(field.code, field.label, group, has=columns.text(field.code))


def _point(kind: str, record: str) -> Callable[[str], Q]:
    def has(text: str) -> Q:
        having = phone_has(text) if kind == ContactPoint.Kind.PHONE else None
        return _having(having or Q(kind=kind, value__contains=text.lower()), record)

    return has


def _with_deals(user: User, record: str) -> columns.Holds:
    def holds(codes: list[str], now: datetime) -> Q:
        if len(codes) > 1:
            return Q()
        has = Exists(Deal.objects.visible_to(user).open().filter(**{record: OuterRef("pk")}))
        return Q(has) if codes == ["with"] else ~Q(has)

    return holds
