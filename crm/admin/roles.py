"""Roles in the administration: named once, and what each may do beside working its deals."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy

from crm import roles
from crm.rights import RIGHTS
from pipelines.admin.access import CrmAdminAccess
from pipelines.guards import role_label

admin.site.unregister(Group)
_WORDS = dict(RIGHTS)


class Rights(forms.ModelMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, permission: Any) -> str:
        return str(capfirst(gettext(_WORDS[permission.codename])))


class RoleForm(forms.ModelForm):
    permissions = Rights(
        label=gettext_lazy("rights"),
        queryset=Permission.objects.filter(
            content_type__app_label="crm", codename__in=_WORDS
        ).order_by("pk"),
        required=False,
    )

    class Meta:
        model = Group
        fields = ("name", "permissions")
        labels = {"name": gettext_lazy("name")}
        help_texts = {
            "name": gettext_lazy("Rules know the role by this name; it can't be changed later.")
        }


@admin.register(Group)
class RoleAdmin(CrmAdminAccess, admin.ModelAdmin):
    """Roles: known by name to rules, rights and playbooks."""

    plural = gettext_lazy("roles")

    form = RoleForm
    list_display = ("label", "in_rules", "people", "may")
    ordering = ("pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        found = super().get_queryset(request).annotate(people=Count("user", distinct=True))
        return found.prefetch_related("permissions")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("name", "permissions")
        return ("label", "in_rules", "people", *self._rights_of(obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        everything = ("everything",) if self._may_everything(obj) else ()
        return () if obj is None else ("label", "in_rules", "people", *everything)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        group = self.get_object(request, object_id)
        named = {"subtitle": role_label(group.name)} if group else {}
        return super().change_view(request, object_id, form_url, named | (extra_context or {}))

    @admin.display(description=gettext_lazy("role"))
    def label(self, group: Group) -> str:
        return role_label(group.name)

    @admin.display(description=gettext_lazy("in rules and playbooks"), ordering="name")
    def in_rules(self, group: Group) -> str:
        return group.name

    @admin.display(description=gettext_lazy("people"), ordering="people")
    def people(self, group: Any) -> int:
        return int(group.people)

    @admin.display(description=gettext_lazy("rights"))
    def may(self, group: Group) -> str:
        if self._may_everything(group):
            return self.everything(group)
        known = [right for right in group.permissions.all() if right.codename in _WORDS]
        return "; ".join(gettext(_WORDS[right.codename]) for right in known) or "–"

    @admin.display(description=gettext_lazy("rights"))
    def everything(self, group: Group) -> str:
        return gettext("all of them, always")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def _rights_of(self, group: Group) -> tuple[str, ...]:
        return ("everything",) if self._may_everything(group) else ("permissions",)

    def _may_everything(self, group: Group | None) -> bool:
        return group is not None and group.name == roles.CRM_ADMIN
