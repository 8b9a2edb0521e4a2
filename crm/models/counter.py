from __future__ import annotations

from django.conf import settings
from django.db import models


class StageTotal(models.Model):
    """A change in the count and sum of the unarchived deals on a stage; the sum of the rows is the board's header.

    Written by a statement trigger on `crm_deal`, so no path goes around it. Rows are only added, never updated
    in a move: two moves never wait for each other here. `compact` folds them in one statement.
    """

    stage = models.ForeignKey(
        "pipelines.Stage", models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    currency = models.CharField(max_length=3)
    deals = models.IntegerField()
    amount = models.DecimalField(max_digits=20, decimal_places=2)

    class Meta:
        indexes = [
            models.Index(
                fields=["stage", "owner"],
                include=["currency", "deals", "amount"],
                name="total_of_a_stage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.stage_id}: {self.deals}"
