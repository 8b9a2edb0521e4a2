"""The written regulation as rows: its clauses, who has read them, and how often they refused."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Regulation(models.Model):
    """The clauses of one playbook as people read them; an edition is a set of words."""

    playbook = models.SlugField(_("playbook"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    effective = models.DateField(_("in force from"), null=True, blank=True)
    edition = models.PositiveIntegerField(_("edition"), default=0)
    # Of the clauses' numbers and words alone: another order or section title is nothing to read anew.
    text_hash = models.CharField(max_length=64, editable=False)
    changed_at = models.DateTimeField(_("words changed at"))

    class Meta:
        ordering = ["name"]
        verbose_name = _("regulation")
        verbose_name_plural = _("regulations")

    def __str__(self) -> str:
        return self.name


class Clause(models.Model):
    """A numbered sentence of a regulation."""

    regulation = models.ForeignKey(
        Regulation, models.CASCADE, related_name="clauses", verbose_name=_("regulation")
    )
    code = models.CharField(pgettext_lazy("clause", "number"), max_length=20)
    words = models.TextField(_("words"), blank=True)
    section = models.CharField(_("section"), max_length=200, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["regulation", "position"]
        verbose_name = _("clause")
        verbose_name_plural = _("clauses")
        constraints = [
            models.UniqueConstraint(fields=["regulation", "code"], name="one_clause_a_number")
        ]

    def __str__(self) -> str:
        return self.code


class Reading(models.Model):
    """A person's word that he has read an edition of a regulation."""

    regulation = models.ForeignKey(
        Regulation, models.CASCADE, related_name="readings", verbose_name=_("regulation")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person")
    )
    edition = models.PositiveIntegerField(_("edition"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reading")
        verbose_name_plural = _("readings")
        constraints = [
            # Read first by user: the frame of every page asks what its reader has not read.
            models.UniqueConstraint(
                fields=["user", "regulation", "edition"], name="an_edition_is_read_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.regulation}, {self.edition}"


class LoggedRefusal(models.Model):
    """One clause's «no» to one try, kept though the try changed nothing."""

    class Way(models.TextChoices):
        MOVE = "move", _("a move")
        OPEN = "open", _("opening a deal")
        OUTCOME = "outcome", _("an outcome")

    pipeline = models.ForeignKey(
        "Pipeline", models.CASCADE, related_name="+", verbose_name=_("pipeline"), db_index=False
    )
    clause = models.CharField(_("clause"), max_length=20)
    rule = models.ForeignKey(
        "Rule", models.SET_NULL, null=True, related_name="+", verbose_name=_("rule")
    )
    # A deal whose opening was refused is no row; it is counted all the same, and a look for it would cost a statement.
    deal = models.ForeignKey(
        "crm.Deal",
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("deal"),
    )
    # Null where the system tried.
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    way = models.CharField(_("way"), max_length=7, choices=Way.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("refusal of the system")
        verbose_name_plural = _("refusals of the system")
        indexes = [
            # The counts of a month by clause, from the index alone.
            models.Index(
                fields=["pipeline", "at"], include=["clause"], name="refusals_of_a_pipeline"
            ),
        ]

    def __str__(self) -> str:
        return self.clause
