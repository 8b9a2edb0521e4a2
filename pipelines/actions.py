"""Actions that need nothing but the deal and the engine."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from pipelines import engine, remedies
from pipelines.context import Context
from pipelines.models import Offer, StageChange
from pipelines.params import PairsField, ParamsForm, StageField
from pipelines.registry import action


class MoveParams(ParamsForm):
    to = StageField(label=gettext_lazy("stage"))
    answers = PairsField(label=gettext_lazy("fields"), required=False)


@action("move", label=gettext_lazy("Move the deal"), form=MoveParams, moves=True)
def move(context: Context, params: Any) -> dict[str, Any]:
    """Move the deal through the one door: every guard is asked, as for a person."""
    known = remedies.askable(context.pipeline.fields)
    answers = {code: value for code, value in context.answers.items() if code in known} | (
        params.answers or {}
    )
    if context.stage.code == params.to:
        if answers:
            engine.change_fields(context.deal, answers, by=context.by, now=context.now)
        return {"stayed": params.to}
    engine.move(context.deal, to=params.to, by=context.by, now=context.now, answers=answers)
    return {"moved": params.to}


class OfferMoveParams(MoveParams):
    text = forms.CharField(label=gettext_lazy("button"), max_length=200)


@action("offer_move", label=gettext_lazy("Offer a move"), form=OfferMoveParams)
def offer_move(context: Context, params: Any) -> dict[str, Any]:
    """Put a button on the card: one click moves the deal with these fields."""
    return offer(context, "move", {"to": params.to, "answers": params.answers or {}}, params.text)


class SetFieldParams(ParamsForm):
    values = PairsField(label=gettext_lazy("fields"))


@action("set_field", label=gettext_lazy("Set fields"), form=SetFieldParams)
def set_field(context: Context, params: Any) -> dict[str, Any]:
    """Write values into fields of the deal."""
    changes = engine.change_fields(context.deal, params.values, by=context.by, now=context.now)
    return {"fields": changes}


def offer(context: Context, name: str, params: dict[str, Any], text: str) -> dict[str, Any]:
    """Keep a registered action for one click later; the same offer stands once."""
    assert context.rule is not None
    Offer.objects.bulk_create(
        [
            Offer(
                deal=context.deal,
                rule_id=context.rule.id,
                action=name,
                params=params,
                text=text,
                at=context.now,
            )
        ],
        ignore_conflicts=True,
    )
    return {"offered": text}


@action("move_back", label=gettext_lazy("Move the deal back where it came from"), moves=True)
def move_back(context: Context, params: Any) -> dict[str, Any]:
    """Return the deal to the stage from which it came to the present one."""
    last = StageChange.objects.filter(deal=context.deal, to_stage=context.deal.stage_id).latest(
        "pk"
    )
    came_from = context.pipeline.stage_by_id.get(
        last.from_stage_id or 0, context.pipeline.first_stage
    )
    engine.move(context.deal, to=came_from, by=context.by, now=context.now)
    return {"moved": came_from.code}
