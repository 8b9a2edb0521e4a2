"""The lists of contacts and of companies: a page by key, and what tells one from another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from crm.clients.fields import Client
from crm.filters import phone_has
from crm.lookups import name_has, one_of
from crm.models import Company, Contact, ContactPoint, Deal, User
from crm.visibility import PeopleQuerySet

SIZE = 50
MODELS: dict[str, Any] = {"contact": Contact, "company": Company}


@dataclass(frozen=True)
class Row:
    """One line: the record with how to reach it, and how many open deals one sees with it."""

    record: Any
    phone: str
    email: str
    open_deals: int


@dataclass(frozen=True)
class Page:
    rows: list[Row]
    # The id that the next page begins after; None where there is none.
    after: int | None


def read_page(
    kind: str, user: User, *, text: str = "", owner: int | None = None, after: int | None = None
) -> Page:
    """The newest records first, of those the user sees; three statements whatever the rows."""
    found: PeopleQuerySet = MODELS[kind].objects.visible_to(user)
    if text := " ".join(text.replace("\x00", "").split())[:100]:
        found = found.filter(mentions(kind, text))
    if owner is not None:
        found = found.filter(owner=owner)
    if after is not None:
        found = found.filter(pk__lt=after)
    links = ("owner", "company") if kind == "contact" else ("owner",)
    found = found.select_related(*links).prefetch_related("points").order_by("-pk")
    records: list[Client] = list(found[: SIZE + 1])
    more, records = len(records) > SIZE, records[:SIZE]
    counts = _open_deals(kind, user, [record.pk for record in records])
    rows = [
        Row(record, record.point("phone"), record.point("email"), counts.get(record.pk, 0))
        for record in records
    ]
    return Page(rows, records[-1].pk if more else None)


def mentions(kind: str, text: str) -> Q:
    """Records with the text in their name, with such a phone, e-mail or tax number; contacts also by their company."""
    found = Q(name_has(text))
    if points := phone_has(text) or _email(text):
        having = ContactPoint.objects.filter(points, **{f"{kind}__isnull": False})
        found |= Q(one_of("id", having.order_by().values(f"{kind}_id")))
    if kind == "company" and text.isdecimal():
        found |= Q(tax_id=text)
    if kind == "contact":
        firms = Company.objects.filter(name_has(text)).order_by()
        found |= Q(one_of("company_id", firms.values("id")))
    return found


def _email(text: str) -> Q | None:
    return Q(kind=ContactPoint.Kind.EMAIL, value__contains=text.lower()) if "@" in text else None


def _open_deals(kind: str, user: User, ids: list[int]) -> dict[int, int]:
    if not ids:
        return {}
    deals = Deal.objects.visible_to(user).open().filter(**{f"{kind}__in": ids})
    return dict(deals.order_by().values_list(kind).annotate(Count("id")))
