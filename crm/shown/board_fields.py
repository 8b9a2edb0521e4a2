"""The fields that a regulation wants to be seen on the board and in the table, as marks."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crm.models import Deal, User
from crm.panels import Mark, Panel
from pipelines import catalog, fields
from pipelines.catalog import CompiledField, CompiledPipeline

COLUMN: str | Promise = _("Marked")


def shown_on(pipeline: CompiledPipeline) -> list[CompiledField]:
    """Fields of the deal itself: what its contact or company holds would cost a query more."""
    return [
        field
        for field in pipeline.fields.values()
        if field.on_board and field.record == "deal" and not field.built_in
    ]


def serves(pipeline: CompiledPipeline) -> bool:
    return bool(shown_on(pipeline))


def panel(deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None:
    return None


def marks(deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
    found = {}
    rows = Deal.objects.filter(pk__in=deals).values_list("pk", "pipeline", "values")
    for pk, pipeline_id, values in rows:
        said = [
            (str(field.label), words)
            for field in shown_on(catalog.pipeline(pipeline_id))
            if (words := fields.show(field, values.get(field.code)))
        ]
        if said:
            title = "; ".join(f"{label}: {words}" for label, words in said)
            found[pk] = Mark(" · ".join(words for _label, words in said), "purple", title, "tag")
    return found
