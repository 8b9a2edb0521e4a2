"""Where requests come from and go to: sources with their secrets, and the rules that a playbook brought."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from crm.models import ClientRule, IntakeRule, IntakeSource, RequestKind
from pipelines.admin.access import CrmAdminAccess
from pipelines.guards import role_label
from pipelines.models import Pipeline

# Letters come by mail, not by a post.
HOOKS = {
    RequestKind.CALLS: "crm:hook_calls",
    RequestKind.FORMS: "crm:hook_forms",
    RequestKind.MESSAGES: "crm:hook_messages",
}


def playbooks() -> list[tuple[str, str]]:
    known = Pipeline.objects.filter(is_active=True).values_list("playbook", flat=True)
    return [(code, code) for code in sorted(set(known))]


def pipelines() -> list[tuple[str, str]]:
    found = Pipeline.objects.filter(is_active=True).order_by("position", "name")
    return [("", "—"), *found.values_list("code", "name")]


def some_role() -> list[tuple[str, str]]:
    names = Group.objects.order_by("pk").values_list("name", flat=True)
    return [("", "—"), *((name, role_label(name)) for name in names)]


class SourceForm(forms.ModelForm):
    kinds = forms.MultipleChoiceField(
        label=_("what it may send"),
        choices=[(kind, kind.label) for kind in HOOKS],
        widget=forms.CheckboxSelectMultiple,
    )
    playbook = forms.ChoiceField(label=_("playbook"), choices=playbooks)
    pipeline = forms.ChoiceField(
        label=_("pipeline"),
        choices=pipelines,
        required=False,
        help_text=_("Empty: as the playbook says."),
    )

    class Meta:
        model = IntakeSource
        fields = ("name", "code", "playbook", "kinds", "pipeline", "tags", "secret", "is_active")


@admin.register(IntakeSource)
class IntakeSourceAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = SourceForm
    list_display = ("name", "code", "playbook", "says_kinds", "is_active")
    list_filter = ("playbook", "is_active")
    prepopulated_fields = {"code": ("name",)}
    readonly_fields = ("addresses",)

    @admin.display(description=_("what it may send"))
    def says_kinds(self, source: Any) -> str:
        return ", ".join(str(RequestKind(kind).label) for kind in source.kinds)

    @admin.display(description=_("posts to"))
    def addresses(self, source: Any) -> SafeString | str:
        """Where it posts; signed as docs/hooks.md says."""
        if not source.pk:
            return "—"
        lines = [(reverse(HOOKS[RequestKind(kind)], args=[source.code]),) for kind in source.kinds]
        return format_html("{}", format_html_join("", "<code>POST {}</code><br>", lines))


class IntakeRuleForm(forms.ModelForm):
    """By names what a playbook writes by codes."""

    playbook = forms.ChoiceField(label=_("playbook"), choices=playbooks)
    pipeline = forms.ChoiceField(label=_("pipeline"), choices=pipelines, required=False)
    role = forms.ChoiceField(label=_("to somebody of the role"), choices=some_role, required=False)

    class Meta:
        model = IntakeRule
        fields = (
            "playbook", "kind", "source", "pipeline", "also", "role", "distribute", "tags", "fields",
        )  # fmt: skip
        help_texts: ClassVar[dict[str, Any]] = {
            "also": _("Codes of pipelines by commas: an open deal there takes the request."),
            "tags": _("Several by commas."),
            "fields": _("As JSON: what they call a field, and the code of ours."),
        }


@admin.register(IntakeRule)
class IntakeRuleAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = IntakeRuleForm
    list_display = ("kind", "playbook", "source", "into", "to_role", "distribute", "said_tags")
    list_filter = ("playbook", "kind")

    @admin.display(description=_("pipeline"), ordering="pipeline")
    def into(self, rule: IntakeRule) -> str:
        return dict(pipelines()).get(rule.pipeline, rule.pipeline)

    @admin.display(description=_("to somebody of the role"), ordering="role")
    def to_role(self, rule: IntakeRule) -> str:
        return role_label(rule.role) if rule.role else "—"

    @admin.display(description=_("tags"))
    def said_tags(self, rule: IntakeRule) -> str:
        return ", ".join(rule.tags) or "—"


@admin.register(ClientRule)
class ClientRuleAdmin(CrmAdminAccess, admin.ModelAdmin):
    list_display = ("playbook", "one_manager")
