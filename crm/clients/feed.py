"""The feed of a contact or a company: what concerns it alone, and all that happened on the deals with it that one sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm.card import feed_lines
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
    before: int | None = None,
    limit: int = PORTION,
) -> Portion:
    """The newest entries older than the entry `before`: those of `places`, and those of the client outside any deal."""
    parts = [_newest(before, limit, deal__in=list(places)), _newest(before, limit, **_own(record))]
    if isinstance(record, Company):
        people = Contact.objects.visible_to(user).filter(company=record).values("pk")
        parts.append(_newest(before, limit, deal=None, contact__in=people))
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


def _newest(before: int | None, limit: int, **of: Any) -> Any:
    events = Event.objects.filter(**of)
    if before is not None:
        events = events.filter(pk__lt=before)
    return events.order_by("-pk").values_list("pk")[: limit + 1]


def _own(record: Client) -> dict[str, Any]:
    return {"deal": None, client_fields.kind_of(record): record.pk}
