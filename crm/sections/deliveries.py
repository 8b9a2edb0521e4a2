"""How deliveries are counted, as a section of a playbook's `company.yaml`.

deliveries: {regular_from: 5, unit: t, clause: PZ-1.2}

From `regular_from` completed deliveries on a client is a regular one; `unit` is `t` or `kg`. Without the section the
company keeps no deliveries.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm import deliveries
from crm.models import DeliveryTerms
from crm.sections.rows import unknown_clause, unknown_keys
from pipelines import registry
from pipelines.playbook.clauses import known as clauses_in

KEYS = ("regular_from", "unit", "clause")
MOST = 10_000


def check(rows: Any, folder: Path) -> Iterator[str]:
    if not isinstance(rows, dict):
        yield _("here must stand a mapping (key: value)")
        return
    yield from unknown_keys(rows, KEYS)
    number = rows.get("regular_from")
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MOST:
        yield "regular_from: " + _("must be a whole number from 1 on")
    units = DeliveryTerms.Unit.values
    if str(rows.get("unit", "t")) not in units:
        yield "unit: " + _("must be one of: %(words)s") % {"words": ", ".join(units)}
    if (clause := rows.get("clause")) is not None:
        yield from unknown_clause(clause, clauses_in(folder), at="clause")


def load(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    """Make the terms be these; another threshold makes clients regular or potential at once."""
    if not rows:
        DeliveryTerms.objects.filter(playbook=playbook).delete()
        return
    wanted = {
        "regular_from": rows["regular_from"],
        "unit": str(rows.get("unit", "t")),
        "clause": str(rows.get("clause") or ""),
    }
    found = DeliveryTerms.objects.filter(playbook=playbook).first()
    terms = found or DeliveryTerms(playbook=playbook)
    if found and all(getattr(found, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(terms, name, value)
    terms.save()
    deliveries.judge_all(playbook, now=now)


def export(playbook: str) -> dict[str, Any]:
    terms = DeliveryTerms.objects.filter(playbook=playbook).first()
    return {key: value for key in KEYS if (value := getattr(terms, key, None))} if terms else {}


registry.section(registry.Section(name="deliveries", check=check, load=load, export=export))
