"""Outcomes that belong to the deal itself and to no task: buttons of its card, with what stands against each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm.models import Deal, User
from crm.planning.tasks import checked_answers
from pipelines import catalog, engine, rules
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline, CompiledScenario
from pipelines.context import Context
from pipelines.errors import Refusal, RegulationError
from pipelines.locking import check_right_to_edit
from pipelines.models import Event
from pipelines.transactions import verb


@dataclass(frozen=True)
class CardAction:
    """A button; where something stands against it, it says what instead."""

    scenario: CompiledScenario
    refusals: list[Refusal]


def actions_of(deal: Deal, *, user: User, now: datetime) -> list[CardAction]:
    """What may be done with the deal where it stands, each with what stands against it now."""
    pipeline = catalog.pipeline(deal.pipeline_id)
    context = Context(deal=deal, pipeline=pipeline, by=Actor.person(user), now=now)
    return [
        CardAction(
            scenario,
            rules.refusals(pipeline.rules_of("choose", "require", scenario=scenario.code), context),
        )
        for scenario in offered(deal, pipeline)
    ]


def offered(deal: Deal, pipeline: CompiledPipeline) -> list[CompiledScenario]:
    """The outcomes that stand on the card of a deal on this stage."""
    if getattr(deal, "scenarios_off", False):
        return []
    stage = pipeline.stage_by_id[deal.stage_id]
    return [
        scenario
        for scenario in pipeline.scenarios
        if scenario.on_card and (not scenario.stages or stage.code in scenario.stages)
    ]


@verb
def act(deal: Deal, code: str, *, by: Actor, now: datetime, answers: dict[str, Any]) -> Event:
    """Do what a button of the card says.

    Errors: MoveRefused with all that stands against it, BadAnswer, RegulationError for what is not offered here.
    """
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    scenario = next((item for item in offered(deal, pipeline) if item.code == code), None)
    if scenario is None:
        raise RegulationError(_("This can't be done with the deal where it stands."))
    answers = checked_answers(scenario, answers, now)
    return engine.choose(deal, scenario, task=None, by=by, now=now, answers=answers)
