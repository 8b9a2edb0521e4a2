"""Taking a contact or a company out of every list; its card's history stays."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.clients import fields as client_fields
from crm.clients.fields import Client
from crm.models import Contact, Deal, Task
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.transactions import verb

CONTACT_ARCHIVED = registry.event(
    "contact.archived", label=gettext_lazy("contact archived"), icon="archive"
)
COMPANY_ARCHIVED = registry.event(
    "company.archived", label=gettext_lazy("company archived"), icon="archive"
)


@verb
def archive_client(record: Client, *, by: Actor, now: datetime) -> None:
    """Archive a contact or a company with which nothing goes on. Errors: RegulationError where something does."""
    fresh = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    if fresh.archived_at is not None:
        return
    link: dict[str, Any] = {client_fields.kind_of(record): record}
    if Deal._base_manager.filter(archived_at=None, **link).exists():
        raise RegulationError(_("It has deals."))
    if Task._base_manager.filter(state="open", **link).exists():
        raise RegulationError(_("It has open tasks."))
    record.archived_at = now
    record.save(update_fields=["archived_at"])
    archived = CONTACT_ARCHIVED if isinstance(record, Contact) else COMPANY_ARCHIVED
    engine.record(archived, by=by, now=now, data={"name": record.name}, **link)
