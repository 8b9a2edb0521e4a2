"""The chosen deals as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from crm.bulk.selection import Selection
from crm.models import Deal
from crm.registers import xlsx
from pipelines import catalog

PORTION = 2000


def response(selection: Selection) -> HttpResponse:
    """Built-in columns, tags, and every field of the pipelines that the deals are in."""
    own = {
        code: field
        for pipeline in selection.pipelines
        for code, field in pipeline.fields.items()
        if field.record == "deal" and not field.built_in
    }
    columns = [
        (_("No."), 8), (_("Name"), 40), (_("Pipeline"), 20), (_("Stage"), 24), (_("State"), 12), (_("Budget"), 14),
        (_("Currency"), 8), (_("Contact"), 28), (_("Company"), 28), (_("Responsible"), 24), (_("Tags"), 24),
        (_("Created"), 17), (_("Closed"), 17), (_("Next task"), 17),
        *((str(field.label), 22) for field in own.values()),
    ]  # fmt: skip
    return xlsx.response("deals", pgettext("sheet", "Deals"), columns, _rows(selection, own))


def _rows(selection: Selection, own: dict[str, Any]) -> Iterator[list[Any]]:
    ids = [deal.id for deal in selection.found]
    for start in range(0, len(ids), PORTION):
        found = (
            Deal.objects.filter(pk__in=ids[start : start + PORTION])
            .annotate(tag_names=StringAgg("tags__name", ", ", default="", ordering="tags__name"))
            .select_related("owner", "contact", "company")
            .order_by("-created_at", "-id")
        )
        for deal in found:
            stage = catalog.stage(deal.stage_id)
            yield [
                deal.pk, deal.name, catalog.pipeline(deal.pipeline_id).name, stage.name, deal.get_status_display(),
                deal.budget, deal.currency, str(deal.contact or ""), str(deal.company or ""), str(deal.owner),
                deal.tag_names, deal.created_at, deal.closed_at, deal.next_task_at,
                *(_shown(field, deal.values.get(code)) for code, field in own.items()),
            ]  # fmt: skip


def _shown(field: Any, value: Any) -> Any:
    """A stored value as people read it."""
    if isinstance(value, list):
        return ", ".join(str(field.choices.get(item, item)) for item in value)
    if isinstance(value, dict):
        return str(value.get("name", ""))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return field.choices.get(value, value) if isinstance(value, str) else value
