"""What Celery runs for the outbox: dumb loops around tested steps."""

from __future__ import annotations

import time
from typing import Any

from celery import current_app, shared_task
from django.utils import timezone
from kombu import pools

from notifications import outbox
from pipelines import catalog

DELIVER_SECONDS = 50.0
# One try, at once: a page must not wait for a broker that is away (Celery's own default waits 6 s).
_IMPATIENT = {
    "max_retries": 0,
    "interval_start": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
}


@shared_task(name="notifications.tasks.deliver")
def deliver() -> int:
    """Send what is due, letter by letter, then settle what dead workers left; any number of workers may do so."""
    catalog.refresh()
    sent, until = 0, time.monotonic() + DELIVER_SECONDS
    while (
        not outbox.is_resting()
        and time.monotonic() < until
        and outbox.deliver_one_due(timezone.now())
    ):
        sent += 1
    outbox.sweep(timezone.now())
    return sent


def kick_deliver() -> None:
    """Ask the workers for a delivery now. Errors: kombu's OperationalError without a broker, at once."""
    # Celery's own pool knows no impatience; this one is kept apart by its options (a connection a letter costs 10 ms).
    connection = current_app.connection_for_write(transport_options=_IMPATIENT)
    with pools.producers[connection].acquire(block=True, timeout=2) as producer:
        options: dict[str, Any] = {"producer": producer}
        deliver.apply_async(retry=False, expires=60, **options)
