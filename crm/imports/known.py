"""Which rows of a file are records that we have already: by phone, e-mail and tax number, in lists by name.

A thousand rows cost two statements. Everything here sees all records: a row whose record the person may not see is told
to be known, and nothing of the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from crm.imports.targets import DEAL, Target
from crm.intake.duplicates import PHONES
from crm.lists.items import key_of
from crm.models import Company, ContactPoint, ListItem

# («phone», «+7…»), («tax», «77…»), («name», «…»)
Key = tuple[str, str]


def keys_of(target: Target, values: dict[str, Any]) -> list[Key]:
    """By what a row of the target is known; a deal by nothing, for one client has many."""
    if target.kind == DEAL:
        return []
    if target.shape and target.shape.own:
        key = key_of(target.shape.own, str(values.get("name") or ""))
        return [("name", key)] if key else []
    found: list[Key] = [("phone", value) for value in values.get("phone") or ()]
    found += [("email", value) for value in values.get("email") or ()]
    if target.kind == "company" and values.get("tax_id"):
        found.append(("tax", values["tax_id"]))
    return found


def find(target: Target, keys: Iterable[Key]) -> dict[Key, int]:
    """The oldest record with each key, of those not archived."""
    wanted = set(keys)
    if not wanted:
        return {}
    if target.shape and target.shape.own:
        names = [value for _kind, value in wanted]
        rows = ListItem.objects.filter(
            list=target.shape.own, name_key__in=names, archived_at=None
        ).values_list("name_key", "pk")
        return {("name", str(name)): pk for name, pk in rows}
    return find_clients(target.kind, wanted)


def find_clients(kind: str, wanted: set[Key]) -> dict[Key, int]:
    """The oldest contact, or company, with each key."""
    found: dict[Key, int] = {}
    values = [value for point, value in wanted if point != "tax"]
    if values:
        points = ContactPoint.objects.filter(
            value__in=values, **{f"{kind}__isnull": False, f"{kind}__archived_at": None}
        )
        rows = points.order_by(f"-{kind}_id").values_list("kind", "value", f"{kind}_id")
        for point, value, pk in rows:
            found["phone" if point in PHONES else point, value] = pk
    numbers = [value for point, value in wanted if point == "tax"]
    if numbers and kind == "company":
        firms = Company.objects.filter(tax_id__in=numbers, archived_at=None).order_by("-pk")
        for number, pk in firms.values_list("tax_id", "pk"):
            found["tax", number] = pk
    return {key: pk for key, pk in found.items() if key in wanted}


def first(keys: Sequence[Key], found: dict[Key, int]) -> int | None:
    """The record of a row, the oldest where its keys lead to several."""
    return min((found[key] for key in keys if key in found), default=None)
