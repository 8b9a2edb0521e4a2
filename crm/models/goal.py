from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Goal(models.Model):
    """What a person, or a whole team, is to sell in a month: a sum, a number of deals, or both."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
        db_index=False,
    )
    team = models.ForeignKey(
        "Team",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("team"),
    )
    month = models.DateField(_("month"), help_text=_("Its first day."))
    # None: over all the pipelines that one sells in.
    pipeline = models.ForeignKey(
        "pipelines.Pipeline",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("pipeline"),
        db_index=False,
    )
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.DecimalField(_("sum"), max_digits=14, decimal_places=2, null=True, blank=True)
    count = models.PositiveIntegerField(_("number of deals"), null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("set by"),
    )
    set_at = models.DateTimeField(_("set at"))

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        constraints = [
            # The page of goals reads a month's by this one, too.
            models.UniqueConstraint(
                fields=["month", "user", "team", "pipeline", "currency"],
                nulls_distinct=False,
                name="one_goal_a_month",
            ),
            models.CheckConstraint(
                condition=Q(user=None, team__isnull=False) | Q(user__isnull=False, team=None),
                name="a_goal_is_a_persons_or_a_teams",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(count__gt=0), name="a_goal_asks_for_something"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="a_goal_is_of_a_whole_month"),
        ]

    def __str__(self) -> str:
        return f"{self.user or self.team}, {self.month:%m.%Y}"
