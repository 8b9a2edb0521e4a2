"""Rules and scenarios as rows: when something runs, on what conditions, and what it requires or does."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from pipelines.models.durations import check_duration
from pipelines.models.pipeline import Pipeline, Stage


class Scenario(models.Model):
    """An outcome of a task: a button that asks its questions, completes or moves the task and does the rest."""

    pipeline = models.ForeignKey(
        Pipeline, models.CASCADE, related_name="scenarios", verbose_name=_("pipeline")
    )
    code = models.SlugField(_("code"))
    label = models.CharField(_("label"), max_length=100)
    tasks = ArrayField(
        models.SlugField(),
        verbose_name=_("tasks"),
        default=list,
        blank=True,
        help_text=_("Codes of tasks; empty: any."),
    )
    kinds = ArrayField(
        models.SlugField(),
        verbose_name=_("task kinds"),
        default=list,
        blank=True,
        help_text=_("Empty: any."),
    )
    stages = ArrayField(
        models.SlugField(),
        verbose_name=_("stages"),
        default=list,
        blank=True,
        help_text=_("Codes; empty: any."),
    )
    # A scenario that postpones the task («no answer») leaves it open; every other one completes it.
    completes = models.BooleanField(_("completes the task"), default=True)
    result = models.CharField(
        _("result"),
        max_length=200,
        blank=True,
        help_text=_("Becomes the task's result where the manager wrote none."),
    )
    on_card = models.BooleanField(
        _("on the card"),
        default=False,
        help_text=_("A button of the deal itself: it belongs to no task."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["pipeline", "position"]
        verbose_name = _("scenario")
        verbose_name_plural = _("scenarios")
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "code"], name="one_scenario_a_code")
        ]

    def __str__(self) -> str:
        return self.label


class Question(models.Model):
    """Something a scenario asks before it acts; the answer is known to its rules under the code."""

    class Type(models.TextChoices):
        TEXT = "text", _("text")
        DATE = "date", _("date")
        DATETIME = "datetime", _("date and time")
        FIELD = "field", _("the field with this code")

    scenario = models.ForeignKey(
        Scenario, models.CASCADE, related_name="questions", verbose_name=_("scenario")
    )
    code = models.SlugField(_("code"))
    label = models.CharField(_("label"), max_length=200, blank=True)
    type = models.CharField(_("type"), max_length=8, choices=Type.choices, default=Type.TEXT)
    required = models.BooleanField(_("required"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["scenario", "position"]
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.UniqueConstraint(fields=["scenario", "code"], name="one_question_a_code")
        ]

    def __str__(self) -> str:
        return self.label or self.code


class Rule(models.Model):
    """When it runs × what it requires or does, citing the clause it comes from; conditions stand in `Condition`."""

    class When(models.TextChoices):
        ENTER = "enter", _("the deal enters the stage")
        LEAVE = "leave", _("the deal leaves the stage")
        STAY = "stay", _("so long on the stage")
        BEFORE = "before", _("before a date")
        AFTER = "after", _("after a date")
        ON = "on", _("something happened")
        CHOOSE = "choose", _("a scenario was chosen")
        TASK = "task", _("a person sets a task")
        FINISH = "finish", _("a person finishes or cancels a task")

    class Effect(models.TextChoices):
        REQUIRE = "require", _("require")
        DO = "do", _("do")

    pipeline = models.ForeignKey(
        Pipeline, models.CASCADE, related_name="rules", verbose_name=_("pipeline")
    )
    stage = models.ForeignKey(
        Stage,
        models.CASCADE,
        related_name="rules",
        verbose_name=_("stage"),
        null=True,
        blank=True,
        help_text=_("Empty: on every stage."),
    )
    scenario = models.ForeignKey(
        Scenario,
        models.CASCADE,
        related_name="rules",
        verbose_name=_("scenario"),
        null=True,
        blank=True,
    )
    code = models.CharField(_("code"), max_length=120)
    clause = models.CharField(_("clause"), max_length=20)
    when = models.CharField(_("when"), max_length=6, choices=When.choices, default=When.ENTER)
    period = models.CharField(_("period"), max_length=30, blank=True)
    date = models.CharField(_("date"), max_length=60, blank=True)
    verb = models.CharField(_("event"), max_length=40, blank=True)
    effect = models.CharField(_("effect"), max_length=7, choices=Effect.choices, default=Effect.DO)
    name = models.CharField(_("guard or action"), max_length=40)
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    message = models.CharField(
        _("message"),
        max_length=300,
        blank=True,
        help_text=_("Said instead of the guard's own sentence."),
    )
    overridable_by = ArrayField(
        models.CharField(max_length=150),
        verbose_name=_("may be passed by"),
        default=list,
        blank=True,
        help_text=_(
            "Roles that may pass the requirement once, with a reason and a day by which it is put right."
        ),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["pipeline", "position"]
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [models.UniqueConstraint(fields=["pipeline", "code"], name="one_rule_a_code")]

    def __str__(self) -> str:
        return f"{self.clause}: {self.code}"

    def clean(self) -> None:
        check_duration("period", self.period)


class Condition(models.Model):
    """A guard that must hold (or, negated, must not) for its rule to apply."""

    rule = models.ForeignKey(
        Rule, models.CASCADE, related_name="conditions", verbose_name=_("rule")
    )
    name = models.CharField(_("guard"), max_length=40)
    params = models.JSONField(_("parameters"), default=dict, blank=True)
    negated = models.BooleanField(_("not"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["rule", "position"]
        verbose_name = _("condition")
        verbose_name_plural = _("conditions")

    def __str__(self) -> str:
        return self.name
