"""The pages of a stage, a field and an outcome, each with the rules that hang on it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, ClassVar

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines.catalog import CompiledPipeline
from pipelines.guards import role_label
from pipelines.models import (
    Field,
    Pipeline,
    Question,
    Rule,
    Scenario,
    Stage,
    StageChange,
    StageRight,
)
from pipelines.saying import say_period

from .access import CrmAdminAccess
from .definitions import compiled, kind_choices, task_choices
from .editions import SEEN, RegulationAdmin
from .entries import _with_unknown
from .forms import CodedForm, FieldPageForm, PageForm, StageForm
from .rule import add_rule_url, stage_adds
from .widgets import bare
from .words import RuleGroup, rule_lines, rules_of


def rule_groups(pipeline: Pipeline, known: CompiledPipeline) -> list[RuleGroup]:
    """All rules of a pipeline in the order of the regulation: stage by stage, every stage, outcome by outcome."""
    lines: dict[tuple[int | None, int | None], list[Any]] = defaultdict(list)
    for line in rule_lines(rules_of(pipeline), known):
        scenario_id = line.rule.scenario_id
        lines[None if scenario_id else line.rule.stage_id, scenario_id].append(line)
    groups = [
        RuleGroup(
            str(stage),
            lines[stage.pk, None],
            reverse("admin:pipelines_stage_change", args=[stage.pk]),
            add_rule_url(pipeline, stage=stage.pk),
            stage.is_active,
        )
        for stage in pipeline.stages.order_by("position", "pk")
    ]
    groups.append(RuleGroup(_("On every stage"), lines[None, None], add=add_rule_url(pipeline)))
    groups += [
        RuleGroup(
            _("Outcome “%(outcome)s”") % {"outcome": scenario},
            lines[None, scenario.pk],
            reverse("admin:pipelines_scenario_change", args=[scenario.pk]),
            add_rule_url(pipeline, scenario=scenario.pk, when="choose"),
            scenario.is_active,
        )
        for scenario in pipeline.scenarios.order_by("position", "pk")
    ]
    return groups


class PlaceAdmin(RegulationAdmin):
    """A row of one pipeline that has a page of its own; new ones are added on the pipeline's page."""

    change_form_template = "admin/pipelines/place.html"
    list_filter: ClassVar[Any] = ("pipeline", "is_active")
    list_select_related = ("pipeline",)
    readonly_fields = ("code", "fate")

    class Media:
        js = ("admin_rules/editor.js",)
        css = {"all": ("admin_rules/editor.css",)}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            request.rule_pipeline = compiled(row.pipeline)  # type: ignore[attr-defined]
        return row

    def rules(self, row: Any, known: CompiledPipeline) -> list[RuleGroup]:
        return []

    def adds(self, row: Any) -> list[tuple[str, str]]:
        return []

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = kwargs["obj"]
        context |= {
            "rule_groups": self.rules(row, request.rule_pipeline),  # type: ignore[attr-defined]
            "adds": self.adds(row),
            "row_pipeline": row.pipeline,
        }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=gettext_lazy("deleting"))
    def fate(self, row: Any) -> str:
        return _(
            "Deals and rules know it by its code, so it is not deleted: switch it off, and it can come back."
        )


class RightForm(forms.ModelForm):
    class Meta:
        model = StageRight
        fields = ("ability", "group")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["group"]
        field.label_from_instance = lambda group: role_label(group.name)
        bare(field.widget)


class RightInline(CrmAdminAccess, admin.TabularInline):
    model = StageRight
    form = RightForm
    extra = 0
    verbose_name = gettext_lazy("right")
    verbose_name_plural = gettext_lazy("rights: an ability without a role here is everybody's")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "group":
            kwargs["queryset"] = Group.objects.order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Stage)
class StageAdmin(PlaceAdmin):
    form = StageForm
    inlines = (RightInline,)
    list_display = ("name", "pipeline", "kind", "time_limit", "is_active")
    search_fields = ("name", "code")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("pipeline", SEEN),
                    "name",
                    ("kind", "color", "position"),
                    "limit",
                    "needs_task",
                    "starts",
                )
            },
        ),
        (gettext_lazy("What the manager reads"), {"fields": ("goal", "general_rules", "script")}),
        (gettext_lazy("State"), {"fields": ("is_active", "code", "fate")}),
    )

    @admin.display(description=gettext_lazy("limit"))
    def time_limit(self, row: Stage) -> str:
        return say_period(row.limit) if row.limit else "—"

    def rules(self, row: Any, known: CompiledPipeline) -> list[RuleGroup]:
        titles = dict(Rule.When.choices)
        by_when: dict[str, list[Any]] = defaultdict(list)
        for line in rule_lines(rules_of(row.pipeline, stage=row), known):
            by_when[line.rule.when].append(line)
        return [
            RuleGroup(
                str(titles[when]),
                by_when[when],
                add=add_rule_url(row.pipeline, stage=row.pk, when=when),
            )
            for when in titles
            if when in by_when
        ]

    def adds(self, row: Any) -> list[tuple[str, str]]:
        return stage_adds(row)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a stage on which nothing ever happened."""
        if obj is None or not super(PlaceAdmin, self).has_delete_permission(request, obj):
            return False
        known = apps.get_model("crm.Deal")._base_manager.filter(stage=obj.pk).exists()
        passed = (
            StageChange.objects.filter(to_stage=obj).exists()
            or StageChange.objects.filter(from_stage=obj).exists()
        )
        return not known and not passed and not obj.rules.exists()

    @admin.display(description=gettext_lazy("deleting"))
    def fate(self, row: Stage) -> str:
        number = apps.get_model("crm.Deal")._base_manager.filter(stage=row.pk).count()
        if number:
            return _(
                "Deals here: %(number)s. While there are any, the stage is neither deleted nor switched off."
            ) % {"number": number}
        if StageChange.objects.filter(to_stage=row).exists() or row.rules.exists():
            return _(
                "Deals have passed it or rules stand on it, so it is not deleted; it can be switched off."
            )
        return _("Nothing has happened on it yet: it can be deleted.")


@admin.register(Field)
class FieldAdmin(PlaceAdmin):
    form = FieldPageForm
    list_display = ("label", "pipeline", "record", "type", "tab", "is_active")
    list_filter = ("pipeline", "record", "type", "is_active")
    search_fields = ("label", "code")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("pipeline", SEEN),
                    "label",
                    ("type", "record"),
                    "choices",
                    ("tab", "position"),
                    "help_text",
                    "on_board",
                    "in_filter",
                )
            },
        ),
        (gettext_lazy("State"), {"fields": ("is_active", "code", "fate")}),
    )

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.base_fields["choices"].widget = forms.Textarea(attrs={"rows": 8, "cols": 50})
        return form


class ScenarioForm(CodedForm, PageForm):
    named_by = "label"

    class Meta:
        model = Scenario
        fields = (
            "pipeline",
            "label",
            "tasks",
            "kinds",
            "stages",
            "completes",
            "result",
            "on_card",
            "position",
            "is_active",
        )
        widgets = {"pipeline": forms.HiddenInput}

    tasks = forms.MultipleChoiceField(
        label=gettext_lazy("tasks"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("It is an outcome of these tasks; none ticked: of any."),
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("task kinds"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: of any kind."),
    )
    stages = forms.MultipleChoiceField(
        label=gettext_lazy("stages"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("None ticked: on any stage."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        row, fields = self.instance, self.fields
        choices: dict[str, list[tuple[str, str]]] = {
            "tasks": task_choices(row.pipeline),
            "kinds": kind_choices(),
            "stages": [
                (code, name)
                for code, name in row.pipeline.stages.filter(is_active=True)
                .order_by("position")
                .values_list("code", "name")
            ],
        }
        for name, found in choices.items():
            field: Any = fields[name]
            field.choices = _with_unknown(found, getattr(row, name))

    def _kept_order(self, name: str) -> list[str]:
        """As it was written where the same is ticked: ticking nothing anew must not make an edition."""
        chosen: list[str] = self.cleaned_data[name]
        before = getattr(self.instance, name) if self.instance.pk else []
        return list(before) if set(chosen) == set(before) else chosen

    def clean_tasks(self) -> list[str]:
        return self._kept_order("tasks")

    def clean_kinds(self) -> list[str]:
        return self._kept_order("kinds")

    def clean_stages(self) -> list[str]:
        return self._kept_order("stages")


class QuestionInline(CrmAdminAccess, admin.TabularInline):
    model = Question
    extra = 0
    fields = ("position", "code", "label", "type", "required")
    verbose_name_plural = gettext_lazy("what it asks")


@admin.register(Scenario)
class ScenarioAdmin(PlaceAdmin):
    form = ScenarioForm
    inlines = (QuestionInline,)
    list_display = ("label", "pipeline", "completes", "result", "is_active")
    search_fields = ("label", "code")
    fieldsets = (
        (None, {"fields": (("pipeline", SEEN), "label", "result", "completes", "on_card")}),
        (gettext_lazy("Where it is offered"), {"fields": ("tasks", "kinds", "stages")}),
        (gettext_lazy("State"), {"fields": (("is_active", "position"), "code", "fate")}),
    )

    def rules(self, row: Any, known: CompiledPipeline) -> list[RuleGroup]:
        lines = rule_lines(rules_of(row.pipeline, scenario=row), known)
        return [
            RuleGroup(
                _("What it brings"),
                lines,
                add=add_rule_url(row.pipeline, scenario=row.pk, when="choose"),
            )
        ]
