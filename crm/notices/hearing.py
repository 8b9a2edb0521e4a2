"""What the feed makes people be told of. Nobody is told of what he did himself, nor of a record he may not see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from crm import contacting, deals
from crm.actions.scenarios import DEAL_WARNED
from crm.models import Deal, User
from crm.notices import kinds, people, writing
from crm.notices.writing import notify
from crm.planning import tasks
from pipelines import catalog, listening, verbs, violations
from pipelines.listening import listen
from pipelines.models import Event

EXCERPT = 140
# More than so many of one kind to one person by one batch are one notice that says so.
FEW = 5


@dataclass(frozen=True)
class Draft:
    """A notice to be given, at the end of a batch where there is one; `text` is asked for in the reader's language."""

    user_id: int
    kind: str
    text: Callable[[], str]
    url: str
    at: datetime
    # What happens to a deal in one moment (a request opens it, gives it, sets a task) is told once.
    key: str
    entry: int
    stage_id: int | None = None


_waiting: ContextVar[list[Draft] | None] = ContextVar("notices_waiting", default=None)


@contextmanager
def gathering(batch: str) -> Iterator[None]:
    """Give the notices of what happens inside when it has happened: many alike are one, keyed by `batch` if it has a name.

    In a transaction. What a rolled-back savepoint inside took back is not told.
    """
    waiting: list[Draft] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if waiting:
        kept = set(
            Event.objects.filter(pk__in=[draft.entry for draft in waiting]).values_list(
                "pk", flat=True
            )
        )
        _give([draft for draft in waiting if draft.entry in kept], batch)


listening.batched(lambda: gathering(""))


@listen(verbs.DEAL_OPENED)
def deal_opened(entry: Event) -> None:
    deal: Any = entry.deal
    came_by_itself = deal.arrival in (Deal.Arrival.FORM, Deal.Arrival.CALL, Deal.Arrival.LETTER)
    name = deal.name
    if came_by_itself:
        _tell(entry, deal.owner, kinds.DEAL_ASSIGNED, lambda: _("New request: %s") % name)
        owner, key = str(deal.owner), f"request:{deal.pk}"
        for user in people.told_of_requests(deal.owner_id):
            if user.pk != entry.actor_id and _sees_stage(user, deal.stage_id):
                notify(
                    user,
                    kinds.REQUEST_NEW,
                    text=lambda: (
                        _("New request: %(deal)s, for %(owner)s") % {"deal": name, "owner": owner}
                    ),
                    url=_address(deal.pk),
                    now=entry.at,
                    key=key,
                )
    elif deal.arrival != Deal.Arrival.IMPORT:
        _tell(entry, deal.owner, kinds.DEAL_ASSIGNED, lambda: _("A deal for you: %s") % name)


@listen(deals.DEAL_ASSIGNED)
def deal_assigned(entry: Event) -> None:
    deal: Any = entry.deal
    name, who = deal.name, entry.actor

    def text() -> str:
        if who is None:
            return _("A deal for you: %s") % name
        return _("%(who)s gave you the deal %(deal)s") % {"who": who, "deal": name}

    _tell(entry, deal.owner, kinds.DEAL_ASSIGNED, text)


@listen(tasks.TASK_CREATED, tasks.TASK_CHANGED)
def task_given(entry: Event) -> None:
    """By a person: what a rule sets stands on the card, and reminds at its minute."""
    owner, who, words = entry.data.get("owner_id"), entry.actor, entry.data.get("text", "")
    if owner and who is not None and entry.rule_id is None:
        _tell(
            entry,
            owner,
            kinds.TASK_ASSIGNED,
            lambda: _("%(who)s gave you a task: %(task)s") % {"who": who, "task": _short(words)},
            key=f"task:{entry.data['task']}:{entry.at.isoformat()}",
        )


@listen(contacting.MESSAGE_RECEIVED, contacting.LETTER_RECEIVED, contacting.FORM_SUBMITTED)
def client_wrote(entry: Event) -> None:
    about = _about(entry)
    name = about.name
    said = entry.data.get("subject") or entry.data.get("text") or ""
    _tell(entry, about.owner, kinds.MESSAGE_INCOMING, lambda: f"{name}: {_short(said)}")


@listen(contacting.CALL_MISSED)
def call_missed(entry: Event) -> None:
    about = _about(entry)
    name, number = about.name, entry.data.get("address", "")
    _tell(
        entry,
        about.owner,
        kinds.MESSAGE_INCOMING,
        lambda: _("Missed call: %(deal)s %(number)s") % {"deal": name, "number": number},
    )


@listen(violations.VIOLATION_RECORDED)
def violation_recorded(entry: Event) -> None:
    """To the register, where he explains it: the deal may be another's by now."""
    facts = entry.data
    said = " ".join(filter(None, [facts.get("clause"), facts.get("text")]))
    _tell(
        entry,
        facts["culprit_id"],
        kinds.VIOLATION,
        lambda: _("Violation: %s") % _short(said),
        url=reverse("crm:violations"),
        key=f"violation:{facts['violation']}",
    )


@listen(DEAL_WARNED)
def warned(entry: Event) -> None:
    deal: Any = entry.deal
    name, said = deal.name, entry.data.get("text", "")
    _tell(
        entry,
        deal.owner,
        kinds.WARNING,
        lambda: f"{name}: {_short(said)}",
        key=f"warning:{deal.pk}:{entry.at.isoformat()}",
    )


def tell_owner(entry: Event, kind: str, text: Callable[[], str], *, key: str = "") -> None:
    """Tell the responsible person of the entry's record, for apps above with kinds of their own."""
    _tell(entry, _about(entry).owner, kind, text, key=key)


def _tell(
    entry: Event,
    user: Any,
    kind: str,
    text: Callable[[], str],
    *,
    url: str | None = None,
    key: str = "",
) -> None:
    user_id = user if isinstance(user, int) else getattr(user, "pk", None)
    # Nobody is responsible for some contacts.
    if user_id in (None, entry.actor_id):
        return
    deal = entry.deal
    if url is None:
        url = _address(deal.pk) if deal is not None else _record(entry)
    key = key or (f"deal:{deal.pk}:{entry.at.isoformat()}" if deal is not None else "")
    stage = deal.stage_id if deal is not None else None
    draft = Draft(user_id, kind, text, url, entry.at, key, entry.pk, stage)
    if (waiting := _waiting.get()) is not None:
        waiting.append(draft)
    else:
        _give([draft], batch="")


def _give(drafts: list[Draft], batch: str) -> None:
    known = people.by_id({draft.user_id for draft in drafts})
    gathered: dict[tuple[int, str], list[Draft]] = defaultdict(list)
    for draft in drafts:
        user = known.get(draft.user_id)
        if user is not None and (draft.stage_id is None or _sees_stage(user, draft.stage_id)):
            gathered[draft.user_id, draft.kind].append(draft)
    notices = []
    for (user_id, kind), many in gathered.items():
        user = known[user_id]
        if batch and len(many) > FEW:
            key = f"{batch}:{kind}"
            notices.append(writing.draft(user, kind, text=_many(kind), now=many[0].at, key=key))
            continue
        notices += [
            writing.draft(user, kind, text=one.text, url=one.url, now=one.at, key=one.key or None)
            for one in many
        ]
    writing.give([notice for notice in notices if notice is not None])


def _many(kind: str) -> Callable[[], str]:
    def text() -> str:
        label = str(kinds.KINDS[kind].label)
        return _("%(what)s: many at once") % {"what": f"{label[:1].upper()}{label[1:]}"}

    return text


def _sees_stage(user: User, stage_id: int) -> bool:
    return user.is_crm_admin or stage_id not in catalog.stages_hidden_from(user.role_names)


def _about(entry: Event) -> Any:
    """The deal; else the contact or the company that one talks with outside a deal."""
    return entry.deal or entry.contact or entry.company


def _address(deal: int) -> str:
    return reverse("crm:deal", args=[deal])


def _record(entry: Event) -> str:
    if entry.contact_id:
        return reverse("crm:contact", args=[entry.contact_id])
    return reverse("crm:company", args=[entry.company_id]) if entry.company_id else ""


def _short(text: str) -> str:
    return Truncator(" ".join(str(text).split())).chars(EXCERPT)
