"""Stories told in YAML (`crm/demo/stories/`), lived through by the real verbs, what time brings included.

A file names a company's people and its stories; a story is a list of steps, each one verb with what it needs:
`choose` (an outcome of a task), `move`, `fill`, `note`, `call`, `hears`, `task`, `done`, `deliver`, `pay`, `invoice`.
Other apps add verbs of their own with `step`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from crm import contacting, deals, deliveries, outgoing
from crm.clients import people
from crm.demo.cast import Client, client, hire_team
from crm.demo.clock import Telling
from crm.models import Deal, Task, User
from crm.money import invoices, payments
from crm.planning import tasks
from crm.roles import MANAGER
from pipelines import catalog, engine
from pipelines.actor import SYSTEM, Actor
from pipelines.models import Event, Timer

STORIES = Path(__file__).parent / "stories"
Step = Callable[["Tale", Any, datetime, Actor], None]
_steps: dict[str, Step] = {}


def step(verb: str) -> Callable[[Step], Step]:
    def register(function: Step) -> Step:
        _steps[verb] = function
        return function

    return register


@dataclass
class Book:
    """A company's file: who works there, and what happened."""

    playbook: str
    people: dict[str, list[User]]
    stories: list[dict[str, Any]]
    told: dict[str, Any]
    everybody: list[tuple[User, str]] = field(default_factory=list)


def books(managers: list[User]) -> list[Book]:
    """The companies whose playbook is loaded; one without a team of its own is worked by `managers`."""
    loaded = {pipeline.playbook for pipeline in catalog.pipelines()}
    found = []
    for path in sorted(STORIES.glob("*.yaml")):
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        if told["playbook"] not in loaded:
            continue
        hired = hire_team(told["playbook"], told["team"]) if "team" in told else []
        by_role: dict[str, list[User]] = {MANAGER: [] if hired else list(managers)}
        for user, roles, _label in hired:
            for role in roles:
                by_role.setdefault(role, []).append(user)
        everybody = [(user, label) for user, _roles, label in hired]
        found.append(Book(told["playbook"], by_role, told["stories"], told, everybody))
    return found


def tell_all(book: Book, *, chance: random.Random, now: datetime) -> None:
    number = 0
    for story in book.stories:
        for _time in range(story.get("times", 1)):
            managers = book.people[story.get("owner", MANAGER)]
            Tale(
                book, story, client(chance, number), managers[number % len(managers)], chance
            ).tell(now=now)
            number += 1


class Tale:
    """One deal, from its coming to the present."""

    def __init__(
        self,
        book: Book,
        story: dict[str, Any],
        client: Client,
        manager: User,
        chance: random.Random,
    ) -> None:
        self.book, self.story, self.client, self.manager, self.chance = (
            book,
            story,
            client,
            manager,
            chance,
        )
        self.deal: Deal = None  # type: ignore[assignment]

    def tell(self, *, now: datetime) -> None:
        telling = Telling(weekends=self.book.told.get("weekends", False))
        telling.then(0, self._comes)
        for row in self.story.get("steps", []):
            telling.then(self._hours(row.get("after", [0.5, 3])), partial(self._do, row))
        idle = timedelta(hours=self._hours(self.story.get("idle", [1, 30])))
        telling.run(now=now, idle=idle, after=self._settle, before=self._live)
        self._live(now)
        self._settle(now)

    def _hours(self, given: Any) -> float:
        return self.chance.uniform(*given) if isinstance(given, list) else float(given)

    def _comes(self, at: datetime) -> None:
        told, by = self.story, Actor.person(self.manager)
        company = None
        if self.chance.random() < self.book.told.get("companies", 0):
            company = people.create_company(
                name=self.client.company, owner=self.manager, by=by, now=at
            )
        contact = people.create_contact(
            name=self.client.name,
            phone=self.client.phone,
            email=self.client.email,
            company=company,
            owner=self.manager,
            by=by,
            now=at,
        )
        self.deal = deals.open_deal(
            pipeline=catalog.by_code(told["pipeline"]),
            name=self.chance.choice(told.get("names") or self.book.told["names"]),
            owner=self.manager,
            contact=contact,
            company=company,
            arrival=told.get("arrival", Deal.Arrival.FORM),
            by=by if told.get("arrival") == Deal.Arrival.HAND else SYSTEM,
            now=at,
            answers=self.given(told.get("answers", {}), at),
            tags=told.get("tags", []),
        )

    def _do(self, row: dict[str, Any], at: datetime) -> None:
        verb = next(key for key in row if key not in ("after", "by"))
        by = Actor.person(self.book.people[row["by"]][0] if "by" in row else self.deal.owner)
        _steps[verb](self, row[verb], at, by)

    def given(self, answers: dict[str, Any], at: datetime) -> dict[str, Any]:
        """Answers with what depends on the moment: `{days: 3}` a day, `{hours: 5}` a moment, `{event: verb}` an entry."""
        return {code: self._given(value, at) for code, value in answers.items()}

    def _given(self, value: Any, at: datetime) -> Any:
        match value:
            case {"days": days}:
                return str((at + timedelta(days=days)).date())
            case {"hours": hours}:
                return (at + timedelta(hours=hours)).replace(minute=0, second=0).isoformat()
            case {"event": verb}:
                return Event.objects.filter(deal=self.deal, verb=verb).latest("pk").pk
            case {"among": values}:
                return self.chance.choice(values)
        return value

    def task(self, code: str) -> Task:
        found = Task.objects.open().filter(deal=self.deal)
        task = (found.filter(code=code) if code else found.order_by("due_at")).first()
        if task is None:
            raise LookupError(f"{self.story.get('pipeline')}: no open task {code!r}")
        task.deal = self.deal
        return task

    def _live(self, until: datetime) -> None:
        """What time has brought the deal by then, each thing at its own moment."""
        while self.deal and (timer := self._due(until)):
            if not engine.fire_due(timer.due_at, deal=self.deal.pk):
                break
            self.deal.reload()

    def _due(self, until: datetime) -> Timer | None:
        armed = Timer.objects.filter(deal=self.deal, state=Timer.State.ARMED, due_at__lt=until)
        return armed.order_by("due_at").first()

    def _settle(self, at: datetime) -> None:
        outgoing.letters().deliver_all(at + timedelta(minutes=2))
        self.deal.reload()


@step("choose")
def choose(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    task = tale.task(told["task"])
    answers = tale.given(told.get("answers", {}), at)
    tasks.choose_outcome(task, told["outcome"], by=by, now=at, answers=answers)


@step("move")
def move(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    answers = tale.given(told.get("answers", {}), at)
    engine.move(tale.deal, to=told["to"], by=by, now=at, answers=answers)


@step("fill")
def fill(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    deals.edit_deal(tale.deal, tale.given(told, at), by=by, now=at)


@step("note")
def note(tale: Tale, told: str, at: datetime, by: Actor) -> None:
    deals.write_note(tale.deal, text=told, by=by, now=at)


@step("call")
def call(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    contacting.record_contact(
        tale.deal,
        verb=contacting.CALL_ANSWERED,
        channel="phone",
        incoming=told.get("incoming", False),
        seconds=60 * told.get("minutes", 4),
        text=told.get("text", ""),
        by=by,
        now=at,
    )


@step("hears")
def hears(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    contacting.record_contact(
        tale.deal,
        verb=contacting.MESSAGE_RECEIVED,
        channel=told.get("channel", "whatsapp"),
        incoming=True,
        text=told["text"],
        by=SYSTEM,
        now=at,
    )


@step("task")
def task(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    due = (at + timedelta(hours=told["hours"])).replace(minute=0, second=0)
    tasks.create_task(
        text=told["text"],
        kind=told.get("kind", Task.Kind.CALL),
        due_at=due,
        owner=tale.deal.owner,
        deal=tale.deal,
        by=by,
        now=at,
    )


@step("done")
def done(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    tasks.complete_task(tale.task(told.get("task", "")), result=told["result"], by=by, now=at)


@step("deliver")
def deliver(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    deliveries.register_delivery(
        tale.deal,
        day=at.date(),
        weight=Decimal(str(told["weight"])),
        amount=Decimal(str(told["amount"])),
        accepted=told.get("accepted", True),
        key=UUID(int=tale.chance.getrandbits(128)),
        by=by,
        now=at,
    )


@step("pay")
def pay(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    payments.register_payment(
        tale.deal,
        provider="demo",
        event_id=f"{tale.deal.pk}-{at:%y%m%d%H%M%S}",
        amount=Decimal(str(told["amount"])),
        currency=told["currency"],
        by=by,
        now=at,
    )


@step("invoice")
def invoice(tale: Tale, told: str, at: datetime, by: Actor) -> None:
    kinds = invoices.kinds_of(tale.deal, catalog.pipeline(tale.deal.pipeline_id))
    kind = next(kind for kind in kinds if kind.code == told)
    made = invoices.make_invoice(tale.deal, kind=kind, by=by, now=at)
    invoices.send_invoice(made, by=by, now=at)
