"""Editing a field that a colleague may be editing too: what was seen is compared under the deal's lock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from crm.deals import edit_deal
from crm.models import Deal
from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import RegulationError


@dataclass(frozen=True)
class Conflict:
    """A field that somebody changed between the reading and the saving: what stands there, and what was typed."""

    code: str
    theirs: Any
    mine: Any


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
        found = [Conflict(code, stale[code], answers[code]) for code in changes]
        if found:
            # Raised inside the transaction: what `fill` wrote into a contact or company is taken back too.
            raise FieldsChanged(found)
    return edit_deal(deal, answers, by=by, now=now)
