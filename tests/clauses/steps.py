"""Steps in which the tests walk a deal along a regulation; every one is a verb of the project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
from django.db import models, transaction

from crm import contacting
from crm.models import Deal, Task, User
from crm.planning import tasks
from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.models import Offer, RuleRun
from tests.factories import NOON, make_deal

MINUTE, HOUR, DAY, WEEK = (
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(weeks=1),
)

# What the stages of the sale ask for, all at once.
EVERYTHING = {
    "platform": "site",
    "niche": "Пекарни",
    "source": "search",
    "budget": "1500",
    "contract": "https://cloud.example.com/contract-7",
}

Row = TypeVar("Row", bound=models.Model)


def minsk(text: str) -> datetime:
    """«2026-03-10 17:45» by the clock of Minsk (UTC+3 all year)."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC) - 3 * HOUR


def fresh(row: Row) -> Row:
    """The row as it stands in the database (a protected status can't be refreshed in place)."""
    return type(row)._base_manager.get(pk=row.pk)


def move(
    deal: Deal, to: str, *, by: User | Actor | None = None, now: datetime = NOON, **answers: Any
) -> Deal:
    engine.move(deal, to=to, by=_actor(by or deal.owner), now=now, answers=answers)
    return deal


def at_stage(
    owner: User, code: str, *, now: datetime = NOON, by: User | None = None, **kwargs: Any
) -> Deal:
    """A deal opened by hand and moved at once to the stage, with all that it asks for filled in."""
    deal = make_deal(owner, now=now, **kwargs)
    if code == "new":
        return deal
    answers: dict[str, Any] = (
        EVERYTHING | {"payment_received": "on"} if code == "launched" else dict(EVERYTHING)
    )
    if code == "refused":
        answers = {"refusal_reason": "spam"}
    return move(deal, code, by=by, now=now, **answers)


def task_of(deal: Deal, code: str) -> Task:
    """The deal's one task with the rule's own name for it."""
    return Task.objects.get(deal=deal, code=code)


def call_task(deal: Deal, *, now: datetime = NOON, due_at: datetime | None = None) -> Task:
    """A call that the manager plans by hand."""
    by = Actor.person(deal.owner)
    return tasks.create_task(
        text="Позвонить",
        due_at=due_at or now + HOUR,
        owner=deal.owner,
        by=by,
        now=now,
        deal=deal,
        kind="call",
    )


def choose(
    task: Task, outcome: str, *, by: User | None = None, now: datetime = NOON, **answers: Any
) -> Task:
    return tasks.choose_outcome(
        fresh(task), outcome, by=Actor.person(by or task.owner), now=now, answers=answers
    )


def talk(deal: Deal, *, now: datetime = NOON, recording: str = "") -> Any:
    """A conversation with the client, put on record by hand."""
    return contacting.record_contact(
        deal,
        verb=contacting.CALL_ANSWERED,
        by=Actor.person(deal.owner),
        now=now,
        text="поговорили",
        recording=recording,
    )


def try_to_reach(deal: Deal, times: int = 1, *, now: datetime = NOON) -> None:
    for _time in range(times):
        contacting.record_contact(
            deal, verb=contacting.CALL_UNANSWERED, by=Actor.person(deal.owner), now=now
        )


def hear_from(deal: Deal, *, now: datetime = NOON, text: str = "нам это не нужно") -> Any:
    """A message of the client."""
    return contacting.record_contact(
        deal, verb=contacting.MESSAGE_RECEIVED, by=Actor(), now=now, text=text
    )


def take(offer: Offer, *, by: User, now: datetime = NOON, **answers: Any) -> None:
    engine.take(offer, by=Actor.person(by), now=now, answers=answers)


def offers(deal: Deal) -> list[Offer]:
    return list(Offer.objects.filter(deal=deal, state="open").order_by("pk"))


def runs(deal: Deal, clause: str, status: str = "ok") -> int:
    """How many runs of the clause's rules on the deal ended so."""
    return RuleRun.objects.filter(deal=deal, rule__clause=clause, status=status).count()


@contextmanager
def refused(
    error: type[RegulationError] = RegulationError, match: str | None = None
) -> Iterator[Any]:
    """The verb inside raises, and its transaction is rolled back, as a request's would be."""
    with pytest.raises(error, match=match) as caught, transaction.atomic():
        yield caught


def clauses_against(
    deal: Deal, to: str, *, by: User | Actor | None = None, now: datetime = NOON, **answers: Any
) -> list[str]:
    """The clauses that refuse the move; none if it would succeed. Changes nothing."""
    try:
        with transaction.atomic():
            move(fresh(deal), to, by=by, now=now, **answers)
            transaction.set_rollback(True)
    except engine.MoveRefused as error:
        return sorted({refusal.clause for refusal in error.refusals})
    return []


def _actor(by: User | Actor) -> Actor:
    return by if isinstance(by, Actor) else Actor.person(by)
