"""Handing a job to Celery from a page, which must not wait for a broker that is away."""

from __future__ import annotations

from typing import Any

from celery import current_app
from kombu import pools

# One try, at once: Celery's own default waits six seconds.
_IMPATIENT = {
    "max_retries": 0,
    "interval_start": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
}


def send(job: Any, *args: Any, **options: Any) -> None:
    """Queue the Celery task `job`, once and at once. Errors: kombu's OperationalError without a broker."""
    # Celery's own pool knows no impatience; this one is kept apart by its options (a connection a job costs 10 ms).
    connection = current_app.connection_for_write(transport_options=_IMPATIENT)
    with pools.producers[connection].acquire(block=True, timeout=2) as producer:
        job.apply_async(args, retry=False, producer=producer, **options)
