"""Whose client it is: the owner of the contact and of the company, given on with the deal or by a rule (PZ-2.1)."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy

from crm.intake import policies
from crm.models import Company, Contact, Deal, User
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.transactions import verb

CLIENT_GIVEN = registry.event(
    "client.given", label=gettext_lazy("client given to another manager"), icon="user-share"
)


@verb
def give_client(deal: Deal, *, owner: User, by: Actor, now: datetime) -> list[Contact | Company]:
    """Make `owner` responsible for the deal's contact, for his company and the deal's; returns those that changed."""
    return [
        record for record in clients_of(deal) if give(record, deal, owner=owner, by=by, now=now)
    ]


def give(
    record: Contact | Company, deal: Deal | None, *, owner: User, by: Actor, now: datetime
) -> bool:
    """Make `owner` responsible for the record, with the deal or by itself; whether anything changed."""
    if record.owner_id == owner.pk:
        return False
    before, record.owner = record.owner, owner
    record.save(update_fields=["owner"])
    facts = {"from": str(before or ""), "to": str(owner)}
    link = {"contact": record} if isinstance(record, Contact) else {"company": record}
    engine.record(CLIENT_GIVEN, deal=deal, by=by, now=now, data=facts, **link)
    return True


def go_with_deal(
    deal: Deal, pipeline: CompiledPipeline, *, before: User, by: Actor, now: datetime
) -> None:
    """The deal was given from `before` to its present owner: so is the client, where a client belongs to one manager.

    A client with whom `before` has other open deals stays his until these are given too.
    """
    if not policies.one_manager(pipeline):
        return
    for record in clients_of(deal):
        link = "contact" if isinstance(record, Contact) else "company"
        others = Deal.objects.open().filter(owner=before, archived_at=None, **{link: record})
        if record.owner_id == before.pk and not others.exclude(pk=deal.pk).exists():
            give(record, deal, owner=deal.owner, by=by, now=now)


def clients_of(deal: Deal) -> list[Contact | Company]:
    found: dict[tuple[str, int], Contact | Company] = {}
    of_contact = deal.contact.company if deal.contact else None
    for record in (deal.contact, of_contact, deal.company):
        if record is not None:
            found.setdefault((type(record).__name__, record.pk), record)
    return list(found.values())
