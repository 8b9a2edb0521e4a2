"""Own lists in the administration: their fields and who may do what; and what was imported and exported, to look up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.postgres.forms import SimpleArrayField
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.lists import defining
from crm.models import CustomList, Export, Import, ListField, ListItem
from pipelines.admin.access import CrmAdminAccess, LogAdmin
from pipelines.admin.codes import make_code
from pipelines.admin.forms import written_choices
from pipelines.guards import ROLE_LABELS


class RolesField(forms.MultipleChoiceField):
    """Roles to tick, by their names."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, choices=_roles, **kwargs)


def _roles() -> list[tuple[str, str]]:
    names = Group.objects.order_by("name").values_list("name", flat=True)
    return [(name, str(_(ROLE_LABELS[name])) if name in ROLE_LABELS else name) for name in names]


class CustomListForm(forms.ModelForm):
    readers = RolesField(
        label=gettext_lazy("who may read"), help_text=gettext_lazy("Nothing ticked: everybody.")
    )
    editors = RolesField(
        label=gettext_lazy("who may add and change"),
        help_text=gettext_lazy("Nothing ticked: everybody who reads it."),
    )

    class Meta:
        model = CustomList
        fields = (
            "name",
            "icon",
            "playbook",
            "readers",
            "editors",
            "is_personal",
            "unique_names",
            "position",
            "is_active",
        )

    def clean_unique_names(self) -> bool:
        wanted = bool(self.cleaned_data["unique_names"])
        if wanted and self.instance.pk and (twice := defining.names_twice(self.instance)):
            raise forms.ValidationError(
                _(
                    "On this list stand several items of one name: %(names)s. Rename or archive them first."
                )
                % {"names": ", ".join(twice)}
            )
        return wanted


class ListFieldForm(forms.ModelForm):
    """The choices are written one a line; a line without a code gets one."""

    choices = SimpleArrayField(
        forms.CharField(max_length=200),
        label=gettext_lazy("choices"),
        required=False,
        delimiter="\n",
        widget=forms.Textarea(attrs={"rows": 1, "cols": 26}),
        help_text=gettext_lazy("For lists, one a line."),
    )

    class Meta:
        model = ListField
        fields = ("position", "label", "type", "choices", "required", "in_table", "help_text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            # Items hold values of this type.
            self.fields["type"].disabled = True

    def clean_choices(self) -> list[str]:
        before = set(self.instance.choices) if self.instance.pk else set()
        return written_choices(self.cleaned_data["choices"] or [], before)

    def save(self, commit: bool = True) -> Any:
        row = self.instance
        if not row.code:
            taken = set(ListField.objects.filter(list=row.list_id).values_list("code", flat=True))
            # What a list has by itself is no field's code.
            row.code = make_code(row.label, taken | set(defining.OWN_CODES), fallback="field")
        return super().save(commit)


class ListFieldInline(CrmAdminAccess, admin.TabularInline):
    model = ListField
    form = ListFieldForm
    extra = 3


@admin.register(CustomList)
class CustomListAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = CustomListForm
    inlines = (ListFieldInline,)
    list_display = ("name", "playbook", "position", "is_active")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not obj.code:
            taken = set(CustomList.objects.values_list("code", flat=True))
            obj.code = make_code(obj.name, taken, fallback="list")
        super().save_model(request, obj, form, change)
        defining.keep_names(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """One with items is switched off, not deleted."""
        if obj is not None and ListItem._base_manager.filter(list=obj).exists():
            return False
        return super().has_delete_permission(request, obj)


@admin.register(Import)
class ImportAdmin(LogAdmin):
    list_display = ("created_at", "name", "target", "user", "state", "total", "batch")
    list_filter = ("state",)
    list_select_related = ("user", "batch")
    fields = (*list_display, "size", "known", "owner", "problem")


@admin.register(Export)
class ExportAdmin(LogAdmin):
    list_display = ("created_at", "kind", "user", "form", "rows", "finished_at")
    list_select_related = ("user",)
    fields = (*list_display, "query", "problem")
