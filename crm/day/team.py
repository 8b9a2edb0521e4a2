"""A head's view of the day: where each of his people has fallen behind, and the worst of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import ageing, roles
from crm.day.queue import ask_for
from crm.day.sources import forgotten, running_out, unanswered
from crm.day.things import Ask
from crm.models import Deal, Task, User
from crm.registers import violations
from crm.visibility import DealQuerySet

# The worst of a kind; a head who mends fifty at once mends no single one.
WORST = 50

OVERDUE, LATE, ENDING, FORGOTTEN, UNANSWERED, BROKEN = (
    "overdue", "late", "ending", "forgotten", "unanswered", "violations",
)  # fmt: skip
LABELS = {
    OVERDUE: gettext_lazy("Overdue tasks"),
    LATE: gettext_lazy("Past the limit"),
    ENDING: gettext_lazy("Limit ends today"),
    FORGOTTEN: gettext_lazy("Without a task"),
    UNANSWERED: gettext_lazy("Unanswered"),
    BROKEN: gettext_lazy("Violations unexplained"),
}


def _late(deals: DealQuerySet, ask: Ask) -> DealQuerySet:
    return running_out(deals, ask).filter(stage_deadline__lt=ask.now)


def _ending(deals: DealQuerySet, ask: Ask) -> DealQuerySet:
    return running_out(deals, ask).filter(stage_deadline__gte=ask.now)


# Which deals a column counts; the tasks and the violations have their own tables.
OF_DEALS: dict[str, Callable[[DealQuerySet, Ask], DealQuerySet]] = {
    LATE: _late,
    ENDING: _ending,
    FORGOTTEN: lambda deals, _ask: forgotten(deals),
    UNANSWERED: lambda deals, _ask: unanswered(deals),
}

# The columns that have a list under the table; violations have their register.
LISTED = (OVERDUE, *OF_DEALS)


@dataclass
class Person:
    user: User
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Worst:
    """A line of the list: a deal, or a task with its deal; since when it is behind."""

    number: int
    name: str
    note: str
    owner: User
    since: str
    deal: Deal | None = None


def leads(user: User, other: User) -> bool:
    """Whether the other is one of the user's people, and not himself."""
    return other.pk != user.pk and (user.led_ids is None or other.pk in user.led_ids)


def people_of(user: User) -> list[User]:
    """Those whom the user leads, himself among them; a robot and who left have no day."""
    people = User.objects.filter(is_active=True).exclude(groups__name=roles.ROBOT)
    if user.led_ids is not None:
        people = people.filter(pk__in=user.led_ids)
    return list(people.only("first_name", "last_name", "email"))


def exceptions(viewer: User, *, now: datetime) -> list[Person]:
    """The viewer's people with their counts, who is furthest behind first; four statements whatever the rows."""
    ask = ask_for(viewer, viewer, now)
    found = {person.pk: Person(person) for person in people_of(viewer)}
    for owner, kind, count in _counted(viewer, ask):
        if owner in found:
            found[owner].counts[kind] = count
    return sorted(found.values(), key=lambda person: (-person.total, str(person.user)))


def _counted(viewer: User, ask: Ask) -> list[tuple[int, str, int]]:
    deals = Deal.objects.visible_to(viewer)
    parts = [_each(choose(deals, ask), "owner", kind) for kind, choose in OF_DEALS.items()]
    of_deals = parts[0].union(*parts[1:], all=True)
    of_tasks = _each(_overdue(viewer, ask), "owner", OVERDUE)
    waiting = violations.visible_to(viewer).filter(explained_at=None, excused_at=None)
    return [*of_deals, *of_tasks, *_each(waiting, "culprit", BROKEN)]


def _each(rows: Any, whose: str, kind: str) -> Any:
    """(person, kind, how many) of the rows; of whole rows, so that an index alone can answer."""
    counted = rows.order_by().values(whose).annotate(kind=Value(kind), number=Count("*"))
    return counted.values_list(whose, "kind", "number")


def _overdue(viewer: User, ask: Ask) -> Any:
    # The people's own tasks: what others are to do on a deal one sees is counted with them.
    tasks = Task.objects.visible_to(viewer).open().filter(due_at__lt=ask.now)
    return tasks if viewer.led_ids is None else tasks.filter(owner__in=viewer.led_ids)


def worst(viewer: User, kind: str, who: User | None, *, now: datetime) -> list[Worst]:
    """The longest behind of a kind, of one person or of all one's people; one statement. Errors: KeyError."""
    ask = ask_for(viewer, viewer, now)
    if kind == OVERDUE:
        tasks = _overdue(viewer, ask)
        tasks = tasks.filter(owner=who) if who else tasks
        rows = tasks.select_related("owner", "deal", "contact", "company")
        return [_of_task(task, ask) for task in rows.order_by("due_at", "pk")[:WORST]]
    deals = OF_DEALS[kind](Deal.objects.visible_to(viewer), ask)
    if who:
        deals = deals.filter(owner=who)
    elif viewer.led_ids is not None:
        deals = deals.filter(owner__in=viewer.led_ids)
    return [_of_deal(deal, kind, ask) for deal in deals.select_related("owner", "stage")[:WORST]]


def _of_task(task: Task, ask: Ask) -> Worst:
    about = task.deal or task.contact or task.company
    since = _("overdue by %(time)s") % {"time": ageing.in_words(ask.now - task.due_at)}
    return Worst(task.pk, task.text, str(about or ""), task.owner, since, task.deal)


def _of_deal(deal: Deal, kind: str, ask: Ask) -> Worst:
    match kind:
        case "late":
            words = _("overdue by %(time)s")
            span = ask.now - deal.stage_deadline  # type: ignore[operator]
        case "ending":
            words, span = _("%(time)s left"), deal.stage_deadline - ask.now  # type: ignore[operator]
        case "unanswered":
            words = _("waits %(time)s")
            span = ask.now - deal.unanswered_since  # type: ignore[operator]
        case _:
            words, span = _("%(time)s on the stage"), ask.now - deal.stage_since
    said = words % {"time": ageing.in_words(span)}
    return Worst(deal.pk, deal.name, deal.stage.name, deal.owner, said, deal)


def first_busy(people: list[Person]) -> str:
    """The first column of a list that has anything in it: what the page shows before anything is chosen."""
    return next(
        (code for code in LISTED if any(person.counts.get(code) for person in people)), OVERDUE
    )
