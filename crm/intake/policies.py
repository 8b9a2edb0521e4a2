"""What a playbook says of requests and clients, read once for each state of its pipelines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from crm.models import ClientRule, IntakeRule, IntakeSource, Way
from pipelines import catalog
from pipelines.catalog import CompiledPipeline

_one_manager: dict[int, tuple[UUID, str]] = {}


def one_manager(pipeline: CompiledPipeline | None) -> str:
    """The clause by which a client belongs to one manager in this pipeline's company; empty without one."""
    if pipeline is None:
        return ""
    stamp, clause = _one_manager.get(pipeline.id, (None, ""))
    if stamp != pipeline.stamp:
        rule = ClientRule.objects.filter(playbook=pipeline.playbook).first()
        clause = rule.one_manager if rule else ""
        _one_manager[pipeline.id] = (pipeline.stamp, clause)
    return clause


def only_playbook(kind: str) -> str:
    """The playbook that takes such requests, for a caller that names none; of several the one of the first pipeline."""
    takes = set(IntakeRule.objects.filter(kind=kind, source="").values_list("playbook", flat=True))
    known = (pipeline.playbook for pipeline in catalog.pipelines())
    return next((playbook for playbook in known if playbook in takes), "")


@dataclass(frozen=True)
class Destination:
    """Where a request goes: the pipeline, those whose open deals take it too, to whom, and what is put on."""

    pipeline: CompiledPipeline
    also: tuple[int, ...] = ()
    role: str = ""
    way: str = Way.LEAST_BUSY
    tags: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def pipeline_ids(self) -> list[int]:
        return [self.pipeline.id, *self.also]


def destination(kind: str, *, playbook: str, source: IntakeSource | None) -> Destination | None:
    """What the playbook says of such a request, what it says of this source, then what the source's own row says."""
    rules = {
        rule.source: rule
        for rule in IntakeRule.objects.filter(
            playbook=playbook, kind=kind, source__in=["", source.code if source else ""]
        )
    }
    merged: dict[str, Any] = {}
    tags: list[str] = []
    for rule in filter(None, [rules.get(""), rules.get(source.code) if source else None]):
        for name in ("pipeline", "also", "role", "distribute", "fields"):
            if value := getattr(rule, name):
                merged[name] = value
        tags += rule.tags
    if source is not None:
        tags += source.tags
        if source.pipeline:
            merged["pipeline"] = source.pipeline
    codes = {pipeline.code: pipeline for pipeline in catalog.pipelines()}
    if merged.get("pipeline") not in codes:
        return None
    return Destination(
        pipeline=codes[merged["pipeline"]],
        also=tuple(codes[code].id for code in merged.get("also", ()) if code in codes),
        role=merged.get("role", ""),
        way=merged.get("distribute", Way.LEAST_BUSY),
        tags=tuple(dict.fromkeys(tags)),
        fields=merged.get("fields", {}),
    )
