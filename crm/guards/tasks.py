"""Guards about tasks: which one it is, whether the deal has another, whether scenarios still act."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Task
from crm.planning import task_answers
from pipelines.context import Context
from pipelines.params import ParamsForm, TaskCodesField
from pipelines.registry import No, guard


class TaskParams(ParamsForm):
    codes = TaskCodesField(label=gettext_lazy("codes of tasks"))


@guard("task", label=gettext_lazy("It is the task"), form=TaskParams)
def task(context: Context, params: Any) -> No | None:
    """The task at hand, or the one that the event is about, is one of these that rules set."""
    facts = context.event.data if context.event is not None else {}
    code = context.task.code if context.task is not None else facts.get("code", "")
    return None if code in params.codes else No(_("it is another task"))


class OpenTaskParams(ParamsForm):
    only = TaskCodesField(
        label=gettext_lazy("with the code"), required=False, help_text=gettext_lazy("Empty: any.")
    )
    besides = TaskCodesField(
        label=gettext_lazy("not counting"),
        required=False,
        help_text=gettext_lazy("Codes of tasks that end with the move."),
    )


@guard("open_task", label=gettext_lazy("Has an open task"), form=OpenTaskParams)
def open_task(context: Context, params: Any) -> No | None:
    """The deal has an open task with its time (one of those named), or is given one with the move."""
    if not params.only and task_answers.TEXT in context.answers:
        return None
    if _has_other(context, params.besides, params.only):
        return None
    return No(_("The deal needs an open task."), task_answers.CODES)


@guard("another_task", label=gettext_lazy("Has another open task"))
def another_task(context: Context, params: Any) -> No | None:
    """Beside the task that is being finished the deal has another one, or is given one in its place."""
    if task_answers.TEXT in context.answers or _has_other(context):
        return None
    return No(_("This is the deal's last task: set the next one."), task_answers.CODES)


def _has_other(context: Context, besides: Any = (), only: Any = ()) -> bool:
    if context.deal.next_task_at is None:
        return False
    if not besides and not only and context.task is None:
        return True
    found = Task.objects.open().filter(deal=context.deal).exclude(code__in=[*besides])
    if only:
        found = found.filter(code__in=only)
    if context.task is not None:
        found = found.exclude(pk=context.task.pk)
    return found.exists()


@guard("scenarios_off", label=gettext_lazy("No scenario acts on the deal any more"))
def scenarios_off(context: Context, params: Any) -> No | None:
    """The regulation has switched the deal's scenarios off for good."""
    return None if context.deal.scenarios_off else No(_("scenarios act on this deal"))
