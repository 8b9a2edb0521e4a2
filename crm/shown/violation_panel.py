"""What the card, the board and the table show of a deal's violations; registered with `crm.panels`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Deal, User
from crm.panels import Mark, Panel
from crm.registers import violations
from crm.registers.asking import say_over
from pipelines import registry
from pipelines.catalog import CompiledPipeline
from pipelines.models import Violation

COLUMN = gettext_lazy("Violations")
TEMPLATE = "crm/violation_panel.html"
# The rest stand in the register.
SHOWN = 5


@dataclass(frozen=True)
class Item:
    violation: Violation
    over: str
    may_explain: bool
    may_excuse: bool


@dataclass(frozen=True)
class Shown:
    items: list[Item]
    is_more: bool


def serves(pipeline: CompiledPipeline) -> bool:
    """Violations are where a rule records them."""
    action = registry.actions["record_violation"]
    return any(rule.entry is action for rule in pipeline.rules)


def panel(deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None:
    """Everybody who sees the deal sees them, as he does in its feed; who may answer, can."""
    rows = Violation.objects.filter(deal=deal).select_related("culprit", "excused_by")
    found = list(rows.order_by("-at", "-id")[: SHOWN + 1])
    if not found:
        return None
    items = [
        Item(
            item,
            say_over(item.over, item.allowed),
            violations.may_explain(item, user),
            violations.may_excuse(item, user),
        )
        for item in found[:SHOWN]
    ]
    return Panel(TEMPLATE, Shown(items, len(found) > SHOWN))


def marks(deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
    """How many violations of each deal still count."""
    counted = (
        Violation.objects.filter(violations.NOT_EXCUSED, deal__in=deals)
        .order_by()
        .values_list("deal")
        .annotate(count=Count("pk"))
    )
    return {deal: _mark(count) for deal, count in counted}


def _mark(count: int) -> Mark:
    said = ngettext("%(number)s violation", "%(number)s violations", count) % {"number": count}
    return Mark(str(count), "red", said, icon="alert-octagon")
