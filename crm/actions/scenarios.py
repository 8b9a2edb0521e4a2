"""Actions that scenarios need: counting, warning, moving tasks to a date's time, switching scenarios off for good."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy

from crm.models import Task
from crm.planning import tasks
from pipelines import engine, fields, registry, timers
from pipelines.clock import Duration
from pipelines.context import Context
from pipelines.params import DurationField, FieldField, ParamsForm, TaskCodesField
from pipelines.registry import action
from pipelines.transactions import holding

SCENARIOS_OFF = registry.event(
    "scenarios.off", label=gettext_lazy("no scenarios any more"), icon="hand-stop"
)
DEAL_WARNED = registry.event("deal.warned", label=gettext_lazy("warning"), icon="alert-triangle")

WORD = re.compile(r"\{([\w.]+)(?:\+(\d+))?\}")


def say(context: Context, text: str) -> str:
    """The text with `{code}` replaced by an answer or a field of the deal; `{touches+1}` adds to a number.

    Unknown words stay as they are: nothing is evaluated.
    """

    def word(match: re.Match[str]) -> str:
        code, more = match[1], int(match[2] or 0)
        field, answer = context.pipeline.fields.get(code), context.answers.get(code)
        if field is None:
            return _plain(answer) if answer else match[0]
        if answer:
            return fields.show(field, fields.clean(field, answer))
        if more:
            return str(number_of(context, code) + more)
        return fields.show(field, context.value(code))

    return WORD.sub(word, text)


def _plain(answer: Any) -> str:
    if isinstance(answer, datetime):
        return date_format(timezone.localtime(answer), "SHORT_DATETIME_FORMAT")
    return str(answer)


def number_of(context: Context, code: str) -> int:
    return int(Decimal(str(context.value(code) or 0)))


def moment_of(
    context: Context, code: str, earlier: Duration | None, *, now: datetime
) -> datetime | None:
    """The moment that an answer or a date of the deal names, less a period; not before `now`.

    A bare day means the hour at which work begins on it.
    """
    calendar = context.pipeline.calendar
    asked = context.answers.get(code)
    if asked:
        moment: datetime | None = fields.parse_moment(asked)
    else:
        moment = timers.read_date(context.deal, context.pipeline, code)
        known = context.pipeline.fields.get(code)
        if moment is not None and known is not None and known.type == "date":
            moment = calendar.next_working(moment)
    if moment is None:
        return None
    return max(calendar.before(moment, earlier) if earlier else moment, now)


class CountParams(ParamsForm):
    field = FieldField(label=gettext_lazy("number"))


@action("count", label=gettext_lazy("Count one more"), form=CountParams)
def count(context: Context, params: Any) -> dict[str, Any]:
    """Add one to a number of the deal; an empty one counts from nothing."""
    number = number_of(context, params.field) + 1
    engine.change_fields(context.deal, {params.field: number}, by=context.by, now=context.now)
    return {params.field: number}


class WarnParams(ParamsForm):
    text = forms.CharField(label=gettext_lazy("text"), max_length=tasks.TEXT_LIMIT)


@action("warn", label=gettext_lazy("Warn"), form=WarnParams)
def warn(context: Context, params: Any) -> dict[str, Any]:
    """Put a warning into the feed and on the deal's card; it stands there until the deal leaves its stage."""
    text = say(context, params.text)
    rule = context.rule
    engine.record(
        DEAL_WARNED,
        deal=context.deal,
        by=context.by,
        now=context.now,
        data={"text": text, "clause": rule.clause if rule else ""},
    )
    return {"warned": text}


class RetimeParams(ParamsForm):
    codes = TaskCodesField(label=gettext_lazy("codes of tasks"))
    to = forms.CharField(label=gettext_lazy("to the date"))
    earlier = DurationField(label=gettext_lazy("earlier by"), required=False)


@action("move_tasks", label=gettext_lazy("Move tasks to a date's time"), form=RetimeParams)
def move_tasks(context: Context, params: Any) -> dict[str, Any]:
    """Give the deal's open tasks with these codes the time of a date, or one so much earlier."""
    due_at = moment_of(context, params.to, params.earlier, now=context.now)
    if due_at is None:
        return {"moved": []}
    found = [
        task
        for task in Task.objects.open()
        .filter(deal=context.deal, code__in=params.codes)
        .select_for_update(of=("self",))
        .order_by("pk")
        if task.due_at != due_at
    ]
    with holding(*found):
        for task in found:
            task.deal = context.deal
            tasks.postpone_task(task, due_at=due_at, by=context.by, now=context.now)
    return {"moved": [task.pk for task in found]}


@action("switch_off_scenarios", label=gettext_lazy("Switch scenarios off for good"))
def switch_off_scenarios(context: Context, params: Any) -> dict[str, Any]:
    """From now on no scenario acts on this deal; its tasks are finished by a result of one's own."""
    deal = context.deal
    if deal.scenarios_off:
        return {"already": True}
    deal.scenarios_off = True
    deal.save(update_fields=["scenarios_off"])
    engine.record(SCENARIOS_OFF, deal=deal, by=context.by, now=context.now)
    return {"scenarios_off": True}
