"""What becomes of a deal's tags and the like, set by the rules of a move, when the move is undone."""

from __future__ import annotations

from crm.deals import DEAL_TAGGED
from crm.models import Tag
from pipelines.models import Event
from pipelines.undoing import Undoing, harmless, reverses

# What was said about the deal since does not change it.
harmless(
    "note.written", "file.added", "call.answered", "call.unanswered", "call.missed", "answer.waived",
    "deal.warned",
)  # fmt: skip


@reverses(DEAL_TAGGED)
def _tagged(event: Event, undoing: Undoing) -> None:
    tags = undoing.deal.tags
    tags.remove(*Tag.objects.filter(name__in=event.data["added"]))
    tags.add(*Tag.objects.filter(name__in=event.data["removed"]))


@reverses("scenarios.off")
def _scenarios_off(event: Event, undoing: Undoing) -> None:
    undoing.deal.scenarios_off = False
    undoing.deal.save(update_fields=["scenarios_off"])
