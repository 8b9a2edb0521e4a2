"""What one can do about an entry of the day: the ways to end it, all in one window, chosen by a number key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.card.page import TASK_ICONS
from crm.contacting import CALL_MISSED, LETTER_RECEIVED, MESSAGE_RECEIVED, channel_label
from crm.models import Company, Contact, Deal, Task, User
from crm.planning import tasks
from pipelines import catalog, explain
from pipelines.actor import Actor
from pipelines.models import Event

# Of the tasks of a deal that a window shows beside the one it was opened for.
TASKS = 5


@dataclass(frozen=True)
class Way:
    """A button: where its form is, and whether it is done at once, without questions."""

    label: str
    url: str
    icon: str = ""
    # What is posted where nothing is asked.
    posts: tuple[tuple[str, str], ...] | None = None
    # Which key of the queue means it: `d` done, `p` postpone.
    key: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    ways: list[Way]
    icon: str = ""
    is_folded: bool = False


@dataclass(frozen=True)
class Said:
    """What the client said last and nobody answered."""

    words: str
    channel: str
    at: datetime


@dataclass(frozen=True)
class Doing:
    """The window of one entry."""

    title: str
    subtitle: str
    deal: Deal | None
    client: Contact | Company | None
    phone: str
    stage: str
    said: Said | None
    sections: list[Section]


def of_deal(deal: Deal, *, user: User, now: datetime, first: int | None = None) -> Doing:
    """All that waits on the deal: the task `first` before the others, then the answer, the stages, a new task."""
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = pipeline.stage_by_id[deal.stage_id]
    found = Task.objects.visible_to(user).open().filter(deal=deal).select_related("owner")
    open_tasks = sorted(found.order_by("due_at", "pk")[:TASKS], key=lambda task: task.pk != first)
    for task in open_tasks:
        task.deal = deal
    sections = [section_of(task) for task in open_tasks]
    said = _last_said(deal) if deal.unanswered_since else None
    if deal.unanswered_since:
        # Asked about the client who waits, one answers him first.
        sections.insert(1 if first else 0, Section(_("Answer"), list(_answers(deal)), "message-2"))
    if moves := list(_moves(deal, user=user, now=now)):
        # Opened for a task, one seldom moves the deal by hand.
        folded = bool(open_tasks or deal.unanswered_since)
        sections.append(Section(_("Move to the stage"), moves, "arrow-right", folded))
    if not tasks.refusals_to_set(deal, by=Actor.person(user), now=now):
        new = Way(_("New task"), reverse("crm:task_new", args=[deal.pk]), "plus")
        urgent = tasks.lacks_task(deal) and deal.unanswered_since is None
        place = 0 if urgent else len(sections)
        sections.insert(place, Section(_("What comes next"), [new], "checkbox"))
    client = deal.contact or deal.company
    return Doing(
        title=deal.name,
        subtitle=str(client or ""),
        deal=deal,
        client=client,
        phone=client.point("phone") if client else "",
        stage=stage.name,
        said=said,
        sections=sections,
    )


def of_task(task: Task) -> Doing:
    """A task that hangs on no deal."""
    client = task.contact or task.company
    return Doing(
        title=str(client or _("Task")),
        subtitle="",
        deal=None,
        client=client,
        phone=client.point("phone") if client else "",
        stage="",
        said=None,
        sections=[section_of(task)],
    )


def section_of(task: Task) -> Section:
    """The ways to end a task: its outcomes, a result of one's own where that is allowed, another time."""
    outcomes = tasks.task_outcomes(task, task.deal)
    ways = [
        Way(item.label, reverse("crm:task_dialog", args=[task.pk, item.code])) for item in outcomes
    ]
    if not any(task.code and task.code in item.tasks for item in outcomes if item.completes):
        finish = reverse("crm:task_finish", args=[task.pk])
        ways.append(Way(_("Done"), finish, "check", key="d"))
    later = reverse("crm:task_postpone", args=[task.pk])
    ways.append(Way(_("Another time"), later, "calendar-due", key="p"))
    return Section(task.text, ways, TASK_ICONS.get(task.kind, "checkbox"))


def _answers(deal: Deal) -> Iterator[Way]:
    yield Way(_("Write a letter"), reverse("crm:deal_letter", args=[deal.pk]), "mail")
    if deal.contact_id:
        yield Way(_("SMS, chat"), reverse("crm:deal_message", args=[deal.pk]), "message")
    yield Way(_("We talked"), reverse("crm:deal_contacted", args=[deal.pk]), "phone")
    waive = reverse("crm:day_waive", args=[deal.pk])
    yield Way(_("No answer is needed"), waive, "message-off", posts=())


def _moves(deal: Deal, *, user: User, now: datetime) -> Iterator[Way]:
    """The stages to which nothing but fields stands in the way."""
    for answer in explain.stage_answers(deal, user=user, now=now):
        if answer.is_current:
            continue
        seen = (("to", answer.stage.code), ("seen", str(deal.stage_id)))
        if not answer.refusals:
            yield Way(answer.stage.name, reverse("crm:deal_move", args=[deal.pk]), "", posts=seen)
        elif all(refusal.fields for refusal in answer.refusals):
            query = "&".join(f"{name}={value}" for name, value in seen)
            yield Way(answer.stage.name, f"{reverse('crm:deal_move_form', args=[deal.pk])}?{query}")


def _last_said(deal: Deal) -> Said | None:
    """The last of what he said since he waits, as the feed keeps it."""
    heard = (MESSAGE_RECEIVED, LETTER_RECEIVED, CALL_MISSED)
    found = Event.objects.filter(deal=deal, verb__in=heard, at__gte=deal.unanswered_since)
    event = found.order_by("-pk").first()
    if event is None:
        return None
    words = str(event.data.get("text") or event.data.get("subject") or "")
    channel = channel_label(str(event.data.get("channel", "")))
    return Said(words or _("missed call"), channel, event.at)


def opened(found: Doing, key: str) -> Way | None:
    """The way whose form stands open at once: the one that a key of the queue means, or the only one there is."""
    ways = found.sections[0].ways if found.sections else []
    meant = [way for way in ways if key and way.key == key]
    if meant:
        return meant[0]
    # Another time is no end of a task: with it alone beside, there is nothing to choose.
    ends = [way for way in ways if way.key != "p"]
    return (
        ends[0] if len(ends) == 1 and len(found.sections) == 1 and ends[0].posts is None else None
    )
