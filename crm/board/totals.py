"""Counts and sums of the board's columns, read from `StageTotal`, and the folding of its rows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Sum

from crm.models import StageTotal


class Total(NamedTuple):
    deals: int
    amount: Decimal


def stage_totals(
    stage_ids: Iterable[int], owner_ids: Iterable[int] | None = None
) -> dict[int, Total]:
    """Count and sum of the unarchived deals on each stage, of these owners or of all; one query."""
    rows = StageTotal.objects.filter(stage__in=list(stage_ids))
    if owner_ids is not None:
        rows = rows.filter(owner__in=list(owner_ids))
    found = rows.values_list("stage").annotate(Sum("deals"), Sum("amount"))
    return {stage: Total(deals, amount) for stage, deals, amount in found if deals}


@transaction.atomic
def compact() -> int:
    """Fold the rows of each stage, owner and currency into one; returns how many were folded.

    Moves never wait for it: it deletes committed rows only and puts their sum in their place in one transaction.
    """
    with connection.cursor() as cursor:
        # One at a time: a second folding would wait for the first one's rows and then find them gone.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('crm_stagetotal'))")
        row = cursor.fetchone()
        if row is None or not row[0]:
            return 0
        cursor.execute(
            """
            WITH folded AS (DELETE FROM crm_stagetotal RETURNING stage_id, owner_id, currency, deals, amount),
            sums AS (
                SELECT stage_id, owner_id, currency, sum(deals) AS deals, sum(amount) AS amount
                FROM folded GROUP BY 1, 2, 3
            ),
            written AS (
                INSERT INTO crm_stagetotal (stage_id, owner_id, currency, deals, amount)
                SELECT * FROM sums WHERE deals <> 0 OR amount <> 0
            )
            SELECT count(*) FROM folded
            """
        )
        row = cursor.fetchone()
        return int(row[0]) if row else 0
