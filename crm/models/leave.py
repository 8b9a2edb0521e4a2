from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _


class LeaveQuerySet(models.QuerySet):
    def visible_to(self, user: models.Model) -> LeaveQuerySet:
        """One's own, those of the people one heads, and those in which one stands in; all for administrators."""
        led = user.led_ids  # type: ignore[attr-defined]
        return self if led is None else self.filter(Q(user__in=led) | Q(deputy=user))

    def lasting(self, now: datetime) -> LeaveQuerySet:
        return self.filter(starts_at__lte=now, ends_at__gt=now)


class Leave(models.Model):
    """Days on which a person is away and a deputy stands in for him."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="leaves", verbose_name=_("who")
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("deputy")
    )
    # From the first midnight to the last one, by the clock of whoever is away.
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    # The deputy was told that it has begun.
    told_at = models.DateTimeField(null=True, editable=False, verbose_name=_("deputy told at"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    created_at = models.DateTimeField(_("created at"))

    objects = LeaveQuerySet.as_manager()

    class Meta:
        verbose_name = _("leave")
        verbose_name_plural = _("leaves")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("starts_at")), name="a_leave_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=~Q(user=F("deputy")), name="nobody_stands_in_for_himself"
            ),
            # A range of one number instead of the number: PostgreSQL's own GiST knows no plain integers.
            ExclusionConstraint(
                name="one_leave_of_a_person_at_a_time",
                expressions=[
                    (
                        Func(
                            F("user"),
                            F("user"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            F("starts_at"),
                            F("ends_at"),
                            function="tstzrange",
                            output_field=DateTimeRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.first_day:%d.%m.%Y} – {self.last_day:%d.%m.%Y}"

    @property
    def first_day(self) -> date:
        return self.starts_at.astimezone(ZoneInfo(self.user.time_zone)).date()

    @property
    def last_day(self) -> date:
        """The last day away; of a leave cut short, the day on which it was."""
        last = (
            self.ends_at - timedelta(microseconds=1)
            if self.ends_at > self.starts_at
            else self.ends_at
        )
        return last.astimezone(ZoneInfo(self.user.time_zone)).date()
