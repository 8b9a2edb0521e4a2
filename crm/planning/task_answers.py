"""The task that a move asks for: its words and its time stand in the move's own form."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Task
from crm.planning import tasks
from pipelines import fields, remedies
from pipelines.compiled import CompiledField
from pipelines.context import Context
from pipelines.errors import BadAnswer

TEXT, DUE = tasks.PROMISED, "task_due_at"
# What a guard that misses a task asks for.
CODES = (TEXT, DUE)


def check(answers: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Errors: BadAnswer for a text without a time, a time without a text, and what no task may be."""
    errors = {}
    if not str(answers.get(TEXT) or "").strip():
        errors[TEXT] = _("Say what is to be done.")
    due: datetime | None = None
    try:
        due = fields.parse_moment(answers.get(DUE) or "")
    except ValueError as error:
        errors[DUE] = str(error) if answers.get(DUE) else _("Say by when.")
    if due is not None and due <= now:
        errors[DUE] = _("This time is past already.")
    if errors:
        raise BadAnswer(errors)
    return {TEXT: str(answers[TEXT]).strip()[: tasks.TEXT_LIMIT], DUE: due}


def run(context: Context) -> None:
    tasks.create_task(
        text=context.answers[TEXT],
        due_at=context.answers[DUE],
        owner=context.deal.owner,
        deal=context.deal,
        kind=Task.Kind.CALL,
        by=context.by,
        now=context.now,
        asked=False,
    )


remedies.register(
    remedies.Remedy(
        fields=(
            CompiledField(TEXT, gettext_lazy("The next task: what is to be done"), "text", {}),
            CompiledField(DUE, gettext_lazy("The next task: until"), "datetime", {}),
        ),
        check=check,
        run=run,
    )
)
