"""The regulation as rows: what an administrator configures and a playbook carries. No run-time state here."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipelines.clock import Duration


def check_duration(column: str, text: str) -> None:
    """Errors: ValidationError on `column` for anything but `30m working`, `4h`, `1d`, `3w` or nothing."""
    try:
        if text:
            Duration.parse(text)
    except ValueError as error:
        raise ValidationError({column: str(error)}) from error


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


class Field(models.Model):
    """A field of a deal, contact or company that the regulation adds; values live in the record's `values`."""

    class Record(models.TextChoices):
        DEAL = "deal", _("deal")
        CONTACT = "contact", _("contact")
        COMPANY = "company", _("company")

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

    pipeline = models.ForeignKey(
        Pipeline, models.CASCADE, related_name="fields", verbose_name=_("pipeline")
    )
    record = models.CharField(
        _("record"), max_length=7, choices=Record.choices, default=Record.DEAL
    )
    code = models.SlugField(_("code"))
    label = models.CharField(_("label"), max_length=200)
    type = models.CharField(_("type"), max_length=9, choices=Type.choices, default=Type.TEXT)
    # A choice is written `code: label`, so that a label can be reworded while values and rules keep the code.
    choices = ArrayField(
        models.CharField(max_length=200),
        verbose_name=_("choices"),
        default=list,
        blank=True,
        help_text=_("One a line, as code: label."),
    )
    tab = models.CharField(_("tab"), max_length=60, blank=True)
    help_text = models.CharField(_("hint"), max_length=300, blank=True)
    on_board = models.BooleanField(
        _("on the board"),
        default=False,
        help_text=_("Shown on the cards of the board and in the table."),
    )
    in_filter = models.BooleanField(
        _("in the filter"),
        default=False,
        help_text=_("Deals can be filtered by it; for lists of choices."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["pipeline", "position"]
        verbose_name = _("field")
        verbose_name_plural = _("fields")
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "record", "code"], name="one_field_a_code")
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        if self.type in (self.Type.CHOICE, self.Type.CHOICES) and not self.choices:
            raise ValidationError({"choices": _("A list field needs its choices.")})


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
