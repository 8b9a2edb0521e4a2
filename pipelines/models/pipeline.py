"""A pipeline with its stages: what an administrator configures and a playbook carries. No run-time state here."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipelines.models.durations import check_duration


class Pipeline(models.Model):
    """A sequence of stages that deals pass under one regulation."""

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    playbook = models.SlugField(_("playbook"), help_text=_("The set of pipelines it belongs to."))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    currency = models.CharField(_("currency"), max_length=3, default="RUB")
    schedule = models.ForeignKey(
        "Schedule", models.PROTECT, verbose_name=_("working time"), null=True, blank=True
    )
    note = models.TextField(_("note"), blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    edition = models.PositiveIntegerField(_("edition"), default=0, editable=False)
    # The edition by whose periods and limits the timers of the deals were last set (`pipelines.jobs.rearm`).
    rearmed_edition = models.PositiveIntegerField(default=0, editable=False)
    # Changes with every saved change; a process whose compiled catalog has another stamp compiles anew.
    stamp = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")

    def __str__(self) -> str:
        return self.name


class Edition(models.Model):
    """A pipeline's whole definition as it stood after one saved change, as playbook YAML."""

    pipeline = models.ForeignKey(
        Pipeline, models.CASCADE, related_name="editions", verbose_name=_("pipeline")
    )
    number = models.PositiveIntegerField(pgettext_lazy("edition", "number"))
    text = models.TextField(_("playbook"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, verbose_name=_("author")
    )
    note = models.CharField(_("note"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("saved at"))

    class Meta:
        ordering = ["-number"]
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "number"], name="one_edition_a_number")
        ]

    def __str__(self) -> str:
        return f"{self.pipeline} № {self.number}"


class Stage(models.Model):
    """A step of a pipeline; its kind is the status that a deal on it has."""

    class Kind(models.TextChoices):
        OPEN = "open", pgettext_lazy("deal", "open")
        WON = "won", _("won")
        LOST = "lost", _("lost")

    pipeline = models.ForeignKey(
        Pipeline, models.CASCADE, related_name="stages", verbose_name=_("pipeline")
    )
    code = models.SlugField(_("code"))
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(
        pgettext_lazy("stage", "kind"), max_length=4, choices=Kind.choices, default=Kind.OPEN
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    color = models.CharField(_("colour"), max_length=20, default="blue")
    limit = models.CharField(
        _("limit"), max_length=30, blank=True, help_text=_("For example: 3d, 4h working.")
    )
    goal = models.TextField(_("goal"), blank=True, help_text=_("What is done on this stage."))
    general_rules = models.TextField(
        _("general rules"),
        blank=True,
        help_text=_("What holds here whatever the deal; one rule a line."),
    )
    script = models.TextField(
        _("script"),
        blank=True,
        help_text=_("What to say; {manager}, {source}, {contact}, {company} are filled in."),
    )
    needs_task = models.BooleanField(
        _("needs an open task"), default=True, help_text=_("A deal here without a task is flagged.")
    )
    starts = models.BooleanField(
        _("new deals come here"),
        default=False,
        help_text=_("Ticked on no stage: new deals come to the first one."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["pipeline", "position"]
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "code"], name="one_stage_a_code")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        check_duration("limit", self.limit)


class StageRight(models.Model):
    """What a role may do on a stage; a stage without a row for an ability lets everybody have it."""

    class Ability(models.TextChoices):
        SEE = "see", _("see deals here")
        EDIT = "edit", _("edit deals here")
        ENTER = "enter", _("move deals here")
        LEAVE = "leave", _("move deals away")

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="rights", verbose_name=_("stage"))
    ability = models.CharField(_("ability"), max_length=5, choices=Ability.choices)
    group = models.ForeignKey(Group, models.CASCADE, verbose_name=_("role"))

    class Meta:
        verbose_name = _("stage right")
        verbose_name_plural = _("stage rights")
        constraints = [
            models.UniqueConstraint(fields=["stage", "ability", "group"], name="one_right_a_role")
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.get_ability_display()}"
