"""People in the administration, with their roles and teams."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from crm import leaving, roles
from crm.models import (
    Batch,
    Team,
    User,
)
from crm.planning.zones import change_zone
from pipelines.actor import Actor
from pipelines.admin.access import CrmAdminAccess
from pipelines.admin.schedule import zones
from pipelines.admin.widgets import bare
from pipelines.guards import role_label


class RoleChoice(forms.ModelMultipleChoiceField):
    """Roles by what people call them."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, group: Any) -> str:
        return role_label(group.name)


class UserForm(UserChangeForm):
    groups = RoleChoice(label=_("roles"), queryset=Group.objects.order_by("pk"), required=False)
    successor = forms.ModelChoiceField(
        label=_("give the work to"), queryset=User.objects.none(), required=False
    )

    class Meta(UserChangeForm.Meta):
        model = User
        labels: ClassVar[dict[str, Any]] = {
            "is_active": _("works here"),
            "is_staff": _("opens the settings"),
            "is_superuser": _("may everything"),
        }
        help_texts: ClassVar[dict[str, Any]] = {
            "is_active": _("Whoever does not cannot sign in; what he did stays in the history."),
            "is_staff": _("Together with the role “CRM administrator”."),
            "is_superuser": _("Whatever his roles say."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hands = leaving.in_hands(self.instance) if self.instance.pk else []
        self.fields["password"].help_text = ""
        if "team" in self.fields:
            bare(self.fields["team"].widget)
        if "successor" in self.fields:
            self._offer_successors(self.fields["successor"])
        if "time_zone" in self.fields:
            kept = self.instance.time_zone
            choices = zones()
            if kept not in dict(choices):
                choices.append((kept, kept))
            self.fields["time_zone"].widget = forms.Select(choices=choices)

    def _offer_successors(self, field: Any) -> None:
        active = User.objects.filter(is_active=True).exclude(groups__name=roles.ROBOT)
        field.queryset = active.exclude(pk=self.instance.pk)
        field.help_text = (
            gettext("In his hands: %(work)s. Whom you choose here gets it all when you save.")
            % {"work": leaving.in_words(self.hands)}
            if self.hands
            else gettext("Nothing is in his hands: no open deals, tasks or clients.")
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        leaves = "is_active" in self.changed_data and not cleaned.get("is_active")
        if (
            leaves
            and self.hands
            and not cleaned.get("successor")
            and "successor" not in self.errors
        ):
            self.add_error(
                "successor",
                gettext("Choose who takes over before you switch the account off: %(work)s.")
                % {"work": leaving.in_words(self.hands)},
            )
        return cleaned

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
        labels: ClassVar[dict[str, Any]] = {"is_staff": UserForm.Meta.labels["is_staff"]}
        help_texts: ClassVar[dict[str, Any]] = {"is_staff": UserForm.Meta.help_texts["is_staff"]}

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
    list_display = ("name", "email", "roles", "team", "last_login", "is_active")
    list_display_links = ("name", "email")
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
        (_("What he may do"), {"fields": ("groups", "is_staff", "is_superuser")}),
        (_("Working here"), {"fields": ("is_active", "successor")}),
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
        if successor := form.cleaned_data.get("successor"):
            self._hand_over(request, obj, successor)

    def _hand_over(self, request: HttpRequest, user: User, successor: User) -> None:
        by, now = Actor.person(request.user), timezone.now()
        for batch in leaving.hand_over(user, successor=successor, by=by, now=now):
            self.message_user(request, _told(batch))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = [*super().get_readonly_fields(request, obj)]
        if not request.user.is_superuser:  # type: ignore[union-attr]
            # Nobody makes himself more than his role makes him.
            shown.append("is_superuser")
        if obj is not None and obj.pk == request.user.pk:
            # Whoever shuts himself out could not come back to mend it.
            shown += ["is_active", "is_staff"]
        return tuple(shown)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or not obj.is_superuser or request.user.is_superuser)  # type: ignore[union-attr]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People stay, for the history's sake; one who has left is switched off."""
        return False


def _told(batch: Batch) -> SafeString:
    """How far a batch of the hand-over has come, with the way to its report."""
    said = (
        gettext("under way in the background")
        if batch.is_active
        else gettext("%(done)s of %(total)s done") % {"done": batch.done, "total": batch.total}
    )
    return format_html(
        '{}: {}. <a href="{}">{}</a>',
        batch.title, said, batch.get_absolute_url(), gettext("Report"),
    )  # fmt: skip


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
