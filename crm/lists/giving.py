"""The batches that give many contacts, companies or items to another person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.batches import kinds
from crm.clients import verbs as clients
from crm.lists import items
from crm.models import Batch, BatchRow, User
from pipelines.actor import Actor
from pipelines.errors import RegulationError


class Giving(kinds.Kind):
    """Kept: who was responsible before. Put back only where nobody has given it on since."""

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        owner, before = _person(batch.params["owner"]), row.subject.owner_id
        self.give(row.subject, owner, by=by, now=now)
        return {"owner": before}

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        if row.subject.owner_id != batch.params["owner"]:
            raise RegulationError(_("Somebody has given it to another person since."))
        if row.before["owner"] is not None:
            self.give(row.subject, _person(row.before["owner"]), by=by, now=now)

    def give(self, record: Any, owner: User, *, by: Actor, now: datetime) -> None:
        clients.assign_client(record, owner=owner, by=by, now=now)


@kinds.kind("contacts.give", label=gettext_lazy("Contacts to another person"), record="contact")
class GiveContacts(Giving):
    pass


@kinds.kind("companies.give", label=gettext_lazy("Companies to another person"), record="company")
class GiveCompanies(Giving):
    pass


@kinds.kind("items.give", label=gettext_lazy("List items to another person"), record="listitem")
class GiveItems(Giving):
    def give(self, record: Any, owner: User, *, by: Actor, now: datetime) -> None:
        items.assign_item(record, owner=owner, by=by, now=now)


KINDS = {"contact": "contacts.give", "company": "companies.give", "item": "items.give"}


def _person(pk: int) -> User:
    person = User.objects.filter(pk=pk, is_active=True).first()
    if person is None:
        raise RegulationError(_("The person does not work here any more."))
    return person
