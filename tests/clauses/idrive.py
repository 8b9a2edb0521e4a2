"""Steps in which the tests walk a deal along the driving school's regulation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm import contacting
from crm.models import Deal, Task, User
from crm.planning import tasks
from pipelines import engine
from pipelines.actor import SYSTEM, Actor
from pipelines.models import Violation
from tests.clauses.steps import DAY, HOUR, choose, fresh, move
from tests.factories import NOON, make_deal

STAGES = {
    "deciding": {"pause_reason": "thinks"},
    "meeting": {"meeting_at": "2026-03-12T12:00:00+00:00", "meeting_place": "Баумана, 5"},
    "postponed": {"return_on": "2026-03-20"},
    "signed": {"contract_signed": "on", "payment_received": "on"},
    "not_sold": {"refusal_reason": "expensive"},
    "not_target": {"not_target_reason": "age"},
}
NEXT = {"task_text": "Перезвонить", "task_due_at": "2026-03-11T09:00:00+00:00"}


def lead(owner: User, *, now: datetime = NOON, **kwargs: Any) -> Deal:
    """A new request that came by the site's form."""
    return make_deal(
        owner, pipeline="driving", now=now, name="Категория B", by=SYSTEM, arrival="form", **kwargs
    )


def on_stage(owner: User, code: str, *, now: datetime = NOON, **answers: Any) -> Deal:
    """A lead moved at once to the stage by its manager, with what the stage asks for."""
    deal = lead(owner, now=now)
    if code == "new":
        return deal
    if code == "no_touch":
        choose(open_task(deal), "no_answer", now=now)
        return fresh(deal)
    if code == "taken":
        talk(deal, now=now)
    given = STAGES.get(code, {})
    if code in ("chatting", "deciding", "postponed"):
        given = given | NEXT
    return fresh(move(deal, code, now=now, **(given | answers)))


def open_task(deal: Deal, code: str | None = None) -> Task:
    found = Task.objects.open().filter(deal=deal)
    return (found.filter(code=code) if code is not None else found).get()


def talk(deal: Deal, *, now: datetime = NOON, seconds: int = 60, **facts: Any) -> Any:
    return contacting.record_contact(
        deal,
        verb=contacting.CALL_ANSWERED,
        by=Actor.person(deal.owner),
        now=now,
        text="поговорили",
        seconds=seconds,
        **facts,
    )


def writes(deal: Deal, channel: str = "whatsapp", *, now: datetime = NOON) -> Any:
    """The client writes to us."""
    return contacting.record_contact(
        deal, verb=contacting.MESSAGE_RECEIVED, by=SYSTEM, now=now, text="Пишите", channel=channel
    )


def we_write(deal: Deal, channel: str = "whatsapp", *, now: datetime = NOON) -> Any:
    return contacting.record_contact(
        deal,
        verb=contacting.MESSAGE_SENT,
        by=Actor.person(deal.owner),
        now=now,
        text="Как удобнее общаться?",
        channel=channel,
    )


def by_hand(
    deal: Deal, *, by: User | None = None, now: datetime = NOON, text: str = "Перезвонить"
) -> Task:
    """A task that the manager (or another person) sets himself."""
    return tasks.create_task(
        text=text,
        due_at=now + DAY,
        owner=deal.owner,
        deal=fresh(deal),
        by=Actor.person(by or deal.owner),
        now=now,
    )


def finish(task: Task, *, now: datetime = NOON) -> Task:
    return tasks.complete_task(fresh(task), result="сделано", by=Actor.person(task.owner), now=now)


def cancel(task: Task, *, now: datetime = NOON) -> Task:
    return tasks.cancel_task(fresh(task), by=Actor.person(task.owner), now=now)


def time_passes(until: datetime) -> None:
    """What is due by then has fired."""
    while engine.fire_due(until):
        pass


def broken(deal: Deal) -> list[str]:
    """The clauses whose violations stand on the deal, in their order."""
    return list(Violation.objects.filter(deal=deal).order_by("pk").values_list("clause", flat=True))


def stage_of(deal: Deal) -> str:
    return str(fresh(deal).stage.code)


__all__ = ["DAY", "HOUR", "NEXT", "STAGES"]
