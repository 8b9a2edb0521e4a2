"""Setting a month's goal, and copying a month's goals into the next; the audit says who changed what from what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.models import Goal, Team, User
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from pipelines.transactions import verb

GOAL_SET = registry.event("goal.set", label=gettext_lazy("goal set"), icon="target-arrow")

MOST = Decimal(10) ** 12
MOST_DEALS = 100_000
# Goals are for a year or two around today; a typed year of 3026 is a slip.
NEAR_YEARS = 5


@dataclass(frozen=True)
class Aim:
    """What a goal asks for; neither is no goal at all."""

    amount: Decimal | None
    count: int | None

    def __bool__(self) -> bool:
        return self.amount is not None or self.count is not None

    def as_data(self) -> dict[str, Any] | None:
        if not self:
            return None
        return {"amount": None if self.amount is None else str(self.amount), "count": self.count}


NOTHING = Aim(None, None)


def may_set(user: User, whose: User | Team) -> bool:
    """A head sets the goals of his people and his teams, nobody his own; an administrator everybody's."""
    if user.is_crm_admin:
        return True
    if isinstance(whose, Team):
        return whose.head_id == user.pk or (
            whose.head_id is not None and whose.head_id != user.pk and whose.head_id in _led(user)
        )
    return whose.pk != user.pk and whose.pk in _led(user)


def _led(user: User) -> frozenset[int]:
    return user.led_ids or frozenset()


@verb
def set_goal(
    whose: User | Team,
    *,
    month: date,
    pipeline: int | None,
    currency: str,
    aim: Aim,
    by: Actor,
    now: datetime,
) -> Goal | None:
    """Set, change or (with an empty aim) take away a goal; None where none is left.

    `pipeline` is an id; None: over all of them. Errors: PermissionDenied, BadAnswer.
    """
    if by.user is None or not may_set(by.user, whose):
        raise PermissionDenied(str(_("Goals are set by a head for his people.")))
    _check(aim, month, now)
    first = month.replace(day=1)
    key: dict[str, Any] = {
        "month": first,
        "user": whose if isinstance(whose, User) else None,
        "team": whose if isinstance(whose, Team) else None,
        "pipeline_id": pipeline,
        "currency": currency,
    }
    goal = Goal.objects.select_for_update().filter(**key).first()
    before = Aim(goal.amount, goal.count) if goal else NOTHING
    if before == aim:
        return goal
    if not aim and goal is not None:
        goal.delete()
        goal = None
    else:
        # Two heads at once: the second one's word stands, the constraint keeps it one row.
        values = {"amount": aim.amount, "count": aim.count, "set_by": by.user, "set_at": now}
        goal, _made = Goal.objects.update_or_create(**key, defaults=values)
    engine.record(
        GOAL_SET,
        by=by,
        now=now,
        data={
            "whose": str(whose),
            "user": whose.pk if isinstance(whose, User) else None,
            "team": whose.pk if isinstance(whose, Team) else None,
            "month": first.isoformat(),
            "pipeline": pipeline,
            "currency": currency,
            "from": before.as_data(),
            "to": aim.as_data(),
        },
    )
    return goal


@verb
def copy_month(goals: list[Goal], *, to: date, by: Actor, now: datetime) -> int:
    """The goals again in another month, where there are none yet; how many were set. Errors: as `set_goal`."""
    copied = 0
    for goal in goals:
        whose = goal.user or goal.team
        key = {"month": to, "user": goal.user, "team": goal.team, "pipeline": goal.pipeline_id}
        assert whose is not None and by.user is not None  # noqa: PT018
        if not may_set(by.user, whose) or Goal.objects.filter(**key).exists():
            continue
        set_goal(
            whose,
            month=to,
            pipeline=goal.pipeline_id,
            currency=goal.currency,
            aim=Aim(goal.amount, goal.count),
            by=by,
            now=now,
        )
        copied += 1
    return copied


def _check(aim: Aim, month: date, now: datetime) -> None:
    errors = {}
    if aim.amount is not None and not 0 < aim.amount < MOST:
        errors["amount"] = _("A sum above zero, please; empty for none.")
    if aim.count is not None and not 0 < aim.count < MOST_DEALS:
        errors["count"] = _("A number above zero, please; empty for none.")
    if abs(month.year - now.year) > NEAR_YEARS:
        errors["month"] = _("This month is too far away.")
    if errors:
        raise BadAnswer(errors)
