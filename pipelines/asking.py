"""What stands against a move, asked and not done: for the engine, and for whoever wants to know beforehand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from pipelines import catalog, feed, rules
from pipelines.actor import Actor
from pipelines.catalog import CompiledRule, CompiledStage
from pipelines.context import Context
from pipelines.errors import MoveRefused, Refusal


def standing_against(
    context: Context, source: CompiledStage, target: CompiledStage
) -> list[Refusal]:
    """All that stands against a move: leaving, every skipped stage's fields, entering, the mover's rights."""
    return list(dict.fromkeys(each_against(context, source, target)))


def each_against(context: Context, source: CompiledStage, target: CompiledStage) -> list[Refusal]:
    """The same, rule by rule: two rules that say the same are two."""
    pipeline = context.pipeline
    found = _rights(context.by, source, target)
    found += rules.refusals(pipeline.rules_of("leave", "require", stage_id=source.id), context)
    return found + entering(context, source, target)


def entering(
    context: Context, source: CompiledStage | None, target: CompiledStage
) -> list[Refusal]:
    """What stands against entering: the rules of the stage, and the fields of every stage that is passed over."""
    pipeline = context.pipeline
    asked: list[CompiledRule] = []
    if source is not None and target.kind != "lost":
        for skipped in pipeline.stages:
            if source.position < skipped.position < target.position and skipped.kind == "open":
                asked += [
                    rule
                    for rule in pipeline.rules_of("enter", "require", stage_id=skipped.id)
                    if rule.stage_id and rule.entry.of_fields
                ]
    return rules.refusals(
        [*asked, *pipeline.rules_of("enter", "require", stage_id=target.id)], context
    )


def before(context: Context, verb: str) -> list[Refusal]:
    """What stands against that which `verb` will say has happened (`context.event` holds what it would say)."""
    pipeline = context.pipeline
    return rules.refusals(
        pipeline.rules_of("on", "require", stage_id=context.deal.stage_id, verb=verb), context
    )


def ask_before(deal: Any, verb: str, *, data: dict[str, Any], by: Actor, now: datetime) -> None:
    """The requirements under `on` an event, before the event. Errors: MoveRefused."""
    pipeline = catalog.pipeline(deal.pipeline_id)
    if verb not in pipeline.asked_before:
        return
    event = feed.draft(verb, deal=deal, by=by, now=now, data=data)
    context = Context(deal=deal, pipeline=pipeline, by=by, now=now, event=event)
    refuse_if(before(context, verb))


def refuse_if(found: list[Refusal]) -> None:
    """Errors: MoveRefused with all that was found."""
    if found:
        raise MoveRefused(found)


def _rights(by: Actor, source: CompiledStage, target: CompiledStage) -> list[Refusal]:
    """Stage rights bind people; a rule that moves a deal carries the regulation out and has none of its own."""
    if not by.is_person or getattr(by.user, "is_superuser", False):
        return []
    found = []
    if not source.lets("leave", by.roles):
        found.append(
            Refusal(
                "",
                _("Your role may not move deals away from “%(stage)s”.") % {"stage": source.name},
            )
        )
    return found + right_to_enter(by, target)


def right_to_enter(by: Actor, stage: CompiledStage) -> list[Refusal]:
    """The refusal of a person whose roles may not move deals to the stage."""
    if not by.is_person or by.user.is_superuser or stage.lets("enter", by.roles):
        return []
    return [Refusal("", _("Your role may not move deals to “%(stage)s”.") % {"stage": stage.name})]


def setting_task(context: Context) -> list[Refusal]:
    """What stands against a person's setting a task on the deal where it stands."""
    return _by_hand("task", context)


def finishing_task(context: Context) -> list[Refusal]:
    """What stands against a person's finishing or cancelling `context.task` without an outcome."""
    return _by_hand("finish", context)


def _by_hand(when: str, context: Context) -> list[Refusal]:
    asked = context.pipeline.rules_of(when, "require", stage_id=context.deal.stage_id)
    return list(dict.fromkeys(rules.refusals(asked, context)))
