"""Fields as rows: those that a regulation adds, and the columns that any field has."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from pipelines.models.pipeline import Pipeline


def choices_column(hint: Any) -> ArrayField:
    """What a field of choices offers.

    Each is written `code: label`, so that a label can be reworded while values and rules keep the code.
    """
    return ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("choices"),
        default=list,
        blank=True,
        help_text=hint,
    )


class FieldColumns(models.Model):
    """What a field is, whatever record it is of: the fields of own lists have the same columns."""

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        LONG_TEXT = "long_text", _("long text")
        NUMBER = "number", _("number")
        MONEY = "money", _("money")
        DATE = "date", _("date")
        DATETIME = "datetime", _("date and time")
        CHOICE = "choice", _("one of a list")
        CHOICES = "choices", _("several of a list")
        YES_NO = "yes_no", _("yes or no")
        URL = "url", _("link")
        CONTROL = "control", _("control: a tick with who and when")
        EVIDENCE = "evidence", _("evidence: an entry of the feed")

    code = models.SlugField(_("code"))
    label = models.CharField(_("label"), max_length=200)
    type = models.CharField(_("type"), max_length=9, choices=Type.choices, default=Type.TEXT)
    choices = choices_column(_("One a line, as code: label."))
    help_text = models.CharField(_("hint"), max_length=300, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if self.type in (self.Type.CHOICE, self.Type.CHOICES) and not self.choices:
            raise ValidationError({"choices": _("A list field needs its choices.")})


class Field(FieldColumns):
    """A field of a deal, contact or company that the regulation adds; values live in the record's `values`."""

    class Record(models.TextChoices):
        DEAL = "deal", _("deal")
        CONTACT = "contact", _("contact")
        COMPANY = "company", _("company")

    pipeline = models.ForeignKey(
        Pipeline, models.CASCADE, related_name="fields", verbose_name=_("pipeline")
    )
    record = models.CharField(
        _("record"), max_length=7, choices=Record.choices, default=Record.DEAL
    )
    tab = models.CharField(_("tab"), max_length=60, blank=True)
    on_board = models.BooleanField(
        _("on the board"),
        default=False,
        help_text=_("Shown on the cards of the board and in the table."),
    )
    in_filter = models.BooleanField(
        _("in the filter"),
        default=False,
        help_text=_("Offered at once in the filter of deals; the other fields are unfolded there."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["pipeline", "position"]
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "record", "code"], name="one_field_a_code")
        ]
