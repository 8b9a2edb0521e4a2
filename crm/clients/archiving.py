"""Taking a contact or a company out of every list, and putting it back; its card's history stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.clients import fields as client_fields
from crm.clients.fields import Client
from crm.models import Contact, Deal, Task
from pipelines import engine, registry, writes
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.transactions import verb

CONTACT_ARCHIVED = registry.event(
    "contact.archived", label=gettext_lazy("contact archived"), icon="archive"
)
COMPANY_ARCHIVED = registry.event(
    "company.archived", label=gettext_lazy("company archived"), icon="archive"
)
CONTACT_RESTORED = registry.event(
    "contact.restored", label=gettext_lazy("contact taken out of the archive"), icon="archive-off"
)
COMPANY_RESTORED = registry.event(
    "company.restored", label=gettext_lazy("company taken out of the archive"), icon="archive-off"
)


@verb
def archive_client(record: Client, *, by: Actor, now: datetime) -> None:
    """Archive a contact or a company with which nothing goes on. Errors: RegulationError where something does."""
    fresh = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    if fresh.archived_at is not None:
        return
    if why := in_use([record]).get(record.pk):
        raise RegulationError(why)
    archive_unused(record, by=by, now=now)


@verb
def restore_client(record: Client, *, by: Actor, now: datetime) -> None:
    """Put an archived contact or company back. Errors: RegulationError for one that was merged into another."""
    fresh = type(record)._base_manager.select_for_update(of=("self",)).get(pk=record.pk)
    if fresh.archived_at is None:
        return
    if fresh.merged_into_id is not None:
        raise RegulationError(_("It was merged with another record: undo the merge instead."))
    record.archived_at = None
    writes.update(record, "archived_at")
    restored = CONTACT_RESTORED if isinstance(record, Contact) else COMPANY_RESTORED
    link: dict[str, Any] = {client_fields.kind_of(record): record}
    engine.record(restored, by=by, now=now, data={"name": record.name}, **link)


def in_use(records: Sequence[Client]) -> dict[int, str]:
    """Of contacts, or of companies: why something goes on with them, by id; two statements for all.

    Asked of rows that are locked, the answer holds until the transaction ends: nobody can hang a deal on them.
    """
    if not records:
        return {}
    link = client_fields.kind_of(records[0])
    ids = [record.pk for record in records]
    tasks = Task._base_manager.filter(state="open", **{f"{link}__in": ids})
    deals = Deal._base_manager.filter(archived_at=None, **{f"{link}__in": ids})
    found = dict.fromkeys(tasks.values_list(link, flat=True), _("It has open tasks."))
    return found | dict.fromkeys(deals.values_list(link, flat=True), _("It has deals."))


def archive_unused(record: Client, *, by: Actor, now: datetime) -> None:
    """Archive a locked contact or company of which `in_use` has said nothing."""
    record.archived_at = now
    writes.update(record, "archived_at")
    archived = CONTACT_ARCHIVED if isinstance(record, Contact) else COMPANY_ARCHIVED
    link: dict[str, Any] = {client_fields.kind_of(record): record}
    engine.record(archived, by=by, now=now, data={"name": record.name}, **link)
