"""What the regulation warns of while the deal stands on its stage, as a section of the card."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from crm.actions.scenarios import DEAL_WARNED
from crm.models import Deal, User
from crm.panels import Mark, Panel
from pipelines import registry
from pipelines.catalog import CompiledPipeline
from pipelines.models import Event

COLUMN = ""
TEMPLATE = "crm/warning_panel.html"
SHOWN = 3


def serves(pipeline: CompiledPipeline) -> bool:
    """Warnings are where a rule gives them."""
    action = registry.actions["warn"]
    return any(rule.entry is action for rule in pipeline.rules)


def panel(deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None:
    """The newest warnings since the deal entered its stage."""
    found = Event.objects.filter(deal=deal, verb=DEAL_WARNED, at__gte=deal.stage_since)
    warnings = list(found.order_by("-pk")[:SHOWN])
    return Panel(TEMPLATE, warnings) if warnings else None


def marks(deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
    """None: the board and the table show how old a deal is by its colour."""
    return {}
