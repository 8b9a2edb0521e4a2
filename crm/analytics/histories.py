"""The lists behind the report on employees: every call (letter, message) a row, and every task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from crm.analytics import people, work
from crm.analytics.asking import Question
from crm.models import Contact, Deal, Talk, Task, User
from crm.registers.asking import batches, names_of_deals, say_length
from pipelines.models import Event

__all__ = ["TASKS", "WAYS", "TalkRow", "batches", "talk_rows", "talks", "tasks", "with_deals"]

WAYS: dict[str, Any] = {
    "in": pgettext_lazy("call", "incoming"),
    "out": pgettext_lazy("call", "outgoing"),
}
TASKS: dict[str, Any] = {
    "created": gettext_lazy("Tasks set"),
    "done": gettext_lazy("Tasks done"),
    "late": gettext_lazy("Tasks done late"),
    "overdue": gettext_lazy("Tasks overdue now"),
}


@dataclass(frozen=True)
class TalkRow:
    """A talk in words; names and addresses are empty where the reader may not see the record."""

    at: datetime
    kind: str
    who: str
    way: str
    incoming: bool
    answered: bool
    length: timedelta
    client: str
    client_url: str
    deal: str
    deal_url: str
    text: str
    recording: str

    @property
    def said_length(self) -> str:
        return say_length(self.length)


def talks(question: Question, *, kind: str, way: str, answered: str) -> QuerySet[Talk]:
    """Newest first; nonsense in `kind`, `way` or `answered` asks for nothing."""
    found = work.talks_of(question)
    if kind in Talk.Kind.values:
        found = found.filter(kind=kind)
    if way in WAYS:
        found = found.filter(incoming=way == "in")
    if answered in ("0", "1"):
        found = found.filter(answered=answered == "1")
    return found.order_by("-at", "-event")


def talk_rows(found: Iterable[Talk], user: User) -> list[TalkRow]:
    shown = list(found)
    events = {
        event.pk: event for event in Event.objects.filter(pk__in=[talk.event_id for talk in shown])
    }
    names = people.names(talk.person_id for talk in shown)
    deals = {
        deal.pk: deal
        for deal in Deal.objects.visible_to(user)
        .filter(pk__in={talk.deal_id for talk in shown})
        .only("name", "contact")
    }
    # A client is known by the event, else by the deal.
    contacts = {event.contact_id for event in events.values()}
    contacts |= {deal.contact_id for deal in deals.values()}
    clients = dict(
        Contact.objects.visible_to(user).filter(pk__in=contacts).values_list("pk", "name")
    )
    return [_talk_row(talk, events[talk.event_id], names, deals, clients) for talk in shown]


def _talk_row(
    talk: Talk,
    event: Event,
    names: dict[int, str],
    deals: dict[int, Deal],
    clients: dict[int, str],
) -> TalkRow:
    deal = deals.get(talk.deal_id or 0)
    contact = event.contact_id or (deal.contact_id if deal else None)
    client = clients.get(contact or 0, "")
    is_seen = deal is not None or bool(client)
    return TalkRow(
        at=talk.at,
        kind=talk.kind,
        who=names.get(talk.person_id or 0, "") or _("by the regulation"),
        way=str(WAYS["in" if talk.incoming else "out"]),
        incoming=talk.incoming,
        answered=talk.answered,
        length=timedelta(seconds=talk.seconds),
        client=client,
        client_url=reverse("crm:contact", args=[contact]) if client else "",
        deal=deal.name if deal else "",
        deal_url=reverse("crm:deal", args=[deal.pk]) if deal else "",
        text=str(event.data.get("text", ""))[:300] if is_seen else "",
        recording=str(event.data.get("recording", "")) if is_seen else "",
    )


def with_deals(found: Iterable[Task], user: User) -> list[Task]:
    """Each with `seen_deal`, the name of its deal, empty where the reader may not see it."""
    shown = list(found)
    names = names_of_deals(shown, user)
    for task in shown:
        task.seen_deal = names.get(task.deal_id or 0, "")  # type: ignore[attr-defined]
    return shown


def tasks(question: Question, what: str) -> QuerySet[Task]:
    """The tasks behind a number of the report; `what` is one of TASKS."""
    found = Task.objects.visible_to(question.user).select_related("owner")
    if question.owners is not None:
        found = found.filter(owner__in=question.owners)
    inside = {"gte": question.since, "lt": question.until}
    match what:
        case "created":
            found = found.filter(created_at__gte=inside["gte"], created_at__lt=inside["lt"])
            return found.order_by("-created_at", "-pk")
        case "overdue":
            return found.open().filter(due_at__lt=question.now).order_by("due_at", "pk")
    found = found.filter(
        state=Task.State.DONE, ended_at__gte=inside["gte"], ended_at__lt=inside["lt"]
    )
    if what == "late":
        found = found.filter(ended_at__gt=F("due_at"))
    return found.order_by("-ended_at", "-pk")
