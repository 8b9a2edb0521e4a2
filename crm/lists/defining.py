"""What defines an own list, beyond its rows: names that may not come twice, codes that its fields may not have."""

from __future__ import annotations

from django.db.models import Count, F
from django.db.models.functions import Lower

from crm.lists.items import key_of
from crm.models import CustomList, ListItem

# What every list has by itself.
OWN_CODES = ("name", "owner", "created_at")
SHOWN = 5


def names_twice(own: CustomList) -> list[str]:
    """Names that several items of the list have, in lower case; a few of them."""
    items = ListItem._base_manager.filter(list=own, archived_at=None)
    alike = items.annotate(word=Lower("name")).values("word").annotate(number=Count("id"))
    return list(alike.filter(number__gt=1).values_list("word", flat=True)[:SHOWN])


def keep_names(own: CustomList) -> None:
    """Make the items' keys say whether the list minds two of one name."""
    items = ListItem._base_manager.filter(list=own)
    if not own.unique_names:
        items.exclude(name_key=None).update(name_key=None)
        return
    missing = list(items.filter(name_key=None).annotate(was=F("name")))
    for item in missing:
        item.name_key = key_of(own, item.name)
    ListItem._base_manager.bulk_update(missing, ["name_key"], batch_size=1000)
