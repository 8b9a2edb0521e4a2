"""Editing a field that a colleague may be editing too: what was seen is compared under the deal's lock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.deals import DEAL_ASSIGNED, assign_deal, edit_deal
from crm.models import Deal, User
from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.models import Event
from pipelines.verbs import FIELD_CHANGED


@dataclass(frozen=True)
class Conflict:
    """A field that somebody changed between the reading and the saving: what stands there, and what was typed."""

    code: str
    theirs: Any
    mine: Any
    # Who wrote what stands there, and when; None where nobody knows.
    entry: Event | None = None


class FieldsChanged(RegulationError):
    """A colleague changed the same field meanwhile; nothing was saved."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        self.conflicts = conflicts
        super().__init__(_("A colleague changed the same field meanwhile; nothing was saved."))


def seal(value: Any) -> str:
    """A stored value as text that a form carries along, equal for equal values."""
    if isinstance(value, Decimal):
        value = str(value.quantize(Decimal("0.01")))
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def last_change(code: str, *, verb: str, **of: Any) -> Event | None:
    """The newest entry by which a field of the record `of` got another value."""
    changes = Event.objects.filter(**of, verb=verb, data__fields__has_key=code)
    return changes.select_related("actor").order_by("-pk").first()


class OwnerChanged(RegulationError):
    """A colleague has given the record to somebody else meanwhile; nothing was done."""

    def __init__(self, standing: User | None, entry: Event | None) -> None:
        self.standing, self.entry = standing, entry
        super().__init__(
            _("Meanwhile the responsible has become %(person)s; nothing was changed.")
            % {"person": standing or _("nobody")}
        )


@transaction.atomic
def assign_seen(deal: Deal, *, owner: User, seen: int | None, by: Actor, now: datetime) -> None:
    """`assign_deal`, unless the responsible is another one than the form was opened with. Errors: OwnerChanged too."""
    engine.lock(deal)
    if seen is not None and deal.owner_id not in (seen, owner.pk):
        given = Event.objects.filter(deal=deal, verb=DEAL_ASSIGNED).select_related("actor")
        raise OwnerChanged(deal.owner, given.order_by("-pk").first())
    assign_deal(deal, owner=owner, by=by, now=now)


@transaction.atomic
def edit_seen(
    deal: Deal, answers: dict[str, Any], *, seen: dict[str, str], by: Actor, now: datetime
) -> dict[str, list[Any]]:
    """`edit_deal`, unless a field no longer holds what the form was opened with (`seen`, sealed, by code).

    A colleague who wrote the very same value is no conflict. Errors: FieldsChanged, and those of `edit_deal`.
    """
    engine.lock(deal)
    stale = {
        code: standing
        for code, sealed in seen.items()
        if code in answers and sealed != seal(standing := deal.get_value(code))
    }
    if stale:
        before = deal.snapshot()
        changes = deal.fill({code: answers[code] for code in stale}, by=by, now=now)
        deal.restore(before)
        found = [
            Conflict(
                code, stale[code], answers[code], last_change(code, deal=deal, verb=FIELD_CHANGED)
            )
            for code in changes
        ]
        if found:
            # Raised inside the transaction: what `fill` wrote into a contact or company is taken back too.
            raise FieldsChanged(found)
    return edit_deal(deal, answers, by=by, now=now)
