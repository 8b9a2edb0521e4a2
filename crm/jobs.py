"""What Celery beat runs for the records."""

from __future__ import annotations

from celery import shared_task

from crm import accounts, totals


@shared_task(name="crm.jobs.compact_counters")
def compact_counters() -> int:
    """Fold the board's counters, so that reading them stays short."""
    return totals.compact()


@shared_task(
    name="crm.jobs.send_reset_letter", autoretry_for=(OSError,), retry_backoff=30, max_retries=5
)
def send_reset_letter(email: str) -> bool:
    """Send the link for a new password, if the address is a user's. Twice is harmless; SMTP's errors are OSErrors."""
    return accounts.send_reset_letter(email)
