"""What a playbook brings beside its pipelines: tags, and rules about names and passwords."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from crm.models import (
    ListedTag,
    NamingRule,
    PasswordRule,
    Tag,
    TagList,
)
from pipelines.admin.access import CrmAdminAccess
from pipelines.admin.forms import COLOURS


class TagForm(forms.ModelForm):
    color = forms.ChoiceField(label=_("colour"), choices=COLOURS, initial="secondary")

    class Meta:
        model = Tag
        fields = ("name", "color")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = self.instance.color
        if kept not in dict(COLOURS):
            self.fields["color"].choices = [*COLOURS, (kept, kept)]  # type: ignore[attr-defined]


@admin.register(Tag)
class TagAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = TagForm
    list_display = ("name", "colour")
    search_fields = ("name",)

    @admin.display(description=_("colour"), ordering="color")
    def colour(self, tag: Tag) -> str:
        return str(dict(COLOURS).get(tag.color, tag.color))


class ListedTagInline(admin.TabularInline):
    model = ListedTag
    extra = 1


@admin.register(TagList)
class TagListAdmin(CrmAdminAccess, admin.ModelAdmin):
    list_display = ("playbook", "only", "clause")
    inlines = (ListedTagInline,)


@admin.register(PasswordRule)
class PasswordRuleAdmin(CrmAdminAccess, admin.ModelAdmin):
    list_display = ("playbook", "months", "warn_days", "clause")


@admin.register(NamingRule)
class NamingRuleAdmin(CrmAdminAccess, admin.ModelAdmin):
    list_display = (
        "playbook",
        "record",
        "least",
        "most",
        "clause",
        "order",
        "legal_form",
        "capitals",
    )
    list_filter = ("playbook",)
