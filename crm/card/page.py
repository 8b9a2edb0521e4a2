"""Reading a deal's card: everything one page shows, gathered in one place and in a bounded number of queries."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.translation import pgettext_lazy

from crm import ageing, panels, roles, tag_lists
from crm.card import actions as card_actions
from crm.card import feed_lines
from crm.card import fields as card_fields
from crm.card import pins as card_pins
from crm.card import rows as card_rows
from crm.card.feed_filter import ALL, Filter
from crm.card.fields import Editor, Tab
from crm.card.rows import Point
from crm.contacting import CALL_ANSWERED
from crm.files import keeping as files
from crm.filters import people_of
from crm.models import Deal, File, Task, User
from crm.money.sums import SIGNS
from crm.names import naming_rules
from crm.planning.kinds import LOOKS, Look, look_of
from crm.planning.tasks import task_outcomes
from crm.planning.times import colour_of as due_colour
from crm.registers.control import asked_on, controls
from pipelines import catalog, explain, fields
from pipelines.catalog import CompiledPipeline, CompiledScenario, CompiledStage
from pipelines.errors import Refusal
from pipelines.explain import StageAnswer
from pipelines.models import Event, Offer

TASK_LIMIT = 50
TASK_ICONS = {kind: look.icon for kind, look in LOOKS.items()}


@dataclass(frozen=True)
class OpenTask:
    task: Task
    outcomes: list[CompiledScenario]
    icon: str
    colour: str

    @property
    def look(self) -> Look:
        return look_of(self.task.kind)

    @property
    def only_by_outcome(self) -> bool:
        """Finished by choosing an outcome, never by a free result."""
        code = self.task.code
        return any(bool(code) and code in item.tasks for item in self.outcomes if item.completes)


@dataclass(frozen=True)
class Person:
    """The contact or the company of the card: how to reach it, look-ups, and the fields the regulation adds."""

    record: Any
    points: list[Point]
    lookups: list[tuple[str, str, str]]
    editors: list[Editor]


@dataclass
class Card:
    deal: Deal
    pipeline: CompiledPipeline
    stage: CompiledStage
    may_edit: bool
    days: int
    is_late: bool
    age: ageing.Tone
    quiet: int | None
    quiet_age: ageing.Tone
    countdown: ageing.Countdown | None
    stages: tuple[StageAnswer, ...]
    # Seconds on each stage that the deal has left.
    stood: dict[int, int]
    offers: list[Offer]
    head: dict[str, Editor]
    tabs: list[Tab]
    script: str
    tasks: list[OpenTask]
    control: OpenTask | None
    contact: Person | None
    company: Person | None
    # Names and colours; and those of the playbook's list that are not on the deal yet.
    tags: list[tuple[str, str]]
    tags_offered: list[tuple[str, str]]
    tags_only: bool
    sign: str
    ahead: StageAnswer | None
    files: list[File]
    continuations: list[Deal]
    owners: list[User]
    feed: feed_lines.Portion
    pins: card_pins.Pins
    # For the control of a closing (AX-9.9): why it was closed, and what can be listened to.
    reasons: list[Editor] = field(default_factory=list)
    recordings: list[Event] = field(default_factory=list)
    # Buttons of the deal itself, each with what stands against it.
    actions: list[card_actions.CardAction] = field(default_factory=list)
    # Sections of other apps (a licence, say).
    panels: list[panels.Panel] = field(default_factory=list)
    # What could be better about the names of the deal, its contact and its company.
    names: dict[str, naming_rules.Hints | None] = field(default_factory=dict)


def read_card(deal: Deal, *, user: User, now: datetime, asked: Filter = ALL) -> Card:
    """Everything the card shows to `user`, as it stands now."""
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = pipeline.stage_by_id[deal.stage_id]
    ids = [item.pk for item in feed_lines.chain(deal)]
    near = card_rows.around(deal, ids)
    tasks = open_tasks(deal, now=now) if near.has_tasks else []
    control = next((item for item in tasks if controls(item.task, stage)), None)
    proofs = card_fields.evidence_of(deal) if near.has_proofs else []
    tabs = card_fields.tabs(deal, pipeline, proofs)
    may_edit = lets_edit(stage, user)
    stages = explain.stage_answers(deal, user=user, now=now)
    prepared = tag_lists.prepared_for(pipeline)
    age, quiet_age = _ages(deal, stage, now)
    return Card(
        deal=deal,
        pipeline=pipeline,
        stage=stage,
        may_edit=may_edit,
        days=_days_since(deal.stage_since, now),
        age=age,
        quiet=_days_since(deal.last_contact_at, now) if deal.last_contact_at else None,
        quiet_age=quiet_age,
        countdown=ageing.countdown(stage, deal.stage_deadline, calendar=pipeline.calendar, now=now),
        is_late=_is_late(deal, stage, now),
        stages=stages,
        stood=near.stood,
        offers=open_offers(deal) if near.has_offers else [],
        head=card_fields.editors(deal, pipeline, list(card_fields.HEAD)),
        tabs=tabs,
        script=fill_script(stage.script, deal=deal, pipeline=pipeline, user=user),
        tasks=tasks,
        control=control,
        contact=_person(deal, "contact", near.contact_points, pipeline, proofs),
        company=_person(deal, "company", near.company_points, pipeline, proofs),
        tags=near.tags,
        tags_offered=[item for item in prepared.tags if item[0] not in dict(near.tags)],
        tags_only=prepared.only,
        sign=SIGNS.get(deal.currency, deal.currency),
        ahead=next_stage(stages),
        files=list(files.files_of(ids)) if near.has_files else [],
        continuations=continuations_of(deal, user) if near.has_continuations else [],
        owners=owners_for(user),
        feed=feed_lines.read_feed(deal, asked=asked),
        pins=pins_of(deal) if near.has_pins else card_pins.NONE,
        reasons=_reasons(tabs, asked_on(pipeline, stage)) if control else [],
        recordings=recordings_of(deal) if control else [],
        actions=card_actions.actions_of(deal, user=user, now=now) if may_edit else [],
        panels=panels.panels_of(deal, pipeline, user=user, now=now, may_edit=may_edit),
        names=naming_rules.hints_of(deal, pipeline),
    )


def _days_since(moment: datetime, now: datetime) -> int:
    """By the reader's calendar: yesterday evening is a day ago."""
    return (timezone.localdate(now) - timezone.localdate(moment)).days


def _ages(deal: Deal, stage: CompiledStage, now: datetime) -> tuple[ageing.Tone, ageing.Tone]:
    """How far the deal is through its stage's limit, and its silence likewise; only an open one grows old."""
    if stage.kind != "open":
        return "", ""
    since, deadline = deal.stage_since, deal.stage_deadline
    return (
        ageing.tone(since, deadline, now),
        ageing.silence_tone(deal.last_contact_at, since, deadline, now),
    )


def _is_late(deal: Deal, stage: CompiledStage, now: datetime) -> bool:
    deadline = deal.stage_deadline
    return stage.kind == "open" and deadline is not None and deadline < now


def _reasons(tabs: list[Tab], grounds: Container[str]) -> list[Editor]:
    """Of the fields that a closing asks for, those that say something."""
    return [
        item for tab in tabs for item in tab.editors if item.field.code in grounds and item.words
    ]


def lets_edit(stage: CompiledStage, user: User) -> bool:
    """Whether the user may change the deals on this stage."""
    return bool(user.is_superuser or stage.lets("edit", user.role_names))


def pins_of(deal: Deal) -> card_pins.Pins:
    """What is pinned on the deal's card."""
    deals = {item.pk: item.pipeline_id for item in feed_lines.chain(deal)}
    return card_pins.read_pins(deal, partial(feed_lines.entries_of, deals), deals)


def next_stage(stages: tuple[StageAnswer, ...]) -> StageAnswer | None:
    """The stage that follows an open deal's own, with what stands against it now (PZ-5.3); None at the end."""
    place = next((number for number, item in enumerate(stages) if item.is_current), None)
    if place is None or stages[place].stage.kind != "open":
        return None
    ahead = [item for item in stages[place + 1 :] if item.stage.kind != "lost"]
    # Where nothing but a role stands against it there is nothing to do: the next one says more.
    useful = (item for item in ahead if not item.refusals or any(map(_is_of_rule, item.refusals)))
    return next(useful, ahead[0] if ahead else None)


def _is_of_rule(refusal: Refusal) -> bool:
    return bool(refusal.clause or refusal.rule)


def open_tasks(deal: Deal, *, now: datetime) -> list[OpenTask]:
    """The deal's open tasks by due time, each with its outcomes."""
    found = (
        Task.objects.open()
        .filter(deal=deal)
        .select_related("owner", "rule")
        .order_by("due_at")[:TASK_LIMIT]
    )
    return [
        OpenTask(
            task,
            task_outcomes(task, deal),
            TASK_ICONS.get(task.kind, "checkbox"),
            due_colour(task, now),
        )
        for task in found
    ]


def open_offers(deal: Deal) -> list[Offer]:
    """What the system offers on the deal, the oldest first."""
    found = Offer.objects.filter(deal=deal, state=Offer.State.OPEN)
    return list(found.select_related("rule").order_by("pk"))


def continuations_of(deal: Deal, user: User) -> list[Deal]:
    """The deals that go on with this sale, of those the user sees."""
    found = Deal.objects.visible_to(user).filter(origin=deal)
    return list(found.select_related("pipeline", "stage"))


def recordings_of(deal: Deal) -> list[Event]:
    """The newest conversations of the deal that can be listened to."""
    calls = Event.objects.filter(deal=deal, verb=CALL_ANSWERED, data__has_key="recording")
    return list(calls.order_by("-pk")[:10])


def owners_for(user: User) -> list[User]:
    """To whom this person may give a deal: himself and his people, everybody but robots for an administrator."""
    if user.visible_owner_ids is not None and len(user.visible_owner_ids) == 1:
        return []
    return list(people_of(user).exclude(groups__name=roles.ROBOT))


def fill_script(script: str, *, deal: Deal, pipeline: CompiledPipeline, user: User) -> str:
    """The stage's script with who speaks and to whom (AX-L7). Replaced once, nothing is evaluated; unknown words stay."""
    known = {
        "manager": str(user),
        "contact": str(deal.contact or ""),
        "company": str(deal.company or ""),
        "source": source_of(deal, pipeline),
    }
    text = re.sub(r"\{(\w+)\}", lambda match: known.get(match[1], match[0]), script)
    # «Здравствуйте, !» is what a missing name leaves behind.
    return re.sub(r"\s*,\s*(?=[!?.])", "", re.sub(r"\s*\(\s*\)", "", text)).strip()


# How a manager says aloud by what way the client came; for the other ways there is nothing to say.
CAME = {
    Deal.Arrival.FORM: pgettext_lazy("you turned to us", "through our site"),
    Deal.Arrival.CALL: pgettext_lazy("you turned to us", "by phone"),
    Deal.Arrival.LETTER: pgettext_lazy("you turned to us", "by letter"),
}


def source_of(deal: Deal, pipeline: CompiledPipeline) -> str:
    """Where the lead came from: the field «source» in words, or the way it came if the client himself took it."""
    known = pipeline.fields.get("source")
    source = fields.show(known, deal.get_value("source")) if known else ""
    return source or str(CAME.get(Deal.Arrival(deal.arrival), ""))


def _person(
    deal: Deal, kind: str, points: list[Point], pipeline: CompiledPipeline, proofs: list[Event]
) -> Person | None:
    record = getattr(deal, kind)
    if record is None:
        return None
    asked = [record.name, *(point.value for point in points if point.kind in ("phone", "email"))]
    return Person(
        record,
        points,
        [look_up(text) for text in asked],
        card_fields.of_record(deal, pipeline, kind, proofs),
    )


def look_up(text: str) -> tuple[str, str, str]:
    """The text and where to look it up: in Yandex, in Google (AX-2.2)."""
    return (
        text,
        "https://yandex.ru/search/?" + urlencode({"text": text}),
        "https://www.google.com/search?" + urlencode({"q": text}),
    )
