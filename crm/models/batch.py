from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMField, transition

UNDO_FOR = timedelta(days=30)


class BatchQuerySet(models.QuerySet):
    def visible_to(self, user: Any) -> BatchQuerySet:
        """One's own, those of the people below, all for administrators."""
        owners = user.led_ids
        return self if owners is None else self.filter(by__in=owners)

    def unfinished(self) -> BatchQuerySet:
        return self.filter(state__in=[Batch.State.QUEUED, Batch.State.RUNNING, Batch.State.UNDOING])


class Batch(models.Model):
    """Many records changed in one go: what was asked for, and what became of each."""

    class State(models.TextChoices):
        QUEUED = "queued", pgettext_lazy("batch", "waiting")
        RUNNING = "running", pgettext_lazy("batch", "running")
        DONE = "done", pgettext_lazy("batch", "done")
        UNDOING = "undoing", pgettext_lazy("batch", "being undone")
        UNDONE = "undone", pgettext_lazy("batch", "undone")

    # A code of `crm.batches.kinds`; one that no code knows any more is shown and no more.
    kind = models.CharField(_("kind"), max_length=40)
    title = models.CharField(_("title"), max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("person")
    )
    at = models.DateTimeField(_("at"))
    # Of the one form that it came from: sent twice by a double click, it begins one batch.
    key = models.CharField(max_length=64, blank=True, default="", editable=False)
    state = FSMField(
        _("state"), max_length=7, choices=State.choices, default=State.QUEUED, protected=True
    )
    params = models.JSONField(_("parameters"), default=dict)
    total = models.PositiveIntegerField(_("rows"), default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    # Of the undoing: put back, and left as they are.
    undone = models.PositiveIntegerField(_("put back"), default=0)
    kept = models.PositiveIntegerField(_("not put back"), default=0)
    finished_at = models.DateTimeField(_("finished at"), null=True)
    stopped_at = models.DateTimeField(_("stopped at"), null=True)
    undo_until = models.DateTimeField(_("can be undone until"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("undone by"),
    )
    undone_at = models.DateTimeField(_("undone at"), null=True)
    # The last time a worker took rows of it: what nobody has touched for a while is resumed by the sweep.
    alive_at = models.DateTimeField(null=True, editable=False, verbose_name=_("worked on at"))

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        constraints = [
            models.UniqueConstraint(
                fields=["by", "key"], condition=~models.Q(key=""), name="one_batch_a_form"
            ),
        ]
        indexes = [
            models.Index(fields=["by", "-id"], name="batches_of_a_person"),
            models.Index(
                fields=["alive_at"],
                condition=Q(state__in=["queued", "running", "undoing"]),
                name="batch_to_be_resumed",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("crm:batch", args=[self.pk])

    def reread(self, *, lock: bool = False) -> None:
        """Bring the instance up to date with its row, which may be locked for the transaction."""
        rows = Batch.objects.select_for_update(of=("self",)) if lock else Batch.objects
        fresh = rows.get(pk=self.pk)
        for field in self._meta.concrete_fields:
            self.__dict__[field.attname] = getattr(fresh, field.attname)

    @property
    def is_active(self) -> bool:
        """Whether workers are on it, forth or back."""
        return self.state in (self.State.QUEUED, self.State.RUNNING, self.State.UNDOING)

    @property
    def skipped(self) -> int:
        """Rows that a stop left untouched; while it runs, those still to come."""
        return self.total - self.done - self.refused

    @property
    def percent(self) -> int:
        """How far the work under way has come, of 100."""
        of = self.done if self._is_being_undone else self.total
        return min(100, 100 * self.passed // of) if of else 100

    @property
    def passed(self) -> int:
        """How many rows the work under way has done with."""
        return self.undone + self.kept if self._is_being_undone else self.done + self.refused

    @property
    def _is_being_undone(self) -> bool:
        return self.state in (self.State.UNDOING, self.State.UNDONE)

    @transition(field=state, source=State.QUEUED, target=State.RUNNING)
    def begin(self) -> None:
        """A worker has taken its first rows."""

    @transition(field=state, source=[State.QUEUED, State.RUNNING], target=State.DONE)
    def finish(self) -> None:
        """No row waits any more."""

    @transition(field=state, source=State.DONE, target=State.UNDOING)
    def begin_undo(self) -> None:
        """Somebody asked for all of it to be put back."""

    @transition(field=state, source=State.UNDOING, target=State.UNDONE)
    def finish_undo(self) -> None:
        """Every done row was put back or could not be."""


class BatchRow(models.Model):
    """One record of a batch: what was to be done with it, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("row", "waiting")
        DONE = "done", pgettext_lazy("row", "done")
        REFUSED = "refused", pgettext_lazy("row", "refused")
        SKIPPED = "skipped", pgettext_lazy("row", "not reached")
        UNDONE = "undone", pgettext_lazy("row", "put back")
        KEPT = "kept", pgettext_lazy("row", "not put back")

    batch = models.ForeignKey(
        Batch, models.CASCADE, related_name="rows", verbose_name=_("batch"), db_index=False
    )
    position = models.PositiveIntegerField(_("number"))
    # The record by its model in `crm` ("deal", "contact") and id; empty for a row that makes its record.
    record = models.CharField(_("record"), max_length=20, blank=True)
    record_id = models.BigIntegerField(_("number of the record"), null=True)
    name = models.CharField(_("name"), max_length=300, blank=True)
    payload = models.JSONField(_("what was asked"), default=dict)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.WAITING)
    # Why it was refused or could not be put back, with the clause.
    text = models.TextField(_("answer"), blank=True)
    # What undoing it needs to know; the kind's own.
    before = models.JSONField(_("as it was before"), default=dict)
    # Whatever the kind's `load` gives the row for the time of a chunk; no column.
    subject: Any

    class Meta:
        ordering = ["position"]
        verbose_name = _("row of a batch")
        verbose_name_plural = _("rows of batches")
        constraints = [
            models.UniqueConstraint(fields=["batch", "position"], name="one_row_a_position"),
        ]
        indexes = [
            # A worker claims those that wait; the report shows those refused.
            models.Index(fields=["batch", "state", "position"], name="batchrow_by_state"),
        ]

    def __str__(self) -> str:
        return self.name or f"{self.batch_id}/{self.position}"
