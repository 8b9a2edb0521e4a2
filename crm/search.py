"""The search box: deals, contacts and companies by whatever one remembers of them, within one's rights.

A part of a name, a phone in any notation or a part of it, an e-mail, a deal's number, a tax number. Where nothing
is found so, the same in the other keyboard layout is looked for, and then names that are like what was typed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.contrib.postgres.lookups import TrigramWordSimilar
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower

from crm.filters import phone_has
from crm.lookups import name_has, one_of
from crm.models import Company, Contact, ContactPoint, Deal, User
from crm.visibility import DealQuerySet, PeopleQuerySet
from pipelines.numbers import whole

LIMIT = 7
# Of the many that a common part of a name is in, so many are looked at and the latest of them shown: sorting all
# would cost a hundred times more than finding some.
LOOKED_AT = 100
# Fewer letters than this are like too much.
GUESSED_FROM = 4
# Of 1. One letter of six wrong in the middle leaves 0.57, two that changed places 0.4.
NEARNESS = 0.4

# Tells a contact of no company from namesakes.
PHONE = Subquery(
    ContactPoint.objects.filter(contact=OuterRef("pk"), kind="phone").values("value")[:1]
)

_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбюё"
_OTHER_LAYOUT = str.maketrans(_LATIN + _CYRILLIC, _CYRILLIC + _LATIN)


class FoundDeal(NamedTuple):
    id: int
    name: str
    stage_id: int
    status: str
    contact: str | None
    company: str | None


class FoundPerson(NamedTuple):
    """A contact or a company, and what tells it from its namesakes."""

    id: int
    name: str
    about: str | None


@dataclass
class Found:
    text: str = ""
    deals: list[FoundDeal] = field(default_factory=list)
    contacts: list[FoundPerson] = field(default_factory=list)
    companies: list[FoundPerson] = field(default_factory=list)
    # Nothing holds the text; these names are like it.
    is_similar: bool = False

    def __bool__(self) -> bool:
        return bool(self.deals or self.contacts or self.companies)


def find(user: User, text: str, *, limit: int = LIMIT) -> Found:
    """Up to `limit` of each kind that the user may see; three statements, more only where they find nothing."""
    text = " ".join(text.replace("\x00", "").split())
    if not text:
        return Found()
    other = text.lower().translate(_OTHER_LAYOUT)
    found = _find(user, text, limit)
    if not found and other != text.lower():
        found = _find(user, other, limit)
    if not found and sum(map(str.isalpha, text)) >= GUESSED_FROM:
        found = _similar(user, text, limit) or _similar(user, other, limit)
    return found


def _find(user: User, text: str, limit: int) -> Found:
    points = phone_has(text) or _email(text)
    number = text.removeprefix("#").removeprefix("№").strip()
    is_number = whole(number) is not None

    named = Q() if text.startswith(("#", "№")) or "@" in text else name_has(text)
    contacts, companies = named, named
    if points is not None:
        having = ContactPoint.objects.filter(points).order_by()
        contacts |= Q(one_of("id", having.filter(contact__isnull=False).values("contact_id")))
        companies |= Q(one_of("id", having.filter(company__isnull=False).values("company_id")))
    if is_number and named:
        companies |= Q(tax_id=number)
    about = Coalesce("company__name", PHONE)
    people = _people(Contact.objects.visible_to(user), contacts, about)
    firms = _people(Company.objects.visible_to(user), companies, F("tax_id"))

    # One remembers the client and looks for the deal.
    deals = named
    if people:
        deals |= Q(contact__in=[found.id for found in people])
    if firms:
        deals |= Q(company__in=[found.id for found in firms])
    if is_number:
        deals |= Q(pk=int(number))
    return Found(
        text, _deals(Deal.objects.visible_to(user), deals, limit), people[:limit], firms[:limit]
    )


def _similar(user: User, text: str, limit: int) -> Found:
    """Names a word of which is like the text: a letter wrong, left out, doubled or in the wrong place."""
    like, nearness = (
        Q(TrigramWordSimilar(Lower("name"), text.lower())),
        TrigramWordSimilarity(text.lower(), Lower("name")),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(NEARNESS)]
        )

        def nearest(records: Any, *columns: Any) -> list[Any]:
            return list(
                records.filter(like).order_by(nearness.desc(), "pk").values_list(*columns)[:limit]
            )

        about = Coalesce("company__name", PHONE)
        people = nearest(Contact.objects.visible_to(user), "id", "name", about)
        firms = nearest(Company.objects.visible_to(user), "id", "name", "tax_id")
        deals = nearest(
            Deal.objects.visible_to(user),
            *("id", "name", "stage_id", "status", "contact__name", "company__name"),
        )
    return Found(
        text,
        [FoundDeal(*row) for row in deals],
        [FoundPerson(*row) for row in people],
        [FoundPerson(*row) for row in firms],
        is_similar=True,
    )


def _people(people: PeopleQuerySet, wanted: Q, about: Any) -> list[FoundPerson]:
    if not wanted:
        return []
    some = people.filter(wanted).order_by().values_list("id", "name", about)[:LOOKED_AT]
    return sorted((FoundPerson(*row) for row in some), key=lambda found: found.name)


def _deals(deals: DealQuerySet, wanted: Q, limit: int) -> list[FoundDeal]:
    if not wanted:
        return []
    columns = ("id", "name", "stage_id", "status", "contact__name", "company__name", "stage_since")
    some = list(deals.filter(wanted).order_by().values_list(*columns)[:LOOKED_AT])
    # Here and not in SQL: so few rows are sorted sooner than a query around the query is put together.
    some.sort(key=lambda row: row[-1], reverse=True)
    return [FoundDeal(*row[:-1]) for row in some[:limit]]


def _email(text: str) -> Q | None:
    return Q(kind=ContactPoint.Kind.EMAIL, value__contains=text.lower()) if "@" in text else None
