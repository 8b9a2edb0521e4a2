"""The definitions compiled once per process: a move reads no configuration from the database.

Every saved change gives its pipeline a new stamp. `refresh()` compares stamps in one small query, once a request
and once a Celery task; the engine compares again with the stamp that comes with the deal's locked row.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from uuid import UUID

from pipelines.compiled import (
    CompiledField,
    CompiledPipeline,
    CompiledRule,
    CompiledScenario,
    CompiledStage,
)

__all__ = [
    "CompiledField",
    "CompiledPipeline",
    "CompiledRule",
    "CompiledScenario",
    "CompiledStage",
    "by_code",
    "forget",
    "pipeline",
    "pipelines",
    "refresh",
    "stage",
    "stages_hidden_from",
]

_pipelines: dict[int, CompiledPipeline] = {}
_lock = RLock()


def refresh(stamps: Mapping[int, UUID] | None = None) -> None:
    """Compile what was changed by any process since; one query when nothing was, none with `stamps` read already."""
    from pipelines.compiling import compile_pipelines
    from pipelines.models import Pipeline

    if stamps is None:
        stamps = dict(Pipeline.objects.filter(is_active=True).values_list("id", "stamp"))
    with _lock:
        for gone in _pipelines.keys() - stamps.keys():
            del _pipelines[gone]
        stale = [
            key
            for key, stamp in stamps.items()
            if key not in _pipelines or _pipelines[key].stamp != stamp
        ]
        if stale:
            _pipelines.update(compile_pipelines(stale))


def forget() -> None:
    """Drop everything compiled."""
    with _lock:
        _pipelines.clear()


def pipeline(pipeline_id: int, *, stamp: UUID | None = None) -> CompiledPipeline:
    """The compiled pipeline, anew if its stamp is another. Errors: KeyError for an unknown or inactive one."""
    found = _pipelines.get(pipeline_id)
    if found is None or (stamp is not None and found.stamp != stamp):
        refresh()
        found = _pipelines[pipeline_id]
    return found


def pipelines() -> list[CompiledPipeline]:
    """All active pipelines in their order, as last refreshed."""
    if not _pipelines:
        refresh()
    return sorted(_pipelines.values(), key=lambda found: (found.position, found.name))


def by_code(code: str) -> CompiledPipeline:
    """Errors: KeyError."""
    for found in pipelines():
        if found.code == code:
            return found
    refresh()
    return {found.code: found for found in _pipelines.values()}[code]


def stage(stage_id: int) -> CompiledStage:
    """Errors: KeyError."""
    for found in pipelines():
        if stage_id in found.stage_by_id:
            return found.stage_by_id[stage_id]
    raise KeyError(stage_id)


def stages_hidden_from(roles: frozenset[str]) -> list[int]:
    """Ids of the stages whose deals these roles may not see."""
    return [
        stage.id for found in pipelines() for stage in found.stages if not stage.lets("see", roles)
    ]
