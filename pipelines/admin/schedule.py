"""Working time: hours of the week, special days, holidays; pipelines that count by it learn of a change at once."""

from __future__ import annotations

from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from pipelines.models import Pipeline, Schedule, ScheduleDay, ScheduleHours
from pipelines.playbook.editions import recount

from .access import CrmAdminAccess
from .forms import CodedForm


def zones() -> list[tuple[str, str]]:
    """Zones that people live in: continent and city."""
    wanted = (
        "Europe/",
        "Asia/",
        "America/",
        "Africa/",
        "Australia/",
        "Atlantic/",
        "Pacific/",
        "Indian/",
    )
    return [
        (name, name.replace("_", " "))
        for name in sorted(available_timezones())
        if name.startswith(wanted)
    ]


class ScheduleForm(CodedForm):
    time_zone = forms.ChoiceField(label=gettext_lazy("time zone"), choices=zones)
    countries = forms.MultipleChoiceField(
        label=gettext_lazy("public holidays of"),
        required=False,
        choices=Schedule.Country.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Schedule
        fields = ("name", "time_zone", "countries")


# Django's own widget has seconds, and warns in each row of the server's zone, which these hours do not know.
HOURS_AND_MINUTES = {
    models.TimeField: {"widget": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}
}


class HoursInline(CrmAdminAccess, admin.TabularInline):
    model = ScheduleHours
    formfield_overrides: ClassVar[Any] = HOURS_AND_MINUTES
    extra = 0
    verbose_name_plural = gettext_lazy(
        "working hours (a break is the gap between two rows of a day)"
    )


class DaysInline(CrmAdminAccess, admin.TabularInline):
    model = ScheduleDay
    formfield_overrides: ClassVar[Any] = HOURS_AND_MINUTES
    extra = 0


@admin.register(Schedule)
class ScheduleAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = ScheduleForm
    inlines = (HoursInline, DaysInline)
    list_display = ("name", "time_zone", "holidays", "used_by")

    class Media:
        css = {"all": ("admin_rules/editor.css",)}

    @admin.display(description=gettext_lazy("public holidays of"))
    def holidays(self, schedule: Schedule) -> str:
        labels = dict(Schedule.Country.choices)
        return ", ".join(str(labels.get(code, code)) for code in schedule.countries)

    @admin.display(description=gettext_lazy("pipelines"))
    def used_by(self, schedule: Schedule) -> str:
        return ", ".join(pipeline.name for pipeline in schedule.pipeline_set.all())

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("pipeline_set")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if change and (form.has_changed() or any(formset.has_changed() for formset in formsets)):
            for pipeline in Pipeline.objects.select_for_update(of=("self",)).filter(
                schedule=form.instance
            ):
                recount(pipeline)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (not isinstance(obj, Schedule) or not obj.pipeline_set.exists())
