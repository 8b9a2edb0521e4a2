"""Locking a deal, the first step of every verb."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import F
from django.utils.translation import gettext as _

from pipelines import catalog
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import RegulationError
from pipelines.transactions import is_held


def lock(deal: Any) -> CompiledPipeline:
    """Lock the deal's row, bring the instance up to date, and return its pipeline as it stands now.

    Errors: RegulationError for a deal archived meanwhile.
    """
    if is_held(deal):
        return _pipeline(deal.pipeline_id)
    locked = (
        apps.get_model("crm.Deal")
        .objects.select_for_update(of=("self",))
        .annotate(pipeline_stamp=F("pipeline__stamp"))
        .get(pk=deal.pk)
    )
    deal.become(locked)
    if locked.archived_at:
        raise RegulationError(_("This deal was archived."))
    return _pipeline(locked.pipeline_id, stamp=locked.pipeline_stamp)


def _pipeline(pipeline_id: int, **known: Any) -> CompiledPipeline:
    try:
        return catalog.pipeline(pipeline_id, **known)
    except KeyError as error:
        raise RegulationError(_("The deal's pipeline is switched off.")) from error


def lock_to_edit(deal: Any, by: Actor) -> CompiledPipeline:
    """`lock` for whoever changes the deal or what hangs on it: a task, a note, a letter.

    Errors: RegulationError where the stage is not the person's to edit, or the deal was archived meanwhile.
    """
    pipeline = lock(deal)
    # Whoever holds the deal has asked already; a new deal is not its opener's to edit once it stands on its stage.
    if not is_held(deal):
        check_right_to_edit(deal, pipeline, by)
    return pipeline


def check_right_to_edit(deal: Any, pipeline: CompiledPipeline, by: Actor) -> None:
    """The right binds people; a rule that acts carries the regulation out. Errors: RegulationError."""
    stage = pipeline.stage_by_id[deal.stage_id]
    if by.is_person and not by.user.is_superuser and not stage.lets("edit", by.roles):
        raise RegulationError(
            _("Your role may not change deals on “%(stage)s”.") % {"stage": stage.name}
        )
