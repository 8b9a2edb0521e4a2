"""Passing a guard once: by whom its rule lets pass, with a reason and a day by which it is put right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import feed, fields, registry
from pipelines.actor import Actor
from pipelines.context import Context
from pipelines.errors import BadAnswer, MoveRefused, Refusal
from pipelines.models import Event, Override
from pipelines.transactions import holding

RULE_OVERRIDDEN = registry.event(
    "rule.overridden", label=gettext_lazy("requirement passed with a reason"), icon="door-exit"
)

REASON, UNTIL = "override_reason", "override_until"
REASON_LIMIT, MESSAGE_LIMIT = 2000, 500
# A promise for later than this is none.
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Pledge:
    """Why a person passes what stands against one move, and the day by which it is put right."""

    reason: str
    until: date | None


class TaskSetter(Protocol):
    def __call__(
        self, deal: Any, *, text: str, on: date, owner: Any, by: Actor, now: datetime
    ) -> Any: ...


_set_task: TaskSetter | None = None


def sets_tasks(function: TaskSetter) -> TaskSetter:
    """Registers the verb of the app that has tasks."""
    global _set_task
    _set_task = function
    return function


def may_pass(refusal: Refusal, by: Actor) -> bool:
    """Whether this person may pass it (an administrator may whatever anybody may); the system and rules may not."""
    return bool(
        by.is_person
        and refusal.rule
        and refusal.overridable_by
        and (by.user.is_superuser or by.roles.intersection(refusal.overridable_by))
    )


def passing(refusals: list[Refusal], *, by: Actor, pledge: Pledge, now: datetime) -> list[Refusal]:
    """The refusals that the person passes. Errors: MoveRefused with all if any must stand, BadAnswer for the pledge."""
    if not all(may_pass(refusal, by) for refusal in refusals):
        raise MoveRefused(list(dict.fromkeys(refusals)))
    if refusals:
        _check(pledge, timezone.localdate(now))
    return refusals


def _check(pledge: Pledge, today: date) -> None:
    errors = {}
    reason = fields.storable(pledge.reason).strip()
    if not reason:
        errors[REASON] = _("Say why it is passed.")
    elif len(reason) > REASON_LIMIT:
        errors[REASON] = _("At most %(limit)s characters.") % {"limit": REASON_LIMIT}
    if pledge.until is None:
        errors[UNTIL] = _("Name the day by which it is put right.")
    elif not today <= pledge.until <= today + LONGEST:
        errors[UNTIL] = _("The day lies between today and a year from now.")
    if errors:
        raise BadAnswer(errors)


def tell(passed: Iterable[Refusal], context: Context, pledge: Pledge) -> list[Event]:
    """An entry of the feed for each rule that was passed."""
    return [
        feed.write(
            RULE_OVERRIDDEN,
            deal=context.deal,
            by=context.by,
            now=context.now,
            data={
                "clause": refusal.clause,
                "refused": refusal.message,
                "text": fields.storable(pledge.reason).strip(),
                "until": str(pledge.until),
            },
        )
        for refusal in passed
    ]


def keep(
    passed: list[Refusal], told: list[Event], context: Context, pledge: Pledge
) -> list[Override]:
    """A row for each rule that was passed, and a task for each sentence to put right."""
    assert pledge.until is not None
    tasks: dict[str, Any] = {}
    with holding(context.deal):
        for refusal in passed:
            if refusal.message not in tasks and _set_task is not None:
                tasks[refusal.message] = _set_task(
                    context.deal,
                    text=_("Put right: %(what)s") % {"what": refusal.message},
                    on=pledge.until,
                    owner=context.by.user,
                    by=context.by.through(refusal.rule or 0),
                    now=context.now,
                )
    return Override.objects.bulk_create(
        Override(
            deal=context.deal,
            pipeline_id=context.pipeline.id,
            rule_id=refusal.rule,
            rule_code=rule.code if (rule := context.pipeline.rule(refusal.rule or 0)) else "",
            clause=refusal.clause,
            message=refusal.message[:MESSAGE_LIMIT],
            by=context.by.user,
            reason=fields.storable(pledge.reason).strip(),
            until=pledge.until,
            event=event,
            task=tasks.get(refusal.message),
            at=context.now,
        )
        for refusal, event in zip(passed, told, strict=True)
    )
