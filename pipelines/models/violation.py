"""Breaches of the regulation and passings of its guards: rows that nobody deletes."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class KeptForGood(RuntimeError):
    """What has been put on record is never deleted, and its facts never change."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


class RecordQuerySet(models.QuerySet):
    """Refuses what would take something off the record; the database refuses deletion too."""

    def delete(self) -> NoReturn:
        raise KeptForGood

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise KeptForGood

    def update(self, **columns: Any) -> int:
        self._check(columns)
        return super().update(**columns)

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> int:
        self._check(fields)
        return super().bulk_update(objs, fields, batch_size)

    def _check(self, columns: Any) -> None:
        if not set(columns) <= self.model.LATER:  # type: ignore[attr-defined]
            raise KeptForGood


class OnRecord(models.Model):
    """Something that happened under a rule: its facts are written once."""

    # The columns that are written after the row.
    LATER: frozenset[str] = frozenset()

    deal = models.ForeignKey("crm.Deal", models.PROTECT, related_name="+", verbose_name=_("deal"))
    pipeline = models.ForeignKey(
        "pipelines.Pipeline", models.PROTECT, related_name="+", verbose_name=_("pipeline")
    )
    rule = models.ForeignKey(
        "pipelines.Rule", models.SET_NULL, null=True, related_name="+", verbose_name=_("rule")
    )
    # A rule may be gone from the regulation one day; what was broken then stays said.
    rule_code = models.CharField(_("rule's code"), max_length=120, blank=True)
    clause = models.CharField(_("clause"), max_length=20)
    at = models.DateTimeField(_("at"))

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        columns = kwargs.get("update_fields")
        if not self._state.adding and (columns is None or not set(columns) <= self.LATER):
            raise KeptForGood
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise KeptForGood


class Violation(OnRecord):
    """One breach of a clause on a deal by a person, who may explain it and whose head may excuse it."""

    LATER = frozenset(
        {
            "explanation",
            "explained_by",
            "explained_at",
            "excuse",
            "excused_by",
            "excused_at",
        }
    )

    culprit = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("culprit"),
    )
    text = models.CharField(_("what was broken"), max_length=500, blank=True)
    # What the rule allowed, as it says it (`15m working`); empty where it is no matter of time.
    allowed = models.CharField(_("allowed"), max_length=30, blank=True)
    # Beyond that when it was found, in its own time (working or calendar); null where it can't be measured.
    over = models.DurationField(_("by how much"), null=True)
    occasion = models.CharField(_("occasion"), max_length=100)
    event = models.ForeignKey(
        "Event", models.PROTECT, null=True, related_name="+", verbose_name=_("found by")
    )
    explanation = models.TextField(_("explanation"), blank=True)
    explained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("explained by"),
    )
    explained_at = models.DateTimeField(_("explained at"), null=True)
    excuse = models.TextField(_("why it was excused"), blank=True)
    excused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("excused by"),
    )
    excused_at = models.DateTimeField(_("excused at"), null=True)

    class Meta:
        verbose_name = _("violation")
        verbose_name_plural = _("violations")
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "rule_code", "occasion"], name="one_violation_an_occasion"
            ),
            models.CheckConstraint(
                condition=Q(excused_at=None) | ~Q(excuse=""), name="an_excuse_says_why"
            ),
        ]
        indexes = [
            # The register: a period's violations, all or those of some people, newest first.
            models.Index(fields=["-at", "-id"], name="violation_register"),
            models.Index(fields=["culprit", "-at"], name="violation_of_a_person"),
            # The side panel's count of what its reader has not answered.
            models.Index(
                fields=["culprit"],
                condition=Q(explained_at=None, excused_at=None),
                name="violation_unanswered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clause}: {self.text}" if self.text else self.clause

    @property
    def state(self) -> str:
        """`open`, `explained` or `excused`."""
        if self.excused_at:
            return "excused"
        return "explained" if self.explained_at else "open"


class Override(OnRecord):
    """One passing of a guard by a person whom its rule lets pass, with a reason and a day by which it is put right."""

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("person"),
    )
    message = models.CharField(_("what the rule said"), max_length=500)
    reason = models.TextField(_("reason"))
    until = models.DateField(_("to be put right by"))
    event = models.ForeignKey(
        "Event", models.PROTECT, related_name="overrides", verbose_name=_("feed entry")
    )
    # Done, it is put right: the task is the one place that knows.
    task = models.ForeignKey(
        "crm.Task", models.PROTECT, null=True, related_name="+", verbose_name=_("task")
    )

    class Meta:
        verbose_name = _("override")
        verbose_name_plural = _("overrides")
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="an_override_says_why"),
        ]
        indexes = [
            models.Index(fields=["-at", "-id"], name="override_register"),
            models.Index(fields=["by", "-at"], name="override_of_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.clause}: {self.message}"
