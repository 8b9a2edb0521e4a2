"""What a changed regulation leaves to do on the deals that stand under it already."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from django.db.models import F
from django.utils import timezone

from pipelines import broker, catalog, timers
from pipelines.models import Pipeline

log = logging.getLogger(__name__)

# Below Celery's own limit; what is left goes on in the next task.
REARM_SECONDS = 200.0


@shared_task(name="pipelines.jobs.rearm")
def rearm(pipeline_id: int, after: int = 0) -> int:
    """Set the timers of a pipeline's deals by its newest edition, deal by deal above `after`; how many were read.

    A second task for the same pipeline does no harm: it finds everything set.
    """
    catalog.refresh()
    try:
        pipeline = catalog.pipeline(pipeline_id)
    except KeyError:
        return 0
    read, until = 0, time.monotonic() + REARM_SECONDS
    while time.monotonic() < until:
        if not Pipeline.objects.filter(pk=pipeline_id, stamp=pipeline.stamp).exists():
            # Changed meanwhile: by the newer rules, and from the first deal on.
            ask_to_rearm(pipeline_id)
            return read
        found = timers.rearm_batch(pipeline, after=after, now=timezone.now())
        if not found:
            _done(pipeline)
            return read
        read, after = read + len(found), found[-1]
    ask_to_rearm(pipeline_id, after)
    return read


@shared_task(name="pipelines.jobs.rearm_behind")
def rearm_behind() -> int:
    """Rearm the pipelines whose task never came or did not end: the broker was away, a worker died."""
    behind = Pipeline.objects.filter(is_active=True, rearmed_edition__lt=F("edition"))
    ids = list(behind.values_list("pk", flat=True))
    for pipeline_id in ids:
        rearm(pipeline_id)
    return len(ids)


def ask_to_rearm(pipeline_id: int, after: int = 0) -> None:
    """Queue `rearm`. Without a broker nothing is lost: `rearm_behind` comes every hour."""
    try:
        broker.send(rearm, pipeline_id, after)
    except Exception as error:
        log.warning(
            "The timers of pipeline %s wait for the next hour, the broker does not answer: %s",
            pipeline_id,
            error,
        )


def _done(pipeline: catalog.CompiledPipeline) -> None:
    Pipeline.objects.filter(
        pk=pipeline.id, stamp=pipeline.stamp, rearmed_edition__lt=pipeline.edition
    ).update(rearmed_edition=pipeline.edition)
