"""Sales of the months before, all of them closed: funnels, plans and reports have something to compare with."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from crm.demo.cast import Cast, client
from crm.demo.story import Story
from crm.models import Deal, Task
from crm.planning import tasks
from pipelines import engine
from pipelines.actor import Actor

# How the deals of a month ended, the furthest month first: the department grows.
MONTHS = (
    ("launched", "launched", "expensive", "unreached"),
    ("launched", "launched", "expensive", "expensive", "spam"),
    ("launched", "launched", "launched", "expensive", "unreached"),
)
MONTH = timedelta(days=30)


def tell_past(cast: Cast, *, chance: random.Random, now: datetime) -> None:
    number = 0
    for back, ends in zip(range(len(MONTHS), 0, -1), MONTHS, strict=True):
        for end in ends:
            manager = cast.managers[number % len(cast.managers)]
            story = Story(client(chance, number), manager, cast.heads[0], end=end, chance=chance)
            told_at = now - back * MONTH + timedelta(days=chance.uniform(0, 12))
            sale = story.tell(now=told_at)
            _finish(sale, now=told_at)
            number += 1


def _finish(sale: Deal, *, now: datetime) -> None:
    """What followed the sale is over, too: the closing looked at, the works done."""
    for task in Task.objects.open().filter(deal=sale, kind=Task.Kind.CONTROL):
        by = Actor.person(task.owner)
        tasks.choose_outcome(
            task, "closing_confirmed", by=by, now=now + timedelta(hours=5), answers={}
        )
    for works in sale.continuations.all():
        _do_works(works, now=now)


def _do_works(works: Deal, *, now: datetime) -> None:
    by, at = Actor.person(works.owner), now + timedelta(hours=3)
    for task in Task.objects.open().filter(deal=works):
        tasks.complete_task(task, result="Познакомились, план работ согласован", by=by, now=at)
    works.reload()
    finish = {"finish_date": str((at + timedelta(days=12)).date())}
    for stage, answers in (("in_work", finish), ("delivery", {}), ("done", {})):
        engine.move(works, to=stage, by=by, now=at, answers=answers)
        at += timedelta(days=4)
