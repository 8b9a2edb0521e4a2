"""Somebody leaves: what is in his hands, and giving it all to his successor, each part as a batch that can be put back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.batches import verbs
from crm.batches.verbs import NewRow
from crm.models import Batch, Company, Contact, Deal, ListItem, Task, User
from pipelines.actor import Actor


class Part(NamedTuple):
    """One sort of what he is responsible for, and the kind of batch that gives it on."""

    kind: str
    label: str | Promise
    # A field by which a row of the batch is called.
    named: str
    records: Any

    @property
    def number(self) -> int:
        return int(self.records.count())


def in_hands(user: User) -> list[Part]:
    """What the person answers for and nobody else would: closed deals stay his, for the history's sake."""
    deals = Deal.objects.open().filter(owner=user, archived_at=None)
    # The deal's batch takes his tasks on it along.
    tasks = Task.objects.filter(owner=user, state=Task.State.OPEN).exclude(deal__in=deals)
    parts = [
        Part("deals.assign", gettext_lazy("open deals"), "name", deals),
        Part("tasks.reassign", gettext_lazy("other tasks"), "text", tasks),
        Part("contacts.give", gettext_lazy("contacts"), "name", _mine(Contact, user)),
        Part("companies.give", gettext_lazy("companies"), "name", _mine(Company, user)),
        Part("items.give", gettext_lazy("items of lists"), "name", _mine(ListItem, user)),
    ]
    return [part for part in parts if part.records.exists()]


def in_words(parts: Iterable[Part]) -> str:
    """«open deals: 38, contacts: 12»."""
    return ", ".join(f"{part.label}: {part.number}" for part in parts)


def hand_over(user: User, *, successor: User, by: Actor, now: datetime) -> list[Batch]:
    """Give all that is in the person's hands to the successor; large parts go on in the background."""
    return [
        verbs.start(
            part.kind,
            title=_("%(person)s → %(successor)s: %(what)s")
            % {"person": user, "successor": successor, "what": part.label},
            rows=[
                NewRow(record_id=pk, name=name)
                for pk, name in part.records.order_by("pk").values_list("pk", part.named)
            ],
            by=by,
            now=now,
            params={"owner": successor.pk},
        )
        for part in in_hands(user)
    ]


def _mine(model: type[Any], user: User) -> Any:
    return model.objects.filter(owner=user, archived_at=None)
