"""One deal's story, told through the real verbs: what its manager did, and what the regulation did about it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile

from crm import contacting, deals, outgoing
from crm.clients import people
from crm.demo import words
from crm.demo.cast import Client
from crm.demo.clock import Telling
from crm.files import keeping as files
from crm.models import Company, Deal, Task, User
from crm.planning import tasks
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.models import Event, Offer

# The stages in the order in which a deal passes them; each has a method that brings it there.
WAY = [
    "new",
    "taken",
    "qualified",
    "kp_sent",
    "discussed",
    "attempts",
    "start",
    "invoice",
    "launched",
]


class Story:
    """A client, his deal, and the manager who works it until it stands on the stage `end`."""

    def __init__(
        self, client: Client, manager: User, head: User, *, end: str, chance: random.Random
    ) -> None:
        self.client, self.manager, self.head, self.end, self.chance = (
            client,
            manager,
            head,
            end,
            chance,
        )
        self.by = Actor.person(manager)
        self.telling = Telling()
        self.deal: Deal = None  # type: ignore[assignment]
        self.budget = chance.choice([1200, 1800, 2400, 3600, 4800, 6500, 9000, 14500])
        self._plan()

    def tell(self, *, now: datetime) -> Deal:
        """Live it through, ending at most a few days before the present."""
        idle = timedelta(
            hours=self.chance.choice([1, 3, 8, 26, 50])
            if self.end != "new"
            else self.chance.uniform(0.3, 20)
        )
        self.telling.run(now=now, idle=idle, after=self._deliver)
        self._plan_next(now)
        return self.deal

    # --- the plan -------------------------------------------------------------------------

    def _plan(self) -> None:
        then, hours = self.telling.then, self.chance.uniform
        then(0, self.comes)
        if self.end in ("spam", "unreached", "silent", "expensive"):
            getattr(self, f"_plan_{self.end}")()
            return
        if self.end == "new":
            if self.chance.random() < 0.4:
                then(0.4, lambda at: self.note(at, self.chance.choice(words.FIRST)))
            if self.chance.random() < 0.3:
                then(0.3, self.misses_a_call)
            return
        for stage in WAY[1 : WAY.index(self.end) + 1]:
            if (
                stage in ("discussed", "attempts")
                and stage != self.end
                and self.chance.random() < 0.6
            ):
                continue
            getattr(self, f"_plan_{stage}")(hours)

    def _plan_taken(self, hours: Any) -> None:
        self.telling.then(hours(0.2, 2), self.is_taken)
        if self.chance.random() < 0.4:
            self.telling.then(hours(0.3, 0.6), lambda at: self.outcome(at, "qualify", "no_answer"))

    def _plan_qualified(self, hours: Any) -> None:
        self.telling.then(hours(1, 20), self.is_asked)
        self.telling.then(
            hours(0.1, 2),
            lambda at: self.move(at, "qualified", niche=self.client.niche, source=self.source),
        )

    def _plan_kp_sent(self, hours: Any) -> None:
        self.telling.then(hours(2, 20), self.sends_kp)
        self.telling.then(0.1, self.goes_on_to_kp_sent)
        if self.chance.random() < 0.6:
            self.telling.then(hours(1, 6), self.is_rung)

    def _plan_discussed(self, hours: Any) -> None:
        if self.chance.random() < 0.5:
            self.telling.then(hours(18, 30), lambda at: self.outcome(at, "objections", "no_answer"))
        self.telling.then(hours(20, 60), lambda at: self.outcome(at, "objections", "discussed_kp"))

    def _plan_attempts(self, hours: Any) -> None:
        said = self.chance.choice(["wants_changes", "thinks"])
        self.telling.then(hours(20, 90), lambda at: self.call_outcome(at, said))
        if self.chance.random() < 0.5:
            self.telling.then(hours(100, 180), self.writes_again)

    def _plan_start(self, hours: Any) -> None:
        self.telling.then(hours(20, 120), lambda at: self.call_outcome(at, "agreed"))
        self.telling.then(hours(1, 4), lambda at: self.hears(at, self.chance.choice(words.AGREED)))

    def _plan_invoice(self, hours: Any) -> None:
        link = f"https://docs.example/contracts/{self.chance.randint(1000, 9999)}"
        self.telling.then(hours(5, 30), self.adds_contract)
        self.telling.then(
            0.2,
            lambda at: self.finish(at, "contract", "Договор согласован, счёт выставлен на 50 %"),
        )
        self.telling.then(0.1, lambda at: self.move(at, "invoice", contract=link))

    def _plan_launched(self, hours: Any) -> None:
        self.telling.then(hours(20, 80), lambda at: self.fill(at, contract_received="on"))
        self.telling.then(hours(2, 60), lambda at: self.fill(at, payment_received="on"))
        self.telling.then(0.3, lambda at: self.move(at, "launched"))

    def _plan_spam(self) -> None:
        self.telling.then(0.5, lambda at: self.move(at, "refused", refusal_reason="spam"))

    def _plan_expensive(self) -> None:
        hours = self.chance.uniform
        for plan in (self._plan_taken, self._plan_qualified, self._plan_kp_sent):
            plan(hours)
        self.telling.then(
            hours(30, 90), lambda at: self.hears(at, self.chance.choice(words.REFUSED))
        )
        self.telling.then(hours(1, 20), self.is_refused)
        self.telling.then(hours(4, 20), lambda at: self.control(at, "closing_confirmed"))

    def _plan_silent(self) -> None:
        hours = self.chance.uniform
        for plan in (self._plan_taken, self._plan_qualified, self._plan_kp_sent):
            plan(hours)
        for _try in range(3):
            self.telling.then(hours(24, 60), lambda at: self.outcome(at, "objections", "no_answer"))
        self.telling.then(
            24.0 * 22, lambda at: self.move(at, "refused", refusal_reason="no_answer")
        )

    def _plan_unreached(self) -> None:
        self.telling.then(1, self.is_taken)
        for gap in (0.5, 1, 24, 1):
            self.telling.then(gap, lambda at: self.outcome(at, "qualify", "no_answer"))
        self.telling.then(0.1, self.takes_the_offer)

    # --- what people do -------------------------------------------------------------------

    def comes(self, at: datetime) -> None:
        """The request: a company and a contact, and how it reached us."""
        client, chance = self.client, self.chance
        arrival = chance.choice(["hand", "hand", "form", "call", "letter"])
        self.source = chance.choice(["search", "ads", "recommendation", "social", "repeat"])
        company = None
        if chance.random() < 0.7:
            company = Company.objects.filter(name=client.company, owner=self.manager).first()
            company = company or people.create_company(
                name=client.company, owner=self.manager, by=self.by, now=at
            )
        contact = people.create_contact(
            name=client.name, phone=client.phone, email=client.email if chance.random() < 0.85 or self.end != "new" else "",
            company=company, owner=self.manager, by=self.by, now=at,
        )  # fmt: skip
        self.deal = deals.open_deal(
            pipeline=catalog.by_code("leads"), name=chance.choice(words.DEALS), owner=self.manager, contact=contact,
            company=company, arrival=arrival, by=self.by if arrival == "hand" else Actor(), now=at,
            answers={"product": "implementation"}, tags=["#amoCRM"] if arrival == "form" else [],
        )  # fmt: skip

    def is_taken(self, at: datetime) -> None:
        self.move(
            at,
            "taken",
            platform=self.chance.choice(["site", "marketplace", "social", "messenger", "partner"]),
        )

    def is_asked(self, at: datetime) -> None:
        """The qualifying call: what was said goes into the fields."""
        self.outcome(at, "qualify", "talked", result=self.chance.choice(words.QUALIFIED))
        self.fill(
            at + timedelta(minutes=1),
            city=self.client.city, sellers=str(self.chance.randint(2, 14)), lead_name=self.client.name.split()[0],
            current_crm=self.chance.choice(["таблицы", "ничего", "1С", "Битрикс24"]), channels=["site", "calls"],
            task_text=self.chance.choice(words.TASKS), decides=self.chance.choice(["сам", "директор", "совладельцы"]),
        )  # fmt: skip

    def sends_kp(self, at: datetime) -> None:
        """The proposal: a PDF with the deal, the letter with it, the task done by its outcome."""
        self.add_file(at, f"КП {self.deal.pk}.pdf")
        if self.deal.contact and self.deal.contact.point("email"):
            self.letter(at + timedelta(minutes=1), "send_kp")
            self.outcome(at + timedelta(minutes=2), "send_kp", "kp_mailed")
        else:
            self.outcome(at + timedelta(minutes=2), "send_kp", "kp_told")

    def goes_on_to_kp_sent(self, at: datetime) -> None:
        self.move(at, "kp_sent", budget=self.budget)

    def adds_contract(self, at: datetime) -> None:
        self.add_file(at, f"Договор {self.deal.pk}.pdf")

    def writes_again(self, at: datetime) -> None:
        if self.deal.contact and self.deal.contact.point("email"):
            self.letter(at, "reactivation")

    def is_refused(self, at: datetime) -> None:
        proof = Event.objects.filter(deal=self.deal, verb=contacting.MESSAGE_RECEIVED).latest("pk")
        self.move(
            at,
            "refused",
            refusal_reason=self.chance.choice(["expensive", "postponed"]),
            refusal_evidence=proof.pk,
        )

    def takes_the_offer(self, at: datetime) -> None:
        if offer := Offer.objects.filter(
            deal=self.deal, action="move", state=Offer.State.OPEN
        ).first():
            engine.take(offer, by=self.by, now=at)

    # --- the verbs ------------------------------------------------------------------------

    def move(self, at: datetime, to: str, **answers: Any) -> None:
        engine.move(self.deal, to=to, by=self.by, now=at, answers=answers)

    def fill(self, at: datetime, **answers: Any) -> None:
        deals.edit_deal(self.deal, answers, by=self.by, now=at)

    def note(self, at: datetime, text: str) -> None:
        deals.write_note(self.deal, text=text, by=self.by, now=at)

    def hears(self, at: datetime, text: str) -> None:
        """The client writes to us."""
        contacting.record_contact(
            self.deal,
            verb=contacting.MESSAGE_RECEIVED,
            channel="telegram",
            text=text,
            by=self.by,
            now=at,
        )

    def is_rung(self, at: datetime) -> None:
        """The client calls, and we talk."""
        contacting.record_contact(
            self.deal,
            verb=contacting.CALL_ANSWERED,
            channel="phone",
            incoming=True,
            seconds=self.chance.randint(40, 900),
            text=self.chance.choice(words.ASKED),
            by=self.by,
            now=at,
        )

    def misses_a_call(self, at: datetime) -> None:
        contacting.record_contact(
            self.deal, verb=contacting.CALL_MISSED, channel="phone", by=self.by, now=at
        )

    def outcome(self, at: datetime, task_code: str, scenario: str, **answers: Any) -> None:
        task = Task.objects.open().filter(deal=self.deal, code=task_code).first()
        if task is not None:
            task.deal = self.deal
            tasks.choose_outcome(task, scenario, by=self.by, now=at, answers=answers)

    def call_outcome(self, at: datetime, scenario: str) -> None:
        """The outcome of the call that is planned, or of one made without a plan."""
        task = Task.objects.open().filter(deal=self.deal, kind=Task.Kind.CALL).first()
        if task is None:
            engine.lock(self.deal)
            task = tasks.create_task(
                text="Позвонить по КП",
                kind=Task.Kind.CALL,
                due_at=at,
                owner=self.manager,
                deal=self.deal,
                by=self.by,
                now=at,
            )
        task.deal = self.deal
        tasks.choose_outcome(task, scenario, by=self.by, now=at + timedelta(minutes=1), answers={})

    def finish(self, at: datetime, task_code: str, result: str) -> None:
        for task in Task.objects.open().filter(deal=self.deal, code=task_code):
            task.deal = self.deal
            tasks.complete_task(task, result=result, by=self.by, now=at)

    def control(self, at: datetime, scenario: str) -> None:
        """The head's look at a closed deal."""
        for task in Task.objects.open().filter(deal=self.deal, code="control_closing"):
            task.deal = self.deal
            tasks.choose_outcome(task, scenario, by=Actor.person(task.owner), now=at, answers={})

    def letter(self, at: datetime, code: str) -> None:
        letters, template = (
            outgoing.letters(),
            outgoing.templates_for(catalog.by_code("leads").playbook).get(code=code),
        )
        subject, body = letters.render(template, self.deal, self.manager)
        chosen = [*template.files.all(), *(self.deal.files.all() if code == "send_kp" else [])]
        letters.queue_letter(
            deal=self.deal,
            subject=subject,
            body=body,
            template=template,
            files=chosen,
            by=self.by,
            now=at,
        )

    def add_file(self, at: datetime, name: str) -> None:
        files.add_file(self.deal, ContentFile(words.PDF, name=name), by=self.by, now=at)

    def _deliver(self, at: datetime) -> None:
        outgoing.letters().deliver_all(at + timedelta(minutes=2))
        self.deal.reload()

    def _plan_next(self, now: datetime) -> None:
        """What is open now is due around now: some overdue, most today and later, a few deals without a task."""
        for task in Task.objects.open().filter(deal=self.deal).exclude(kind=Task.Kind.CONTROL):
            if task.due_at < now and self.chance.random() < 0.75:
                due = now + timedelta(hours=self.chance.choice([2, 5, 24, 30, 72]))
                tasks.postpone_task(
                    task, due_at=due.replace(minute=0, second=0), by=self.by, now=now
                )
        self.deal.reload()
        if (
            self.deal.status == "open"
            and self.deal.next_task_at is None
            and self.chance.random() < 0.75
        ):
            due = (now + timedelta(hours=self.chance.choice([-20, 3, 26, 50, 96]))).replace(
                minute=0, second=0
            )
            tasks.create_task(
                text=self.chance.choice(words.NEXT), kind=Task.Kind.CALL, due_at=due, owner=self.manager, deal=self.deal,
                by=self.by, now=now,
            )  # fmt: skip
