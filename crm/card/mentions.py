"""Colleagues named in a note by «@»: found in its text, offered as one types, and who of them sees the record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When

from crm import roles
from crm.models import Deal, Team, User
from crm.records import Record, of
from pipelines.models import Event

SIGN = "@"
# More people than this one note does not call.
MENTIONED = 20
OFFERED = 8
# Each of those looked at is asked what he sees.
LOOKED_AT = 24


def named(text: str, chosen: Collection[int] = ()) -> dict[str, Any]:
    """What a note's entry keeps of those named in it: {"mentions": [{"id", "name"}]}, nothing where nobody is.

    `chosen` are the ids picked from what was offered: they tell namesakes apart.
    """
    if SIGN not in text:
        return {}
    people: dict[str, list[User]] = defaultdict(list)
    for user in User.objects.filter(is_active=True):
        people[str(user)].append(user)
    found: dict[int, str] = {}
    for name in _names(text, people):
        meant = [user for user in people[name] if user.pk in chosen] or people[name]
        found |= {user.pk: name for user in meant}
    kept = list(found.items())[:MENTIONED]
    return {"mentions": [{"id": pk, "name": name} for pk, name in kept]} if kept else {}


def _names(text: str, known: Iterable[str]) -> Iterable[str]:
    """The known names that stand after an «@», the longest that fits: «@Anna Berg» is not «@Anna»."""
    longest_first = sorted(known, key=len, reverse=True)
    for rest in text.split(SIGN)[1:]:
        for name in longest_first:
            if rest.startswith(name) and not rest[len(name) : len(name) + 1].isalnum():
                yield name
                break


def sees(user: User, record: Record) -> bool:
    seen: Any = type(record)._default_manager
    return bool(seen.visible_to(user).filter(pk=record.pk).exists())


def offered(record: Record, typed: str, *, by: User) -> list[User]:
    """Whom one may call to the record: those who see it and have what was typed in their name."""
    found = User.objects.filter(is_active=True).exclude(pk=by.pk)
    for word in typed.replace("\x00", "").split()[:3]:
        found = found.filter(
            Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | Q(email__istartswith=word)
        )
    # First those who are the likeliest to see it: who answers for it, then heads, then administrators.
    rank = Case(
        When(_answering(record, by), then=Value(0)),
        When(Exists(Team.objects.filter(head=OuterRef("pk"))), then=Value(1)),
        When(Q(is_superuser=True) | Q(groups__name=roles.CRM_ADMIN), then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    ordered = found.annotate(rank=rank).order_by("rank", "last_name", "first_name", "pk")
    likely = {user.pk: user for user in ordered[:LOOKED_AT]}
    seeing = (user for user in likely.values() if sees(user, record))
    return [user for user, _place in zip(seeing, range(OFFERED), strict=False)]


def _answering(record: Record, by: User) -> Q:
    own = Q(pk=record.owner_id)
    if isinstance(record, Deal):
        return own
    deals = Deal.objects.visible_to(by).filter(**of(record), owner=OuterRef("pk"))
    return own | Q(Exists(deals))


def who_cannot_see(entry: Event) -> list[User]:
    """Those named in a note who do not see its record: they are told nothing, so its author is told that."""
    record = record_of(entry)
    return [user for user in people_of(entry) if record is not None and not sees(user, record)]


def people_of(entry: Event) -> list[User]:
    ids = [item["id"] for item in entry.data.get("mentions", ())]
    return list(User.objects.filter(pk__in=ids, is_active=True)) if ids else []


def record_of(entry: Event) -> Record | None:
    return entry.deal or entry.contact or entry.company
