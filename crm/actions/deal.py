"""Actions on tasks, tags and people of a deal, and handing it over to another pipeline."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import contacting, deals
from crm.actions.scenarios import moment_of, say
from crm.clients import sole
from crm.intake import distribution
from crm.leaves.standing import in_place_of
from crm.models import Deal, Task, User
from crm.planning import keeping, tasks
from crm.roles import HEAD
from pipelines import catalog, engine
from pipelines.catalog import CompiledPipeline
from pipelines.context import Context
from pipelines.errors import RegulationError
from pipelines.fields import parse_moment
from pipelines.params import (
    DurationField,
    FieldsField,
    PairsField,
    ParamsForm,
    PipelineField,
    RoleField,
    TaskCodesField,
    WordsField,
)
from pipelines.registry import action
from pipelines.transactions import holding, once

# Whoever a rule means without naming a person.
WHO = [
    ("responsible", gettext_lazy("the responsible")),
    ("head", gettext_lazy("the head of the responsible")),
]


class CreateTaskParams(ParamsForm):
    text = forms.CharField(label=gettext_lazy("text"), max_length=tasks.TEXT_LIMIT)
    kind = forms.ChoiceField(label=gettext_lazy("kind"), choices=Task.Kind.choices, required=False)
    due = DurationField(label=gettext_lazy("due in"))
    due_from = forms.SlugField(
        label=gettext_lazy("or at the answer"),
        required=False,
        help_text=gettext_lazy(
            "Code of the scenario's question, or of a date of the deal; an empty one means the period."
        ),
    )
    earlier = DurationField(label=gettext_lazy("earlier by"), required=False)
    on_top = forms.BooleanField(label=gettext_lazy("first of its day"), required=False)
    code = forms.SlugField(label=gettext_lazy("code"), required=False)
    whom = forms.ChoiceField(label=gettext_lazy("for"), choices=WHO, required=False)
    role = RoleField(label=gettext_lazy("or for somebody of the role"), required=False)


@action("create_task", label=gettext_lazy("Set a task"), form=CreateTaskParams)
def create_task(context: Context, params: Any) -> dict[str, Any]:
    """Set a task on the deal, due in a period of calendar or working time, or at a date or so much before it."""
    named = (
        moment_of(context, params.due_from, params.earlier, now=context.now)
        if params.due_from
        else None
    )
    due_at = named or context.pipeline.calendar.add(context.now, params.due)
    owner = (
        distribution.pick(params.role, playbook=context.pipeline.playbook, now=context.now)
        if params.role
        else _person(context, params.whom)
    )
    task = tasks.create_task(
        text=say(context, params.text)[: tasks.TEXT_LIMIT],
        kind=params.kind or Task.Kind.OTHER,
        code=params.code,
        due_at=due_at,
        owner=in_place_of(owner, now=context.now, due_at=due_at),
        deal=context.deal,
        on_top=params.on_top,
        by=context.by,
        now=context.now,
    )
    return {"task": task.pk, "due_at": due_at.isoformat()}


def _person(context: Context, whom: str) -> User:
    deal = context.deal
    if deal.owner_id == context.by.user_id:
        deal.owner = context.by.user
    return head_of(deal.owner) if whom == "head" else deal.owner


def head_of(user: User) -> User:
    """The nearest head above the user; a user who heads his own team answers to the team above.

    Without any, somebody of the role «head of sales», then an administrator: control must not fall to the controlled.
    """
    return once(("head of", user.pk), lambda: _head_of(user))


def _head_of(user: User) -> User:
    team, asked = user.team, set()
    # Teams made part of each other by mistake must not hold a deal locked for ever.
    while team is not None and team.pk not in asked:
        if team.head_id and team.head_id != user.pk and team.head and team.head.is_active:
            return team.head
        asked.add(team.pk)
        team = team.parent
    active = User.objects.filter(is_active=True).exclude(pk=user.pk).order_by("pk")
    found = active.filter(groups__name=HEAD).first() or active.filter(is_superuser=True).first()
    return found or user


class TaskCodesParams(ParamsForm):
    codes = TaskCodesField(
        label=gettext_lazy("codes of tasks"), required=False, help_text=gettext_lazy("Empty: all.")
    )
    result = forms.CharField(label=gettext_lazy("note"), required=False)


@action("cancel_tasks", label=gettext_lazy("Cancel open tasks"), form=TaskCodesParams)
def cancel_tasks(context: Context, params: Any) -> dict[str, Any]:
    """Cancel the deal's open tasks, or those with the given codes."""
    found = _open_tasks(context, params.codes)
    with holding(*found):
        for task in found:
            tasks.cancel_task(task, by=context.by, now=context.now, reason=params.result)
    return {"cancelled": [task.pk for task in found]}


@action("complete_tasks", label=gettext_lazy("Complete open tasks"), form=TaskCodesParams)
def complete_tasks(context: Context, params: Any) -> dict[str, Any]:
    """Complete the deal's open tasks, or those with the given codes, with a note as their result."""
    found, result = _open_tasks(context, params.codes), params.result or _("done by the regulation")
    with holding(*found):
        for task in found:
            tasks.complete_task(task, result=result, by=context.by, now=context.now)
    return {"completed": [task.pk for task in found]}


def _open_tasks(context: Context, codes: list[str]) -> list[Task]:
    # The deal is locked and keeps the earliest of its open tasks: without one there is nothing to read.
    if context.deal.next_task_at is None:
        return []
    found = keeping.open_tasks(context.deal)
    return [task for task in found if task.code in codes] if codes else found


class PostponeParams(ParamsForm):
    by = DurationField(label=gettext_lazy("by"))
    due_from = forms.SlugField(label=gettext_lazy("or to the answer"), required=False)


@action("postpone_task", label=gettext_lazy("Move the task's time"), form=PostponeParams)
def postpone_task(context: Context, params: Any) -> dict[str, Any]:
    """Move the scenario's task: to the time answered, or by the period counted from now."""
    if context.task is None:
        raise RegulationError(_("There is no task to move: this action belongs to a scenario."))
    asked = context.answers.get(params.due_from) if params.due_from else None
    due_at = parse_moment(asked) if asked else context.pipeline.calendar.add(context.now, params.by)
    context.task.deal = context.deal
    tasks.postpone_task(context.task, due_at=due_at, by=context.by, now=context.now)
    return {"task": context.task.pk, "due_at": due_at.isoformat()}


class AddTagParams(ParamsForm):
    names = WordsField(label=gettext_lazy("tags"))


@action("add_tag", label=gettext_lazy("Put tags on"), form=AddTagParams)
def add_tag(context: Context, params: Any) -> dict[str, Any]:
    """Put tags on the deal."""
    deals.tag_deal(context.deal, add=params.names, by=context.by, now=context.now)
    return {"tags": params.names}


@action("remove_tag", label=gettext_lazy("Take tags off"), form=AddTagParams)
def remove_tag(context: Context, params: Any) -> dict[str, Any]:
    """Take tags off the deal."""
    deals.tag_deal(context.deal, remove=params.names, by=context.by, now=context.now)
    return {"tags": params.names}


class ContactedParams(ParamsForm):
    what = forms.ChoiceField(
        label=gettext_lazy("it was"),
        choices=[
            (contacting.CALL_UNANSWERED, gettext_lazy("an attempt: no answer")),
            (contacting.CALL_ANSWERED, gettext_lazy("a conversation")),
            (contacting.MESSAGE_RECEIVED, gettext_lazy("a message from the client")),
        ],
    )


@action(
    "record_contact", label=gettext_lazy("Record a contact with the client"), form=ContactedParams
)
def record_contact(context: Context, params: Any) -> dict[str, Any]:
    """Put on record that the client was talked to, or was called in vain."""
    text = context.task.result if context.task is not None else ""
    contacting.record_contact(
        context.deal, verb=params.what, by=context.by, now=context.now, text=text
    )
    return {"contact": params.what}


class AssignParams(ParamsForm):
    role = RoleField(label=gettext_lazy("to somebody of the role"))


@action("assign", label=gettext_lazy("Change the responsible"), form=AssignParams)
def assign(context: Context, params: Any) -> dict[str, Any]:
    """Give the deal to the least busy person of a role."""
    person = distribution.pick(params.role, playbook=context.pipeline.playbook, now=context.now)
    deals.assign_deal(context.deal, owner=person, by=context.by, now=context.now)
    return {"owner": str(person)}


class HandOverParams(ParamsForm):
    pipeline = PipelineField(label=gettext_lazy("pipeline"))
    role = RoleField(
        label=gettext_lazy("to somebody of the role"),
        required=False,
        help_text=gettext_lazy("Empty: the responsible stays."),
    )
    answers = PairsField(label=gettext_lazy("with these fields"), required=False)
    without = FieldsField(label=gettext_lazy("without these fields"), required=False)
    once_a_client = forms.BooleanField(
        label=gettext_lazy("one deal a client there"), required=False
    )


@action("hand_over", label=gettext_lazy("Hand over to another pipeline"), form=HandOverParams)
def hand_over(context: Context, params: Any) -> dict[str, Any]:
    """Open the deal's continuation in another pipeline (or anew in its own), exactly once, for the least busy person
    of a role or for the same one; with `once_a_client` no second one where the client has a deal there already.

    It takes along the contact, the company, the budget, the tags and the fields that exist there too; the files
    and the feed of the sale are shown with it through `origin`.
    """
    sale = context.deal
    if found := Deal.objects.filter(origin=sale, pipeline__code=params.pipeline).first():
        return {"deal": found.pk, "already": True}
    target = catalog.by_code(params.pipeline)
    place = sole.claim(sale, target.id) if params.once_a_client else None
    if place is not None and place.deal is not None:
        return _handed_over(context, target, place.deal) | {"already": True}
    known = {
        code
        for code, field in target.fields.items()
        if not field.built_in and field.record == "deal" and code not in params.without
    }
    continuation = deals.open_deal(
        pipeline=target,
        name=sale.name,
        owner=distribution.pick(params.role, playbook=target.playbook, now=context.now)
        if params.role
        else sale.owner,
        contact=sale.contact,
        company=sale.company,
        arrival=Deal.Arrival.HAND_OVER,
        origin=sale,
        answers={"budget": sale.budget} | (params.answers or {}),
        values={code: value for code, value in sale.values.items() if code in known},
        tags=list(sale.tags.values_list("name", flat=True)),
        by=context.by,
        now=context.now,
    )
    if place is not None:
        sole.occupy(place, continuation)
    return _handed_over(context, target, continuation)


def _handed_over(context: Context, target: CompiledPipeline, continuation: Deal) -> dict[str, Any]:
    """Who sold it may not see the continuation, but is to know who goes on with it."""
    owner = str(continuation.owner)
    engine.record(
        deals.DEAL_HANDED_OVER,
        deal=context.deal,
        by=context.by,
        now=context.now,
        data={"pipeline": target.name, "to": owner, "deal": continuation.pk},
    )
    return {"deal": continuation.pk, "owner": owner}
