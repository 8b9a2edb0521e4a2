"""Reading the card of a contact or a company: everything one page shows, in a bounded number of queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q

from crm import panels
from crm.card import page as card
from crm.card import pins as card_pins
from crm.card.feed_filter import ALL, Filter
from crm.card.feed_lines import Portion
from crm.card.fields import Editor
from crm.card.page import OpenTask
from crm.clients import feed as client_feed
from crm.clients import fields as client_fields
from crm.clients.client_deals import Deals, read_deals, rows_of
from crm.clients.feed import Place
from crm.clients.fields import Client
from crm.models import Contact, ContactPoint, File, Task, User
from crm.names import naming_rules
from crm.planning.tasks import task_outcomes
from pipelines.catalog import CompiledPipeline

SHOWN_PEOPLE = 50


@dataclass
class ClientCard:
    record: Any
    kind: str
    points: list[ContactPoint]
    head: Editor
    editors: list[Editor]
    lookups: list[tuple[str, str, str]]
    deals: Deals
    people: list[Contact]
    tasks: list[OpenTask]
    files: list[File]
    owners: list[User]
    panels: list[panels.Panel]
    names: naming_rules.Hints | None
    pipelines: list[CompiledPipeline]
    feed: Portion
    pins: card_pins.Pins
    # The deals of the feed's entries, by id.
    places: dict[int, Place]

    @property
    def playbook(self) -> str:
        """Whose templates a letter is written from."""
        return self.pipelines[0].playbook if self.pipelines else ""


def read_client(record: Client, *, user: User, now: datetime, asked: Filter = ALL) -> ClientCard:
    """Everything the card shows to `user`, as it stands now."""
    rows = rows_of(record, user)
    places = {row.pk: Place(row.pk, row.pipeline_id, row.name) for row in rows}
    pipelines = client_fields.pipelines_of(user, {row.pipeline_id for row in rows})
    known = client_fields.known(record, pipelines)
    editors = client_fields.editors(record, known, known)
    points = list(record.points.all())
    looked_up = [
        record.name,
        *(point.value for point in points if point.kind in ("phone", "email")),
    ]
    return ClientCard(
        record=record,
        kind=client_fields.kind_of(record),
        points=points,
        head=editors.pop("name"),
        editors=list(editors.values()),
        lookups=[card.look_up(text) for text in looked_up],
        deals=read_deals(rows, record, user=user, now=now),
        people=_people(record, user),
        tasks=open_tasks(record, list(places), now=now),
        files=list(record.files.filter(archived_at=None)),
        owners=card.owners_for(user),
        panels=panels.client_panels_of(record, user=user, now=now),
        names=naming_rules.hints(record, pipelines[0] if pipelines else None),
        pipelines=pipelines,
        feed=client_feed.read_feed(record, user=user, places=places, asked=asked),
        pins=pins_of(record, user, places),
        places=places,
    )


def pins_of(record: Client, user: User, places: dict[int, Place]) -> card_pins.Pins:
    """What is pinned on the client's card, of what the user sees there."""
    feed = partial(client_feed.entries_of, record, user=user, places=places)
    pipelines = {pk: place.pipeline_id for pk, place in places.items()}
    return card_pins.read_pins(record, feed, pipelines)


def pipeline_of_names(record: Client, user: User) -> CompiledPipeline | None:
    """By whose rules the card judges the client's name."""
    used = {row.pipeline_id for row in rows_of(record, user)}
    return next(iter(client_fields.pipelines_of(user, used)), None)


def _people(record: Client, user: User) -> list[Contact]:
    """The contacts of a company, of those the user sees."""
    if isinstance(record, Contact):
        return []
    found = Contact.objects.visible_to(user).filter(company=record).prefetch_related("points")
    return list(found[:SHOWN_PEOPLE])


def open_tasks(record: Client, deals: list[int], *, now: datetime) -> list[OpenTask]:
    """The open tasks on the client itself and on its deals, by due time, each with its outcomes."""
    # A task on a deal is the deal's, whoever its contact is.
    own = Q(**{"deal": None, client_fields.kind_of(record): record})
    found = (
        Task.objects.open()
        .filter(own | Q(deal__in=deals))
        .select_related("owner", "rule", "deal")
        .order_by("due_at")[: card.TASK_LIMIT]
    )
    return [
        OpenTask(
            task,
            task_outcomes(task, task.deal),
            card.TASK_ICONS.get(task.kind, "checkbox"),
            card.due_colour(task, now),
        )
        for task in found
    ]
