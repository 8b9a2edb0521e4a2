"""What happened and what is due: rows that only the engine writes."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .violation import KeptForGood


class FeedQuerySet(models.QuerySet):
    """Appends only; the database refuses the rest too."""

    def delete(self) -> NoReturn:
        raise KeptForGood

    def _raw_delete(self, using: str | None) -> NoReturn:
        raise KeptForGood

    def update(self, **columns: Any) -> NoReturn:
        raise KeptForGood

    def bulk_update(self, objs: Any, fields: Any, batch_size: int | None = None) -> NoReturn:
        raise KeptForGood


class Event(models.Model):
    """One append-only fact: the feed a person reads, the audit, and what `on:` rules hear."""

    verb = models.CharField(_("verb"), max_length=40)
    deal = models.ForeignKey(
        "crm.Deal", models.PROTECT, related_name="events", null=True, verbose_name=_("deal")
    )
    contact = models.ForeignKey(
        "crm.Contact", models.PROTECT, related_name="events", null=True, verbose_name=_("contact")
    )
    company = models.ForeignKey(
        "crm.Company", models.PROTECT, related_name="events", null=True, verbose_name=_("company")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    rule = models.ForeignKey(
        "Rule", models.SET_NULL, null=True, related_name="+", verbose_name=_("rule")
    )
    data = models.JSONField(_("data"), default=dict)
    cause = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name=_("caused by")
    )
    # The provider's own id of an outside event: one delivered twice is one fact.
    outside_id = models.CharField(  # noqa: DJ001 (null is «none», and unique)
        _("the provider's number"), max_length=255, null=True
    )
    at = models.DateTimeField(_("at"))

    objects = FeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("feed entry")
        verbose_name_plural = _("feed")
        constraints = [
            models.UniqueConstraint(
                fields=["verb", "outside_id"], name="an_outside_event_is_recorded_once"
            ),
        ]
        indexes = [
            models.Index(fields=["deal", "-id"], name="event_feed_of_a_deal"),
            models.Index(
                fields=["contact", "-id"],
                condition=Q(contact__isnull=False),
                name="event_feed_of_a_contact",
            ),
            models.Index(
                fields=["company", "-id"],
                condition=Q(company__isnull=False),
                name="event_feed_of_a_company",
            ),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise KeptForGood
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise KeptForGood

    def __str__(self) -> str:
        from pipelines import registry

        verb = registry.verbs.get(self.verb)
        return f"{verb.label if verb else self.verb}, {timezone.localtime(self.at):%d.%m.%Y %H:%M}"


class StandingChanges(models.Manager["StageChange"]):
    """The passages that stand: one that was undone never happened, as far as anybody counts."""

    def get_queryset(self) -> models.QuerySet[StageChange]:
        return super().get_queryset().filter(undone_at=None)


class StageChange(models.Model):
    """One passage of a deal from a stage to another; the first has no `from_stage`."""

    deal = models.ForeignKey(
        "crm.Deal", models.PROTECT, related_name="stage_changes", verbose_name=_("deal")
    )
    from_stage = models.ForeignKey(
        "Stage", models.PROTECT, null=True, related_name="+", verbose_name=_("from the stage")
    )
    to_stage = models.ForeignKey(
        "Stage", models.PROTECT, related_name="+", verbose_name=_("to the stage")
    )
    event = models.OneToOneField(
        Event, models.PROTECT, related_name="stage_change", verbose_name=_("feed entry")
    )
    at = models.DateTimeField(verbose_name=_("at"))
    # How long the deal had stood on `from_stage`; reports sum it without a self-join.
    stayed = models.DurationField(null=True, verbose_name=_("stood before"))
    # The deal as it was, for `pipelines.undoing`: its columns, and the fields filled in with the move.
    before = models.JSONField(_("as it was before"), default=dict)
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = StandingChanges()
    every: models.Manager[StageChange] = models.Manager()

    class Meta:
        verbose_name = _("stage passage")
        verbose_name_plural = _("stage passages")
        indexes = [
            models.Index(fields=["deal", "-at"], name="stagechange_of_a_deal"),
        ]

    def __str__(self) -> str:
        return f"{self.from_stage} → {self.to_stage}" if self.from_stage else str(self.to_stage)


class Timer(models.Model):
    """A moment at which a rule runs on a deal; armed, re-armed and cancelled with what made it necessary."""

    class State(models.TextChoices):
        ARMED = "armed", _("armed")
        FIRED = "fired", _("fired")
        CANCELLED = "cancelled", _("cancelled")
        FAILED = "failed", _("failed")

    deal = models.ForeignKey(
        "crm.Deal", models.CASCADE, related_name="timers", verbose_name=_("deal")
    )
    rule = models.ForeignKey("Rule", models.CASCADE, related_name="timers", verbose_name=_("rule"))
    due_at = models.DateTimeField(_("due at"))
    occasion = models.CharField(_("occasion"), max_length=100)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.ARMED)
    ended_at = models.DateTimeField(_("fired or cancelled at"), null=True)

    class Meta:
        verbose_name = _("timer")
        verbose_name_plural = _("timers")
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "rule"], condition=Q(state="armed"), name="one_armed_timer_a_rule"
            ),
        ]
        indexes = [
            # The tick reads only what is due; fired and cancelled rows never weigh on it.
            models.Index(fields=["due_at"], condition=Q(state="armed"), name="timer_due"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}, {self.due_at:%d.%m.%Y %H:%M}"


class RuleRun(models.Model):
    """One run of a rule on a deal for one occasion: what it saw and what came of it."""

    class Status(models.TextChoices):
        OK = "ok", _("done")
        SKIPPED = "skipped", _("condition not met")
        FAILED = "failed", _("failed")
        LOOPED = "looped", _("stopped in a loop")
        UNDONE = "undone", pgettext_lazy("run", "taken back")

    rule = models.ForeignKey(
        "Rule", models.CASCADE, related_name="runs", verbose_name=_("rule"), db_index=False
    )
    deal = models.ForeignKey(
        "crm.Deal", models.CASCADE, related_name="rule_runs", verbose_name=_("deal")
    )
    occasion = models.CharField(_("occasion"), max_length=100)
    status = models.CharField(_("status"), max_length=7, choices=Status.choices)
    values = models.JSONField(_("values it saw"), default=dict)
    result = models.JSONField(_("result"), default=dict)
    error = models.TextField(_("error"), blank=True)
    cause = models.ForeignKey(
        Event, models.SET_NULL, null=True, related_name="rule_runs", verbose_name=_("caused by")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("rule's run")
        verbose_name_plural = _("rules' runs")
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "rule", "occasion"], name="a_rule_runs_once_an_occasion"
            ),
        ]
        indexes = [
            models.Index(
                fields=["-at"],
                condition=Q(status__in=["failed", "looped"]),
                name="rulerun_to_be_looked_at",
            ),
            # How often each rule acted this month, from the index alone; in the place of the key's own index.
            models.Index(fields=["rule", "at"], include=["status"], name="rulerun_of_a_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule}, {self.at:%d.%m.%Y %H:%M}"


class Offer(models.Model):
    """Something a rule proposes and a person does with one click: a registered action, kept for later."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("offer", "open")
        TAKEN = "taken", _("taken")
        WITHDRAWN = "withdrawn", _("withdrawn")

    deal = models.ForeignKey(
        "crm.Deal", models.CASCADE, related_name="offers", verbose_name=_("deal")
    )
    rule = models.ForeignKey("Rule", models.CASCADE, related_name="+", verbose_name=_("rule"))
    action = models.CharField(max_length=40, verbose_name=_("action"))
    params = models.JSONField(default=dict, verbose_name=_("parameters"))
    text = models.CharField(max_length=200, verbose_name=_("text"))
    state = models.CharField(
        max_length=9, choices=State.choices, default=State.OPEN, verbose_name=_("state")
    )
    at = models.DateTimeField(verbose_name=_("at"))

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = [
            models.UniqueConstraint(
                fields=["deal", "action", "params"],
                condition=Q(state="open"),
                name="the_same_is_offered_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text
