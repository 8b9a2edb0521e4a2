"""People in the administration, with their roles and teams."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models import (
    Team,
    User,
)
from crm.planning.zones import change_zone
from pipelines.admin.access import CrmAdminAccess
from pipelines.admin.schedule import zones
from pipelines.guards import role_label


class RoleChoice(forms.ModelMultipleChoiceField):
    """Roles by what people call them."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, group: Any) -> str:
        return role_label(group.name)


class UserForm(UserChangeForm):
    groups = RoleChoice(label=_("roles"), queryset=Group.objects.order_by("pk"), required=False)

    class Meta(UserChangeForm.Meta):
        model = User

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            kept = self.instance.time_zone
            choices = zones()
            if kept not in dict(choices):
                choices.append((kept, kept))
            self.fields["time_zone"].widget = forms.Select(choices=choices)

    def clean_email(self) -> str:
        # One address is one person, however he types it.
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Somebody already signs in with this e-mail."))
        return email


class NewUserForm(AdminUserCreationForm):
    groups = RoleChoice(label=_("roles"), queryset=Group.objects.order_by("pk"), required=False)

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name", "team", "groups", "is_staff")

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email__iexact=email).exists():
            raise forms.ValidationError(_("Somebody already signs in with this e-mail."))
        return email


class RoleFilter(admin.SimpleListFilter):
    """People by role, named as people name it."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = Group.objects.order_by("pk").values_list("name", flat=True)
        return [(name, role_label(name)) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(CrmAdminAccess, BaseUserAdmin):
    """Signing in by e-mail; roles say what one may do. Only a superuser touches superusers."""

    class Media:
        css = {"all": ("admin_rules/editor.css",)}

    form = UserForm
    add_form = NewUserForm
    list_display = ("email", "name", "roles", "team", "is_active", "is_staff")
    list_display_links = ("email", "name")
    list_filter = ("is_active", RoleFilter, "team")
    list_select_related = ("team",)
    search_fields = ("email", "first_name", "last_name", "phone")
    ordering = ("last_name", "first_name", "email")
    filter_horizontal = ()
    autocomplete_fields = ("team",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (
            _("Person"),
            {
                "fields": (
                    ("last_name", "first_name", "middle_name"),
                    "phone",
                    "team",
                    ("time_zone", "language"),
                )
            },
        ),
        (_("What he may do"), {"fields": ("groups", "is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": (("last_login", "date_joined"),)}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "email",
                    "last_name",
                    "first_name",
                    "team",
                    "groups",
                    "is_staff",
                    "usable_password",
                    "password1",
                    "password2",
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=pgettext_lazy("person", "name"), ordering="last_name")
    def name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(role_label(group.name) for group in user.groups.all())

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        zone = obj.time_zone
        if change and zone != form.initial["time_zone"]:
            # Kept as it was until its verb writes it, with what hangs on it.
            obj.time_zone = form.initial["time_zone"]
            super().save_model(request, obj, form, change)
            change_zone(obj, zone, now=timezone.now())
        else:
            super().save_model(request, obj, form, change)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Nobody makes himself more than his role makes him.
        own = super().get_readonly_fields(request, obj)
        return own if request.user.is_superuser else (*own, "is_superuser")  # type: ignore[union-attr]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)  # type: ignore[union-attr]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People stay, for the history's sake; one who has left is switched off."""
        return False


class TeamForm(forms.ModelForm):
    class Meta:
        model = Team
        fields = ("name", "head", "parent", "playbook")

    def clean_parent(self) -> Team | None:
        above = parent = self.cleaned_data["parent"]
        while above is not None:
            if above.pk == self.instance.pk:
                raise forms.ValidationError(
                    _("A team can't be part of itself or of a team below it.")
                )
            above = above.parent
        return parent  # type: ignore[no-any-return]


class MemberInline(CrmAdminAccess, admin.TabularInline):
    model = User
    fk_name = "team"
    fields = ("email", "name", "is_active")
    readonly_fields = fields
    extra = max_num = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = _("members (their team is set on their own pages)")

    @admin.display(description=pgettext_lazy("person", "name"))
    def name(self, user: User) -> str:
        return user.get_full_name()


@admin.register(Team)
class TeamAdmin(CrmAdminAccess, admin.ModelAdmin):
    form = TeamForm
    list_display = ("name", "head", "parent", "playbook", "people")
    list_select_related = ("head", "parent")
    search_fields = ("name",)
    autocomplete_fields = ("head", "parent")
    inlines = (MemberInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        return super().get_queryset(request).annotate(people=Count("members"))

    @admin.display(description=_("people"), ordering="people")
    def people(self, team: Any) -> int:
        return int(team.people)
