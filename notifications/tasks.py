"""What Celery runs for the outbox: dumb loops around tested steps."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from notifications import outbox
from pipelines import broker, catalog

DELIVER_SECONDS = 50.0


@shared_task(name="notifications.tasks.deliver")
def deliver() -> int:
    """Send what is due, one by one, then settle what dead workers left; any number of workers may do so."""
    catalog.refresh()
    sent, until = 0, time.monotonic() + DELIVER_SECONDS
    while time.monotonic() < until and outbox.deliver_one_due(timezone.now()):
        sent += 1
    outbox.sweep(timezone.now())
    return sent


def kick_deliver() -> None:
    """Ask the workers for a delivery now. Errors: kombu's OperationalError without a broker, at once."""
    broker.send(deliver, expires=60)
