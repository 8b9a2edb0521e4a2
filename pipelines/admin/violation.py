"""Violations and overrides, to look up: nobody adds, changes or deletes one here."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from pipelines.models import Override, Violation

from .access import LogAdmin
from .search import DealSearch


@admin.register(Violation)
class ViolationAdmin(DealSearch, LogAdmin):
    list_display = ("at", "culprit", "clause", "deal", "text", "over", "said")
    list_display_links = ("at",)
    list_filter = ("pipeline",)
    list_select_related = ("culprit", "deal")
    ordering = ("-at", "-id")
    fields = (
        "at",
        "culprit",
        "clause",
        "rule",
        "deal",
        "text",
        "allowed",
        "over",
        "explanation",
        "explained_by",
        "explained_at",
        "excuse",
        "excused_by",
        "excused_at",
        "event",
        "occasion",
    )
    readonly_fields = fields

    @admin.display(description=gettext_lazy("excused"), boolean=True)
    def said(self, violation: Violation) -> bool:
        return violation.excused_at is not None


@admin.register(Override)
class OverrideAdmin(DealSearch, LogAdmin):
    list_display = ("at", "by", "clause", "deal", "message", "until", "task")
    list_display_links = ("at",)
    list_filter = ("pipeline",)
    list_select_related = ("by", "deal", "task")
    ordering = ("-at", "-id")
    fields = ("at", "by", "clause", "rule", "deal", "message", "reason", "until", "task", "event")
    readonly_fields = fields
