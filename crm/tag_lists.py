"""The tags that a playbook has prepared: what the card offers, and what a person may put on."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from crm.models import ListedTag, TagList
from pipelines.catalog import CompiledPipeline


@dataclass(frozen=True)
class Prepared:
    """The list of a playbook; `only`: people put on no other tags."""

    tags: tuple[tuple[str, str], ...] = ()
    only: bool = False
    clause: str = ""

    def knows(self, name: str) -> bool:
        return name.casefold() in {known.casefold() for known, _color in self.tags}


_known: dict[int, tuple[UUID, Prepared]] = {}


def prepared_for(pipeline: CompiledPipeline) -> Prepared:
    """Names and colours in the order of the list; read once for each state of the pipeline."""
    stamp, found = _known.get(pipeline.id, (None, Prepared()))
    if stamp != pipeline.stamp:
        found = _read(pipeline.playbook)
        _known[pipeline.id] = (pipeline.stamp, found)
    return found


def _read(playbook: str) -> Prepared:
    head = TagList.objects.filter(playbook=playbook).first()
    if head is None:
        return Prepared()
    rows = ListedTag.objects.filter(list=head).values_list("tag__name", "tag__color")
    return Prepared(tuple(rows), head.only, head.clause)
