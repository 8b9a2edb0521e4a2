"""What Celery beat runs: dumb loops around tested steps."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from pipelines import catalog, engine, refusing

# A tick ends before the next one begins; what is left is still due then.
TICK_SECONDS = 20.0


@shared_task(name="pipelines.tasks.tick")
def tick() -> int:
    """Fire the due timers in batches until none is left; any number of workers may do so at once."""
    catalog.refresh()
    fired, until = 0, time.monotonic() + TICK_SECONDS
    while time.monotonic() < until and (count := _step()):
        fired += count
    return fired


def _step() -> int:
    with refusing.collecting():
        return engine.fire_due(timezone.now())
