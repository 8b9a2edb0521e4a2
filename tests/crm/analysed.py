"""Two months of deals for the reports, and how a question is asked of them."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from crm.analytics.asking import Filter, Question
from crm.models import User
from pipelines import engine
from pipelines.actor import Actor
from tests.factories import NOON, make_deal
from tests.pipelines.lab import Lab, restamp

MOSCOW = ZoneInfo("Europe/Moscow")
PERIOD = "2026-02-10..2026-03-09"
# Ways through the pipeline: straight, skipping, back and forth, lost and taken up again.
WAYS = [
    "two three won",
    "two lost",
    "three won",
    "two one two three lost",
    "lost one two",
    "two",
    "three two won",
    "",
]


@pytest.fixture
def year(alice: User, bob: User, olga: User, charlie: User) -> list[User]:
    """Two dozen deals of three people over two months, each on a way of its own."""
    Lab()
    restamp("lab")
    random = Random(7)
    owners = [alice, bob, charlie]
    for number in range(24):
        owner = owners[number % 3]
        at = NOON - timedelta(days=60 - 2.3 * number, minutes=random.randrange(600))
        deal = make_deal(
            owner,
            pipeline="lab",
            now=at,
            contact=None,
            answers={"budget": str(1000 * number)},
            arrival=("call", "form")[number % 2],
        )
        for stage in WAYS[number % len(WAYS)].split():
            at += timedelta(minutes=random.choice([7, 90, 3000, 20000]))
            engine.move(deal, to=stage, by=Actor.person(owner), now=at)
    return owners


def ask(user: User, **typed: str) -> Question:
    data = MultiValueDict({name: [value] for name, value in ({"pipeline": "lab"} | typed).items()})
    asked = Filter(user=User.objects.get(pk=user.pk), now=NOON, data=data)
    with timezone.override(MOSCOW):
        question = asked.question
    assert question, asked.errors
    return question
