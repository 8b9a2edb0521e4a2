"""Working time as an administrator writes it down; `pipelines.clock` counts with it."""

from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from pipelines import clock


class Schedule(models.Model):
    """The working hours, the time zone and the holidays by which a pipeline counts time."""

    class Country(models.TextChoices):
        RUSSIA = "RU", _("Russia")
        BELARUS = "BY", _("Belarus")

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Moscow")
    countries = ArrayField(
        models.CharField(max_length=2, choices=Country.choices),
        verbose_name=_("public holidays of"),
        default=list,
        blank=True,
    )

    class Meta:
        verbose_name = _("working time")
        verbose_name_plural = _("working time")

    def __str__(self) -> str:
        return self.name

    def calendar(self) -> clock.WorkCalendar:
        """The frozen calendar that durations are counted with; three queries, so compile it once."""
        week: dict[int, list[tuple[time, time]]] = {}
        for row in self.hours.all():
            week.setdefault(row.weekday, []).append((row.start, row.end))
        special = list(self.days.all())
        return clock.WorkCalendar(
            zone=self.time_zone,
            week={weekday: tuple(sorted(spans)) for weekday, spans in week.items()},
            countries=tuple(self.countries),
            days_off=frozenset(day.date for day in special if not day.start),
            work_days={
                day.date: ((day.start, day.end),) for day in special if day.start and day.end
            },
        )


class ScheduleHours(models.Model):
    """One working interval of one weekday; a lunch break is the gap between two of them."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    schedule = models.ForeignKey(
        Schedule, models.CASCADE, related_name="hours", verbose_name=_("working time")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    start = models.TimeField(_("from"))
    end = models.TimeField(_("till"))

    class Meta:
        ordering = ["weekday", "start"]
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.start:%H:%M}–{self.end:%H:%M}"

    def clean(self) -> None:
        if self.start and self.end and self.start >= self.end:
            raise ValidationError(_("The interval must end after it begins."))


class ScheduleDay(models.Model):
    """A single date that breaks the weekly pattern: a day off, or a day worked with hours of its own."""

    schedule = models.ForeignKey(
        Schedule, models.CASCADE, related_name="days", verbose_name=_("working time")
    )
    date = models.DateField(_("date"))
    start = models.TimeField(_("works from"), null=True, blank=True)
    end = models.TimeField(_("works till"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=100, blank=True)

    class Meta:
        ordering = ["date"]
        verbose_name = _("special day")
        verbose_name_plural = _("special days (empty hours: a day off)")
        constraints = [
            models.UniqueConstraint(fields=["schedule", "date"], name="one_special_day_a_date")
        ]

    def __str__(self) -> str:
        return f"{self.date:%d.%m.%Y}"

    def clean(self) -> None:
        if bool(self.start) != bool(self.end):
            raise ValidationError(_("Give both hours, or neither for a day off."))
