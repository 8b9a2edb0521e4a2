"""Facts: what happened is written into the feed, and the rules that listen for it run."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pipelines import catalog, feed, rules
from pipelines.actor import SYSTEM, Actor
from pipelines.catalog import CompiledPipeline
from pipelines.context import Context
from pipelines.models import Event


def record(
    verb: str,
    *,
    now: datetime,
    by: Actor = SYSTEM,
    deal: Any = None,
    contact: Any = None,
    company: Any = None,
    data: dict[str, Any] | None = None,
    outside_id: str | None = None,
) -> Event:
    """Append a fact to the feed and let the rules that listen for it run on the deal (locked by the caller).

    Inside a larger verb a fact that no rule hears and nobody delivers twice waits for the others: it has no id yet.
    """
    pipeline = catalog.pipeline(deal.pipeline_id) if deal is not None else None
    heard = pipeline is not None and verb in pipeline.hears
    event = (feed.write if heard or outside_id else feed.note)(
        verb,
        now=now,
        by=by,
        deal=deal,
        contact=contact,
        company=company,
        data=data,
        outside_id=outside_id,
    )
    if pipeline is not None and heard:
        hear(event, deal, pipeline, by, now)
    return event


def hear(event: Event, deal: Any, pipeline: CompiledPipeline, by: Actor, now: datetime) -> None:
    """Let the rules of the deal's stage that listen for the entry run on it, once for the entry."""
    if event.verb in pipeline.hears:
        heard = pipeline.rules_of("on", "do", stage_id=deal.stage_id, verb=event.verb)
        context = Context(deal=deal, pipeline=pipeline, by=by, now=now, event=event)
        # Delivered twice, an outside event is one row; its own id might be the number of another row.
        rules.hear(rules.Job(heard, context, f"event:{event.pk}"))
