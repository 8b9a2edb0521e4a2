from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMField, transition

from crm.visibility import TaskQuerySet


class Task(models.Model):
    """Something a person is to do by a moment, about a deal, a contact, a company or nothing."""

    class Kind(models.TextChoices):
        CALL = "call", _("call")
        LETTER = "letter", _("letter")
        MEETING = "meeting", _("meeting")
        DOCUMENT = "document", _("document")
        CONTROL = "control", _("control")
        OTHER = "other", _("other")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("task", "open")
        DONE = "done", pgettext_lazy("task", "done")
        CANCELLED = "cancelled", pgettext_lazy("task", "cancelled")

    # The rule's own name for its task, by which scenarios and other rules find it; empty for tasks made by hand.
    code = models.SlugField(_("code"), blank=True, db_index=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.OTHER)
    text = models.CharField(_("text"), max_length=500)
    due_at = models.DateTimeField(_("due at"))
    # Due by the end of the day, whenever in it: then `due_at` is the day's last minute by the owner's clock.
    all_day = models.BooleanField(_("all day"), default=False)
    # How long it takes in the calendar; None: as its kind usually does.
    minutes = models.PositiveSmallIntegerField(_("takes, minutes"), null=True, blank=True)
    remind_minutes = models.PositiveSmallIntegerField(
        _("remind before, minutes"), null=True, blank=True
    )
    # When the reminder is due; None where none is wanted, or it was given, or the task is over.
    remind_at = models.DateTimeField(null=True, editable=False, verbose_name=_("remind at"))
    on_top = models.BooleanField(_("first of its day"), default=False, db_default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("responsible"),
        db_index=False,
    )
    deal = models.ForeignKey(
        "Deal",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("deal"),
        db_index=False,
    )
    contact = models.ForeignKey(
        "Contact",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("contact"),
    )
    company = models.ForeignKey(
        "Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("company"),
    )
    state = FSMField(
        _("state"), max_length=9, choices=State.choices, default=State.OPEN, protected=True
    )
    result = models.TextField(_("result"), blank=True)
    scenario = models.SlugField(_("outcome"), blank=True, db_index=False)
    # Raised by every change: an outcome pressed in a window that shows an older task is refused.
    revision = models.PositiveIntegerField(default=0, verbose_name=_("revision"))
    rule = models.ForeignKey(
        "pipelines.Rule",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("rule"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("set by"),
    )
    created_at = models.DateTimeField(_("created at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        indexes = [
            models.Index(
                fields=["owner", "due_at"],
                condition=models.Q(state="open"),
                name="task_day_of_an_owner",
            ),
            models.Index(
                fields=["deal", "due_at"],
                condition=models.Q(state="open"),
                name="task_open_of_a_deal",
            ),
            models.Index(fields=["deal", "-id"], name="task_of_a_deal"),
            models.Index(fields=["owner", "due_at", "id"], name="tasks_of_an_owner_by_time"),
            models.Index(
                fields=["due_at", "id"], condition=models.Q(state="open"), name="tasks_open_by_time"
            ),
            models.Index(
                fields=["remind_at"],
                condition=models.Q(state="open", remind_at__isnull=False),
                name="task_reminder_due",
            ),
            # The report on employees: what was set and what was done in a period, from the indexes alone.
            models.Index(fields=["created_at"], include=["owner"], name="tasks_set_in_a_period"),
            models.Index(
                fields=["ended_at"],
                include=["owner", "due_at"],
                condition=models.Q(state="done"),
                name="tasks_done_in_a_period",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def due_day(self) -> date:
        """The day it is due on: of one for a whole day by its owner's clock, of others by the reader's."""
        zone = ZoneInfo(self.owner.time_zone) if self.all_day else None
        return timezone.localdate(self.due_at, zone)

    @transition(field=state, source=State.OPEN, target=State.DONE)
    def complete(self) -> None:
        """Only through `crm.planning.tasks.complete_task`, which asks for the result and writes the feed."""

    @transition(field=state, source=[State.DONE, State.CANCELLED], target=State.OPEN)
    def reopen(self) -> None:
        """Only through `crm.planning.taking_back`: what ended it never happened."""

    @transition(field=state, source=State.OPEN, target=State.CANCELLED)
    def cancel(self) -> None:
        """Only through `crm.planning.tasks.cancel_task`."""
