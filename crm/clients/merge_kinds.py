"""Merging as a batch: its row is the record that goes, its list what was pointed at the main one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import rights
from crm.batches import kinds
from crm.clients import merging
from crm.models import Batch, BatchRow, Company, Contact
from pipelines.actor import Actor
from pipelines.errors import RegulationError


class Merge(kinds.Kind):
    """`main`: the id of the record that stays; the row's payload: the fields to `take` from the other."""

    model: type[Contact] | type[Company]

    def load(self, rows: Any, batch: Batch, *, by: Actor) -> None:
        """Both records, locked in the order of their ids; one merged is archived, and still is to be separated."""
        ids = [batch.params["main"], *(row.record_id for row in rows)]
        records = self.model._base_manager.filter(pk__in=ids).select_for_update(of=("self",))
        found = {record.pk: record for record in records.order_by("pk")}
        seen = set(
            self.model.objects.visible_to(by.user).filter(pk__in=ids).values_list("pk", flat=True)
        )
        main = found.get(batch.params["main"])
        for row in rows:
            other = found.get(row.record_id)
            is_visible = main is not None and main.pk in seen and other is not None
            # Who sees the main record may give back what came to it.
            is_visible = is_visible and (row.record_id in seen or row.state == BatchRow.State.DONE)
            row.subject = (main, other) if is_visible else None

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        main, other = row.subject
        before = merging.merge(main, other, take=row.payload.get("take", []), by=by, now=now)
        row.text = "; ".join(f"{what}: {number}" for what, number in merging.summary(before))
        return before

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        main, other = row.subject
        if other.merged_into_id != main.pk:
            raise RegulationError(_("These records are no longer merged."))
        merging.separate(main, other, row.before, by=by, now=now)

    def lost(self, batch: Batch) -> list[str]:
        return [
            _("What has been added since the merge stays with the main record."),
            _("A field that somebody has changed since stays as it is."),
        ]


@kinds.kind(
    "contacts.merge",
    label=gettext_lazy("merging contacts"),
    record="contact",
    right=rights.MERGE,
)
class MergeContacts(Merge):
    model = Contact


@kinds.kind(
    "companies.merge",
    label=gettext_lazy("merging companies"),
    record="company",
    right=rights.MERGE,
)
class MergeCompanies(Merge):
    model = Company
