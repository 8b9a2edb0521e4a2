"""Locking a deal, the first step of every verb."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import F
from django.utils.translation import gettext as _

from pipelines import catalog
from pipelines.catalog import CompiledPipeline
from pipelines.errors import RegulationError
from pipelines.transactions import is_held


def lock(deal: Any) -> CompiledPipeline:
    """Lock the deal's row, bring the instance up to date, and return its pipeline as it stands now.

    Errors: RegulationError for a deal archived meanwhile.
    """
    if is_held(deal):
        return catalog.pipeline(deal.pipeline_id)
    locked = (
        apps.get_model("crm.Deal")
        .objects.select_for_update(of=("self",))
        .annotate(pipeline_stamp=F("pipeline__stamp"))
        .get(pk=deal.pk)
    )
    deal.become(locked)
    if locked.archived_at:
        raise RegulationError(_("This deal was archived."))
    try:
        return catalog.pipeline(locked.pipeline_id, stamp=locked.pipeline_stamp)
    except KeyError as error:
        raise RegulationError(_("The deal's pipeline is switched off.")) from error
