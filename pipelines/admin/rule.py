"""The page of one rule: its occasion, what it requires or does with the entry's own widgets, its conditions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import registry
from pipelines.models import Condition, Pipeline, Rule, Stage
from pipelines.numbers import whole
from pipelines.playbook.checking import PASSABLE
from pipelines.playbook.parsing import BY_HAND
from pipelines.playbook.specs import RuleSpec
from pipelines.rule_words import RuleLine, date_choices

from .access import CrmAdminAccess
from .codes import free_code
from .definitions import compiled, entry_choices, verb_choices
from .editions import SEEN, RegulationAdmin, SeenForm
from .entries import EntryForm, params_form, role_choices
from .widgets import DurationWidget, bare

# What each occasion needs beside itself, and what it may have; everything else is emptied.
NEEDS = {
    "enter": (),
    "leave": (),
    "stay": ("period",),
    "before": ("period", "date"),
    "after": ("period", "date"),
    "on": ("verb",),
    "choose": ("scenario",),
    "task": (),
    "finish": (),
}
MAY_HAVE = {when: () if when == "choose" else ("stage",) for when in NEEDS}
PLACES = ("stage", "scenario", "period", "date", "verb")
ASKED_AT = ("enter", "leave", "choose", *BY_HAND)


def find(choice: str) -> Any:
    """The entry behind «require.fields» or «do.create_task»; None for anything else."""
    effect, _dot, name = choice.partition(".")
    return {"require": registry.guards, "do": registry.actions}.get(effect, {}).get(name)  # type: ignore[attr-defined]


class RuleForm(EntryForm, SeenForm):
    """Effect and guard or action are one choice: «requires: filled in», «does: set a task»."""

    entry_field = "what"
    what = forms.ChoiceField(label=gettext_lazy("what it requires or does"))
    period = forms.CharField(label=gettext_lazy("period"), required=False, widget=DurationWidget)
    date = forms.ChoiceField(label=gettext_lazy("date"), required=False)
    verb = forms.ChoiceField(label=gettext_lazy("event"), required=False)
    overridable_by = forms.MultipleChoiceField(
        label=gettext_lazy("may be passed by"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "Roles that may pass the requirement once, with a reason and a day by which it is put right."
        ),
    )

    class Meta:
        model = Rule
        fields = (
            "pipeline",
            "clause",
            "when",
            *PLACES,
            "params",
            "message",
            "overridable_by",
            "is_active",
        )
        labels = {"clause": gettext_lazy("clause of the regulation")}
        widgets = {
            "pipeline": forms.HiddenInput,
            "message": forms.TextInput(attrs={"class": "vTextField"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance = kwargs.get("instance")
        if instance is not None and instance.pk:
            kwargs["initial"] = {"what": f"{instance.effect}.{instance.name}"} | (
                kwargs.get("initial") or {}
            )
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["what"].choices = [
            ("", "—"),
            (_("requires"), entry_choices(dict(registry.guards), "require.")),
            (_("does"), entry_choices(dict(registry.actions), "do.")),
        ]
        fields["when"].widget.attrs["data-when"] = ""
        fields["date"].choices = self._choices("date", date_choices(self.compiled))
        fields["verb"].choices = self._choices("verb", verb_choices())
        for name in ("stage", "scenario"):
            kept = getattr(self.instance, f"{name}_id")
            rows = fields[name].queryset.filter(pipeline=self.compiled.id)
            fields[name].queryset = rows.filter(is_active=True) | rows.filter(pk=kept)
            bare(fields[name].widget)
        fields["overridable_by"].choices = role_choices(list(self.instance.overridable_by))
        fields["stage"].empty_label = _("every stage")
        fields["scenario"].empty_label = "—"

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
        kept = getattr(self.instance, name)
        unknown = [(kept, kept)] if kept and kept not in dict(choices) else []
        return [("", "—"), *choices, *unknown]

    def find_entry(self, chosen: str) -> Any:
        return find(chosen)

    def stored_choice(self) -> str:
        return f"{self.instance.effect}.{self.instance.name}"

    def clean_pipeline(self) -> Pipeline:
        pipeline: Pipeline = self.cleaned_data["pipeline"]
        if pipeline.pk != self.compiled.id:
            raise forms.ValidationError(_("A rule stays in its pipeline."))
        return pipeline

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        when, what = cleaned.get("when"), cleaned.get("what") or ""
        if when in NEEDS:
            for name in PLACES:
                if name in NEEDS[when] and not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("This occasion needs it."))
                elif name not in (*NEEDS[when], *MAY_HAVE[when]):
                    cleaned[name] = None if name in ("stage", "scenario") else ""
            if what.startswith("require.") and when not in ASKED_AT:
                self.add_error(
                    "what",
                    _(
                        "Only entering, leaving or choosing an outcome can be refused; here a rule does something."
                    ),
                )
            if what.startswith("do.") and when in BY_HAND:
                self.add_error(
                    "what", _("What a person does with a task can only be refused here.")
                )
        effect, _dot, name = what.partition(".")
        if cleaned.get("overridable_by") and (effect, when) not in PASSABLE:
            self.add_error(
                "overridable_by",
                _("Only a requirement of entering or leaving a stage can be passed."),
            )
        self.instance.effect, self.instance.name = (
            effect or self.instance.effect,
            name or self.instance.name,
        )
        return cleaned

    def save(self, commit: bool = True) -> Any:
        if not self.instance.code:
            self.instance.code = self._free_code()
            rules = Rule.objects.filter(pipeline=self.instance.pipeline_id)
            self.instance.position = (rules.aggregate(last=Max("position"))["last"] or 0) + 1
        return super().save(commit)

    def _free_code(self) -> str:
        rule = self.instance
        spec = RuleSpec(
            name=rule.name,
            params={},
            clause=rule.clause,
            when=rule.when,
            effect=rule.effect,
            stage=rule.stage.code if rule.stage else "",
            scenario=rule.scenario.code if rule.scenario else "",
        )
        taken = set(Rule.objects.filter(pipeline=rule.pipeline_id).values_list("code", flat=True))
        return free_code(spec.base_code, taken)


class ConditionForm(EntryForm):
    name = forms.ChoiceField(label=gettext_lazy("guard"))

    class Meta:
        model = Condition
        fields = ("negated", "name", "params")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["name"]
        choice.choices = [("", "—"), *entry_choices(dict(registry.guards))]

    def find_entry(self, chosen: str) -> Any:
        return registry.guards.get(chosen)


class ConditionInline(CrmAdminAccess, admin.StackedInline):
    model = Condition
    form = ConditionForm
    extra = 1
    fields = (("negated", "name"), "params")
    verbose_name = gettext_lazy("condition")
    verbose_name_plural = gettext_lazy("conditions: the rule applies when all of them hold")
    classes = ("rule-conditions",)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.compiled = request.rule_pipeline  # type: ignore[attr-defined]
        return formset


@admin.register(Rule)
class RuleAdmin(RegulationAdmin):
    """Rules are added from their stage, scenario or pipeline, which stand in the address."""

    form = RuleForm
    inlines = (ConditionInline,)
    list_display = ("clause", "place", "what", "pipeline", "is_active")
    list_display_links = ("clause", "what")
    list_filter = ("pipeline", "when", "effect", "is_active")
    search_fields = ("clause", "code", "name", "stage__name", "scenario__label")
    search_help_text = gettext_lazy("By clause, code, stage or outcome.")
    list_select_related = ("pipeline__schedule", "stage", "scenario")
    list_per_page = 50
    readonly_fields = ("in_words", "code")
    fieldsets = (
        (None, {"fields": ("in_words", "clause", ("pipeline", SEEN))}),
        (gettext_lazy("When"), {"fields": ("when", *PLACES)}),
        (gettext_lazy("What"), {"fields": ("what", "params", "message", "overridable_by")}),
        (gettext_lazy("State"), {"fields": ("is_active", "code")}),
    )

    class Media:
        js = ("admin_rules/editor.js",)
        css = {"all": ("admin_rules/editor.css",)}

    def get_urls(self) -> list[Any]:
        drawn = self.admin_site.admin_view(self.draw_params)
        return [path("params/", drawn, name="pipelines_rule_params"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        return super().get_queryset(request).prefetch_related("conditions")

    @admin.display(description=gettext_lazy("when"), ordering="when")
    def place(self, rule: Rule) -> str:
        return RuleLine(rule, compiled(rule.pipeline)).when

    @admin.display(description=gettext_lazy("what"))
    def what(self, rule: Rule) -> str:
        line = RuleLine(rule, compiled(rule.pipeline))
        conditions = format_html_join(
            "", '<div class="rule-if">{}</div>', ((item,) for item in line.conditions)
        )
        return format_html("{}{}", line.what, conditions)

    @admin.display(description=gettext_lazy("in words"))
    def in_words(self, rule: Rule) -> str:
        if not rule.pk:
            return "—"
        line = RuleLine(rule, compiled(rule.pipeline))
        return format_html(
            '<div class="rule-said"><b>{}</b> {} <b>{}</b> {}</div>{}',
            rule.clause,
            line.when,
            line.effect,
            line.what,
            format_html_join(
                "", '<div class="rule-if">{}</div>', ((item,) for item in line.conditions)
            ),
        )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return self.fieldsets
        return [(None, {"fields": ("clause", ("pipeline", SEEN))}), *self.fieldsets[1:3]]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        number = request.GET.get("pipeline") or request.POST.get("pipeline") or ""
        pipeline = Pipeline.objects.filter(pk=whole(number) or 0).first()
        if pipeline is None:
            self.message_user(
                request, _("Open a pipeline and add the rule where it belongs."), messages.INFO
            )
            return redirect("admin:pipelines_pipeline_changelist")
        request.rule_pipeline = compiled(pipeline)  # type: ignore[attr-defined]
        return super().add_view(request, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_changeform_initial_data(request) | {"is_active": True}

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        rule = super().get_object(request, object_id, from_field)
        if rule is not None:
            request.rule_pipeline = compiled(rule.pipeline)  # type: ignore[attr-defined]
        return rule

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.compiled = request.rule_pipeline  # type: ignore[attr-defined]
        return form

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        pipeline = request.rule_pipeline  # type: ignore[attr-defined]
        context["rule_pipeline"] = pipeline
        context["show_save_and_add_another"] = False
        context["params_url"] = f"{reverse('admin:pipelines_rule_params')}?pipeline={pipeline.id}"
        return super().render_change_form(request, context, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A rule that ran is part of deals' history: it is switched off instead."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (not isinstance(obj, Rule) or not obj.runs.exists())

    def draw_params(self, request: HttpRequest) -> HttpResponse:
        """The widgets of one guard or action, for the page to put in when another one is chosen."""
        if not self.has_change_permission(request):
            raise Http404
        number = request.GET.get("pipeline", "")
        pipeline = compiled(get_object_or_404(Pipeline, pk=whole(number) or 0))
        chosen, name = request.GET.get("entry", ""), request.GET.get("prefix", "params")[:60]
        entry = find(chosen) if "." in chosen else registry.guards.get(chosen)
        form = None
        if entry is not None:
            typed = {
                key: request.GET.get(f"{name}-{key}")
                for key in entry.form.base_fields
                if request.GET.get(f"{name}-{key}")
            }
            form = params_form(entry, pipeline, prefix=name, raw=typed)
        return render(
            request, "admin/pipelines/params.html", {"form": form, "entry": chosen, "name": name}
        )


def add_rule_url(pipeline: Pipeline, **where: Any) -> str:
    """The page of a new rule, with its place filled in."""
    query = "&".join(
        f"{key}={value}" for key, value in {"pipeline": pipeline.pk, **where}.items() if value
    )
    return f"{reverse('admin:pipelines_rule_add')}?{query}"


def stage_adds(stage: Stage) -> list[tuple[str, str]]:
    """(url, label) of what can be added on a stage."""
    return [
        (add_rule_url(stage.pipeline, stage=stage.pk, when=when), label)
        for when, label in (
            ("enter", _("on entering")),
            ("leave", _("on leaving")),
            ("stay", _("after a stay")),
            ("task", _("on setting a task")),
            ("finish", _("on finishing a task")),
        )
    ]
