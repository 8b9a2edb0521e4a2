"""A form's values as answers to the fields of our deal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crm.intake.policies import Destination
from pipelines import fields
from pipelines.catalog import CompiledField

# Of another record than the deal only the contact is sure to be there.
RECORDS = ("deal", "contact")


@dataclass
class Answers:
    answers: dict[str, Any] = field(default_factory=dict)


def sort_out(values: Mapping[str, Any], where: Destination) -> Answers:
    """What fits a field, by our code. The rest is no reason to lose a request: it stands in the feed as it came."""
    found = Answers()
    for name, raw in values.items():
        known = where.pipeline.fields.get(where.fields.get(name, name))
        if known is None or known.record not in RECORDS or known.code == "name":
            continue
        if known.type in ("control", "evidence"):
            # Who ticked and what proves is never taken from outside.
            continue
        try:
            value = _fitting(known, raw)
        except ValueError:
            continue
        if value not in (None, "", []):
            found.answers[known.code] = value
    return found


def _fitting(known: CompiledField, raw: Any) -> Any:
    """The value as the field takes it; a form shows people the words of a list, so these do too."""
    if isinstance(raw, dict):
        raise ValueError
    if isinstance(raw, list):
        raw = [fields.storable(str(item)) for item in raw]
        if known.type not in ("choice", "choices"):
            raw = ", ".join(raw)
    if known.code == "budget":
        return fields.parse_money(raw)
    if known.type in ("choice", "choices"):
        by_label = {label.casefold(): code for code, label in known.choices.items()}
        items = raw if isinstance(raw, list) else [raw]
        chosen = [by_label.get(str(item).strip().casefold(), item) for item in items]
        raw = chosen if known.type == "choices" else chosen[0] if chosen else None
    return fields.clean(known, raw)
