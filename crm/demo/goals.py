"""The goals of the demo's managers, so that plan and fact have something to compare."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from crm.goals import reading, verbs
from crm.goals.verbs import Aim
from crm.models import User
from pipelines import catalog
from pipelines.actor import Actor

# By the playbook, in the currency of its first pipeline; who sells more is asked for more.
SUMS = {
    "axelerator": (24_000, 15_000, 12_000),
    "pzka": (2_500_000, 1_800_000),
    "school": (6_000, 4_500),
    "idrive": (250_000, 200_000),
}


def set_goals(head: User, managers: list[User], playbook: str, *, now: datetime) -> None:
    """The head's goals of this month for his managers."""
    month, sums = reading.now_month(now), SUMS[playbook]
    currency = next(
        pipeline.currency for pipeline in catalog.pipelines() if pipeline.playbook == playbook
    )
    for number, manager in enumerate(managers):
        aim = Aim(Decimal(sums[number % len(sums)]), 3 if number == 0 else None)
        verbs.set_goal(
            manager,
            month=month,
            pipeline=None,
            currency=currency,
            aim=aim,
            by=Actor.person(User.objects.get(pk=head.pk)),
            now=now,
        )
