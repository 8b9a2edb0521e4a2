"""The goals of the demo's managers, so that plan and fact have something to compare."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from crm.goals import reading, verbs
from crm.goals.verbs import Aim
from crm.models import User
from pipelines import catalog
from pipelines.actor import Actor

# In the currency of the first pipeline; who sells more is asked for more.
SUMS = (24_000, 15_000, 12_000)


def set_goals(head: User, managers: list[User], *, now: datetime) -> None:
    """The head's goals of this month for his managers."""
    month, currency = reading.now_month(now), catalog.pipelines()[0].currency
    for number, manager in enumerate(managers):
        aim = Aim(Decimal(SUMS[number % len(SUMS)]), 3 if number == 0 else None)
        verbs.set_goal(
            manager,
            month=month,
            pipeline=None,
            currency=currency,
            aim=aim,
            by=Actor.person(User.objects.get(pk=head.pk)),
            now=now,
        )
