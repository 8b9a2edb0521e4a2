"""The page of a pipeline: stages, fields and outcomes to edit in rows, its rules read aloud, its editions."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines.models import Field, Pipeline, Scenario, Stage

from .access import CrmAdminAccess
from .definitions import compiled
from .edition import latest
from .editions import SEEN, RegulationAdmin
from .forms import FieldForm, PipelineForm, ScenarioRowForm, StageRowForm
from .places import rule_groups
from .rule import add_rule_url


class RowInline(CrmAdminAccess, admin.TabularInline):
    """Rows in their order; what is not needed any more is switched off, not deleted."""

    extra = 0
    can_delete = False
    show_change_link = True
    classes = ("rule-rows",)


class StageInline(RowInline):
    model = Stage
    form = StageRowForm
    fields = ("position", "name", "kind", "color", "limit", "needs_task", "is_active")
    verbose_name_plural = gettext_lazy("stages")


class FieldInline(RowInline):
    model = Field
    form = FieldForm
    fields = ("position", "label", "type", "record", "tab", "choices", "is_active")
    verbose_name_plural = gettext_lazy("fields")


class ScenarioInline(RowInline):
    model = Scenario
    form = ScenarioRowForm
    fields = ("position", "label", "result", "completes", "is_active")
    verbose_name_plural = gettext_lazy("outcomes of tasks")


@admin.register(Pipeline)
class PipelineAdmin(RegulationAdmin):
    form = PipelineForm
    inlines = (StageInline, FieldInline, ScenarioInline)
    list_display = ("name", "playbook", "schedule", "edition", "is_active")
    list_select_related = ("schedule",)
    search_fields = ("name", "code")
    readonly_fields = ("edition",)
    change_form_template = "admin/pipelines/pipeline.html"
    fieldsets = (
        (
            None,
            {"fields": ("name", ("currency", "schedule", "position"), "note", ("is_active", SEEN))},
        ),
        (
            gettext_lazy("For playbooks"),
            {"fields": ("code", "playbook", "edition"), "classes": ("collapse",)},
        ),
    )

    class Media:
        js = ("vendor/sortable/Sortable.min.js", "admin_rules/editor.js")
        css = {"all": ("admin_rules/editor.css",)}

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        # A new pipeline gets its stages first; fields and outcomes follow on its page.
        return self.inlines if obj is not None else (StageInline,)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if (pipeline := kwargs.get("obj")) is not None:
            known = compiled(pipeline)
            context |= {
                "rule_groups": rule_groups(pipeline, known),
                "add_rule": add_rule_url(pipeline),
                "latest_editions": latest(pipeline),
                "rules_title": _("Rules"),
            }
        return super().render_change_form(request, context, *args, **kwargs)
