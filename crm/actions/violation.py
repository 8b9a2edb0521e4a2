"""Putting a breach of the regulation on record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm.actions.deal import head_of
from crm.models import User
from pipelines import timers, violations
from pipelines.context import Context
from pipelines.params import ParamsForm
from pipelines.registry import action

WHOM = [
    ("responsible", gettext_lazy("the responsible")),
    ("author", gettext_lazy("whoever did it")),
    ("head", gettext_lazy("the head of the responsible")),
]
# What a guard that compares with a bound notes of the excess, in seconds, among the values it saw.
EXCESS = "over_seconds"


class ViolationParams(ParamsForm):
    text = forms.CharField(
        label=gettext_lazy("what was broken"), max_length=violations.TEXT_LIMIT, required=False
    )
    whom = forms.ChoiceField(label=gettext_lazy("by whom"), choices=WHOM, required=False)


@action("record_violation", label=gettext_lazy("Record a violation"), form=ViolationParams)
def record_violation(context: Context, params: Any) -> dict[str, Any]:
    """Record that the rule's clause was broken: by whom, on which deal, by how much."""
    rule = context.rule
    assert rule is not None
    culprit = _culprit(context, params.whom)
    found = violations.record(
        context.deal,
        clause=rule.clause,
        culprit=culprit,
        text=params.text,
        # The period before a date is no allowance.
        allowed=str(rule.period) if rule.period and rule.when in ("stay", "after") else "",
        over=by_how_much(context),
        rule=rule,
        occasion=context.occasion,
        event=context.event,
        by=context.by,
        now=context.now,
    )
    return {"violation": found.pk if found else None, "who": str(culprit)}


def _culprit(context: Context, whom: str) -> User:
    """The person meant; what nobody in particular did, the responsible answers for."""
    if whom == "head":
        return head_of(context.deal.owner)
    if whom == "author":
        author = context.by.user or (context.event.actor if context.event else None)
        return author or context.deal.owner
    return context.deal.owner


def by_how_much(context: Context) -> timedelta | None:
    """How far beyond what the clause allows: what a condition measured, else how late the rule's moment is.

    In working time where the rule counts in it. None where nothing was measured, and where the moment is this one:
    a violation recorded on time exceeds by nothing yet.
    """
    if (measured := int(context.seen.get(EXCESS) or 0)) > 0:
        return timedelta(seconds=measured)
    rule, pipeline = context.rule, context.pipeline
    assert rule is not None
    if rule.when not in timers.TIMED or rule.period is None:
        return None
    due = timers.due_moment(context.deal, pipeline, rule, now=context.now)
    if due is None or due >= context.now:
        return None
    beyond = (
        pipeline.calendar.elapsed(due, context.now) if rule.period.working else context.now - due
    )
    return beyond if beyond >= timedelta(minutes=1) else None
