from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_fsm import GET_STATE, FSMField, transition

from crm.models.tag import Tag
from crm.values import DealValues
from crm.visibility import DealQuerySet
from pipelines.catalog import CompiledStage
from pipelines.door import guard_the_door
from pipelines.models import Stage


class Deal(DealValues, models.Model):
    """An intended sale on its way through a pipeline.

    `stage` and `status` are written by `pipelines.engine` only: `save()` and `update()` refuse them elsewhere.
    """

    class Arrival(models.TextChoices):
        HAND = "hand", _("entered by hand")
        FORM = "form", _("web form or chat")
        CALL = "call", _("call")
        LETTER = "letter", _("letter")
        HAND_OVER = "hand_over", _("handed over")
        IMPORT = "import", _("import")

    name = models.CharField(_("name"), max_length=255)
    pipeline = models.ForeignKey(
        "pipelines.Pipeline", models.PROTECT, related_name="+", verbose_name=_("pipeline")
    )
    stage = models.ForeignKey(
        "pipelines.Stage", models.PROTECT, related_name="+", verbose_name=_("stage")
    )
    status = FSMField(
        _("status"), max_length=4, choices=Stage.Kind.choices, default="open", protected=True
    )
    stage_since = models.DateTimeField(_("on the stage since"))
    # When the stage's limit runs out, so that lists find what lingers without counting working time per row.
    stage_deadline = models.DateTimeField(_("stage's limit runs out at"), null=True, blank=True)
    budget = models.DecimalField(_("budget"), max_digits=14, decimal_places=2, default=0)
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("responsible"),
        db_index=False,
    )
    contact = models.ForeignKey(
        "Contact",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
        verbose_name=_("contact"),
    )
    company = models.ForeignKey(
        "Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="deals",
        verbose_name=_("company"),
    )
    # The sale that this deal continues in another pipeline (AX-8.1).
    origin = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="continuations",
        verbose_name=_("continues"),
    )
    arrival = models.CharField(
        _("came by"), max_length=9, choices=Arrival.choices, default=Arrival.HAND
    )
    values = models.JSONField(default=dict, blank=True, verbose_name=_("values of fields"))
    tags: models.ManyToManyField[Tag, Any] = models.ManyToManyField(
        "Tag", blank=True, related_name="deals", verbose_name=_("tags")
    )
    # Of the open tasks, the earliest due; null is the flag «without a task». Kept by `crm.planning.tasks`.
    next_task_at = models.DateTimeField(_("next task"), null=True, blank=True)
    # The last time the client and we really communicated, and our attempts since. Kept by `crm.contacting`.
    last_contact_at = models.DateTimeField(_("last communication"), null=True, blank=True)
    attempts = models.PositiveIntegerField(_("attempts since"), default=0)
    # The client's first call or message that nobody answered. Kept by `crm.contacting`.
    unanswered_since = models.DateTimeField(_("waits for an answer since"), null=True, blank=True)
    # Set by the regulation for good: from then on people finish the deal's tasks by a result of their own.
    scenarios_off = models.BooleanField(
        _("no scenario acts on it any more"), default=False, db_default=False, editable=False
    )
    created_at = models.DateTimeField(_("created at"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)

    objects = DealQuerySet.as_manager()

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        constraints = [
            # A sale is handed over to a pipeline exactly once, whoever asks and however often.
            models.UniqueConstraint(
                fields=["origin", "pipeline"],
                condition=models.Q(origin__isnull=False),
                name="one_hand_over_a_pipeline",
            ),
        ]
        indexes = [
            models.Index(
                fields=["stage", "-stage_since", "-id"],
                condition=models.Q(archived_at=None),
                name="deal_board",
            ),
            models.Index(
                fields=["owner", "stage", "-stage_since", "-id"],
                condition=models.Q(archived_at=None),
                name="deal_board_of_an_owner",
            ),
            models.Index(
                fields=["pipeline", "-created_at", "-id"],
                condition=models.Q(archived_at=None),
                name="deal_table",
            ),
            models.Index(
                fields=["owner", "pipeline", "-created_at", "-id"],
                condition=models.Q(archived_at=None),
                name="deal_table_of_an_owner",
            ),
            # The table sorted otherwise, for those who see more than their own: there a sort would read everything.
            models.Index(
                fields=["pipeline", "-budget", "-id"],
                condition=models.Q(archived_at=None),
                name="deal_table_by_budget",
            ),
            models.Index(
                fields=["pipeline", "name", "id"],
                condition=models.Q(archived_at=None),
                name="deal_table_by_name",
            ),
            models.Index(
                fields=["pipeline", "-stage_since", "-id"],
                condition=models.Q(archived_at=None),
                name="deal_table_by_stage",
            ),
            # «Without a task» is asked with every board; the index holds only those, so it weighs next to nothing.
            models.Index(
                fields=["stage", "owner"],
                condition=models.Q(archived_at=None, status="open", next_task_at=None),
                name="deal_without_task",
            ),
            # A person's day: limits that run out, clients who wait. Each holds only the deals it is asked for.
            models.Index(
                fields=["owner", "stage_deadline"],
                condition=models.Q(archived_at=None, status="open", stage_deadline__isnull=False),
                name="deal_limits_of_an_owner",
            ),
            models.Index(
                fields=["owner", "unanswered_since"],
                condition=models.Q(archived_at=None, unanswered_since__isnull=False),
                name="deal_unanswered",
            ),
            # Sales and refusals of a period, and their cycle, from the index alone.
            models.Index(
                fields=["closed_at"],
                include=[
                    "status",
                    "owner",
                    "stage",
                    "arrival",
                    "currency",
                    "budget",
                    "created_at",
                ],
                condition=models.Q(archived_at=None, closed_at__isnull=False),
                name="deal_closed_in_a_period",
            ),
            GinIndex(OpClass(Lower("name"), "gin_trgm_ops"), name="deal_search_by_name"),
            GinIndex(OpClass("values", "jsonb_path_ops"), name="deal_values"),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(
        field=status,
        source="*",
        target=GET_STATE(lambda deal, stage, **kw: stage.kind, states=["open", "won", "lost"]),
    )
    def move_to(self, stage: CompiledStage, *, at: datetime) -> None:
        """The one transition: stage and status change together. Called by `pipelines.engine` alone."""
        self.pipeline_id = stage.pipeline_id
        self.stage_id = stage.id
        self.stage_since = at
        self.closed_at = None if stage.kind == "open" else at

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.before_write(kwargs.get("update_fields"))
        super().save(*args, **kwargs)

    def before_write(self, columns: Iterable[str] | None) -> None:
        """Errors: WrongDoor for a guarded column (None: all columns) while the engine has not opened the door."""
        guard_the_door(self, columns)
