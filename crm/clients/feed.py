"""The feed of a contact or a company: what concerns it alone, and all that happened on the deals with it that one sees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import chain
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from crm.card import feed_lines
from crm.card.feed_filter import ALL, Filter
from crm.card.feed_lines import PORTION, Portion
from crm.clients import fields as client_fields
from crm.clients.fields import Client
from crm.models import Company, Contact, Deal, User
from pipelines.models import Event

# More deals than this nobody has with one client; the latest are taken.
DEALS = 300


@dataclass(frozen=True)
class Place:
    """A deal as the feed of its client needs it."""

    id: int
    pipeline_id: int
    name: str


def places_of(record: Client, user: User) -> dict[int, Place]:
    """The deals with the client that the user sees, by id."""
    found = Deal.objects.visible_to(user).filter(**{client_fields.kind_of(record): record})
    rows = found.order_by("-pk").values_list("pk", "pipeline_id", "name")[:DEALS]
    return {row[0]: Place(*row) for row in rows}


def read_feed(
    record: Client,
    *,
    user: User,
    places: dict[int, Place],
    asked: Filter = ALL,
    before: int | None = None,
    limit: int = PORTION,
) -> Portion:
    """The newest entries asked for, older than the entry `before`: those of `places`, and those of the client outside
    any deal."""
    fields = list(
        chain(
            client_fields.COLUMNS[type(record)],
            feed_lines.fields_of(place.pipeline_id for place in places.values()),
        )
        if asked.text
        else ()
    )

    def newest(**of: Any) -> Any:
        events = Event.objects.filter(**of)
        if before is not None:
            events = events.filter(pk__lt=before)
        found = asked.narrow(events, fields)
        return asked.ordered(found).values_list("pk")[: limit + 1]

    parts = [newest(**part) for part in _parts(record, user, places)]
    # Each part walks its own index; together they hold the newest of all.
    union = parts[0].union(*parts[1:], all=False).order_by("-pk")[: limit + 1]
    ids = [pk for (pk,) in union]
    found = list(
        Event.objects.filter(pk__in=ids).select_related("actor", "rule").order_by("-pk")
        if ids
        else []
    )
    more, found = len(found) > limit, found[:limit]
    lines = feed_lines.lines_of(found, {pk: place.pipeline_id for pk, place in places.items()})
    return Portion(lines, found[-1].pk if more else None)


def entries_of(record: Client, *, user: User, places: dict[int, Place]) -> QuerySet[Event]:
    """The whole feed of the client, to look one entry up in; in portions it is read part by part."""
    parts = [Q(**part) for part in _parts(record, user, places)]
    return Event.objects.filter(reduce(or_, parts))


def _parts(record: Client, user: User, places: dict[int, Place]) -> list[dict[str, Any]]:
    """What the feed consists of: the deals one sees, the client himself, and of a company its people."""
    parts = [{"deal__in": list(places)}, _own(record)]
    if isinstance(record, Company):
        people = Contact.objects.visible_to(user).filter(company=record).values("pk")
        parts.append({"deal": None, "contact__in": people})
    return parts


def _own(record: Client) -> dict[str, Any]:
    """What happened outside any deal: to the record, and to those merged into it, whose entries stay theirs."""
    merged = type(record)._base_manager.filter(merged_into=record.pk).values_list("pk", flat=True)
    return {"deal": None, f"{client_fields.kind_of(record)}__in": [record.pk, *merged]}
