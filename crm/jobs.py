"""What Celery beat runs for the records."""

from __future__ import annotations

from celery import shared_task
from django.db import OperationalError
from django.utils import timezone

from crm import accounts, notices
from crm.batches import running, verbs
from crm.board import totals
from crm.export import making
from crm.imports import checking
from crm.leaves import verbs as leaves
from crm.notices import digest
from crm.planning import reminding


@shared_task(name="crm.jobs.compact_counters")
def compact_counters() -> int:
    """Fold the board's counters, so that reading them stays short."""
    return totals.compact()


@shared_task(
    name="crm.jobs.send_reset_letter",
    # A database that is away; the mail server is the outbox's concern.
    autoretry_for=(OperationalError,),
    retry_backoff=30,
    max_retries=5,
)
def send_reset_letter(email: str) -> bool:
    """Queue the letter with the link for a new password, if the address is a user's; once, however often it runs."""
    return accounts.send_reset_letter(email, now=timezone.now())


@shared_task(name="crm.jobs.run_batch")
def run_batch(batch_id: int) -> bool:
    """Work on a batch, beside others that do; what is left after a while goes on in the next task."""
    is_over = running.run(batch_id)
    if not is_over:
        verbs.ask(batch_id, shares=1)
    return is_over


@shared_task(name="crm.jobs.resume_batches")
def resume_batches() -> int:
    """Go on with batches whose worker was killed or whose task was lost with the broker."""
    return running.resume(timezone.now())


@shared_task(name="crm.jobs.remind")
def remind() -> int:
    """Remind of the tasks whose minute has come."""
    return reminding.remind_due(timezone.now())


@shared_task(name="crm.jobs.tell_deputies")
def tell_deputies() -> int:
    """Tell those who stand in for somebody from today on."""
    return leaves.tell_deputies(timezone.now())


# Seconds for a hundred thousand rows of many columns, on a machine that has other work to do.
LONG, LONGER = 1800, 1860


@shared_task(name="crm.jobs.make_export", soft_time_limit=LONG, time_limit=LONGER)
def make_export(export_id: int) -> bool:
    """Make the file of an export; once, however often it is asked for."""
    return making.make(export_id, now=timezone.now())


@shared_task(name="crm.jobs.sweep_exports", soft_time_limit=LONG, time_limit=LONGER)
def sweep_exports() -> int:
    """Make the exports that were lost on the way, ask again for lost checks of imports, delete exports older than a week."""
    checking.sweep()
    return making.sweep(now=timezone.now())


@shared_task(name="crm.jobs.check_import", soft_time_limit=LONG, time_limit=LONGER)
def check_import(import_id: int) -> bool:
    """Go through an uploaded file before anything of it is made."""
    return checking.check(import_id)


@shared_task(name="crm.jobs.send_digests")
def send_digests() -> int:
    """Write in the morning to those who have overdue tasks; once a day, however often it runs."""
    return digest.send_due(timezone.now())


@shared_task(name="crm.jobs.forget_notices")
def forget_notices() -> int:
    """Delete notices that nobody reads any more."""
    return notices.forget_old(timezone.now())
