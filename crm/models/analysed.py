"""What the reports read: narrow copies of what happened, kept by triggers in the transaction of the event itself.

A year of a company is half a million passages. Read from their own wide tables and joined with their deals they take
seconds; from these, with one index that holds every column asked for, a tenth of one. See decision 22.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


def _loose(model: str, *, null: bool = False) -> models.ForeignKey:
    """A key without constraint and index: the row that it copies has both."""
    return models.ForeignKey(
        model,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        null=null,
    )


class Passage(models.Model):
    """A stage passage of a deal that is not archived, with whose deal it is now."""

    change = models.OneToOneField(
        "pipelines.StageChange",
        models.DO_NOTHING,
        primary_key=True,
        related_name="+",
        db_constraint=False,
    )
    deal = _loose("crm.Deal")
    at = models.DateTimeField()
    from_stage = _loose("pipelines.Stage", null=True)
    to_stage = _loose("pipelines.Stage")
    owner = _loose(settings.AUTH_USER_MODEL)
    arrival = models.CharField(max_length=9)
    # The deal had not been on `to_stage` before: a funnel counts a deal once a stage.
    first = models.BooleanField()
    # On `from_stage`, by the calendar.
    seconds = models.IntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["at"],
                include=[
                    "to_stage",
                    "from_stage",
                    "owner",
                    "arrival",
                    "first",
                    "seconds",
                    "deal",
                ],
                name="passage_of_a_period",
            ),
            # A deal that changes hands takes its passages along.
            models.Index(fields=["deal"], name="passage_of_a_deal"),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id}: {self.from_stage_id} → {self.to_stage_id}"


class Talk(models.Model):
    """A call, a letter or a message, as counted for the employee whose it was when it happened."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        LETTER = "letter", _("letter")
        MESSAGE = "message", _("message")

    event = models.OneToOneField(
        "pipelines.Event",
        models.DO_NOTHING,
        primary_key=True,
        related_name="+",
        db_constraint=False,
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=Kind.choices)
    incoming = models.BooleanField()
    answered = models.BooleanField()
    seconds = models.IntegerField()
    # Who spoke or wrote; the responsible where nobody is named. Null: the regulation did it by itself.
    person = _loose(settings.AUTH_USER_MODEL, null=True)
    deal = _loose("crm.Deal", null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["at"],
                include=["kind", "incoming", "answered", "seconds", "person"],
                name="talk_of_a_period",
            ),
            # The history of calls, newest first, of all or of one.
            models.Index(
                fields=["-at", "-event"],
                include=["person", "incoming", "answered"],
                condition=models.Q(kind="call"),
                name="talk_calls",
            ),
            models.Index(
                fields=["person", "-at", "-event"],
                condition=models.Q(kind="call"),
                name="talk_calls_of_a_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, {self.event_id}"
