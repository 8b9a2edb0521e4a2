"""The administration: who gets in, and an index grouped so that a person finds things and sees what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from config.settings_map import GROUPS

# Django's sentences put a name into the wrong case in Russian («Изменить воронка»); our translation puts a colon.
# What it says after a change bends the verb by a gender it cannot know.
SENTENCES = (
    gettext_noop("Add %s"),
    gettext_noop("Change %s"),
    gettext_noop("View %s"),
    gettext_noop("Select %s to change"),
    gettext_noop("Select %s to view"),
    gettext_noop("Add %(name)s"),
    gettext_noop("Add another %(verbose_name)s"),
    gettext_noop("The {name} “{obj}” was added successfully."),
    gettext_noop("The {name} “{obj}” was added successfully. You may edit it again below."),
    gettext_noop("The {name} “{obj}” was added successfully. You may add another {name} below."),
    gettext_noop("The {name} “{obj}” was changed successfully."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may edit it again below."),
    gettext_noop("The {name} “{obj}” was changed successfully. You may add another {name} below."),
    gettext_noop("The %(name)s “%(obj)s” was deleted successfully."),
    gettext_noop("Save and add another"),
    gettext_noop("Save and continue editing"),
)
# Above this the exact number says nothing more.
MOST = 100


class ReglamentAdminSite(admin.AdminSite):
    site_header = site_title = "Reglament"
    index_title = _("Administration")
    index_template = "admin/reglament_index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        from pipelines.admin.access import is_administrator

        return is_administrator(request.user)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        return super().admin_view(_asked_sensibly(view), cacheable)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        found = {model["model"]._meta.label: model for app in apps for model in app["models"]}
        for model, options in self._registry.items():
            if (plural := getattr(options, "plural", "")) and model._meta.label in found:
                found[model._meta.label]["name"] = plural
        groups: list[Any] = []
        for group in GROUPS:
            models = [found.pop(label) for label in group.models if label in found]
            if models:
                groups.append(
                    {
                        "name": group.name,
                        "app_label": group.code,
                        "app_url": "",
                        "has_module_perms": True,
                        "models": models,
                    }
                )
        for app in apps:
            app["models"] = [
                model for model in app["models"] if model["model"]._meta.label in found
            ]
        return groups + [app for app in apps if app["models"]]

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return super().index(request, {"concerns": concerns(), **(extra_context or {})})


def _asked_sensibly(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """400 for the two addresses on which Django itself breaks: a NUL in a value, a key to a field without a name."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        has_nul = any("\0" in value for _name, values in request.GET.lists() for value in values)
        if has_nul or request.GET.get(TO_FIELD_VAR) == "":
            raise SuspiciousOperation("An address written by hand.")
        return view(request, *args, **kwargs)

    return answer


def concerns() -> list[dict[str, Any]]:
    """What an administrator is to look at, counted no further than `MOST`; two small queries by partial indexes."""
    from notifications.models import Message
    from pipelines.models import RuleRun

    runs = RuleRun.objects.filter(status__in=["failed", "looped"]).order_by()
    letters = Message.objects.filter(status="failed").order_by()
    return [
        {
            "label": _("rules that failed"),
            "number": runs[: MOST + 1].count(),
            "most": MOST,
            "url": reverse("admin:pipelines_rulerun_changelist"),
        },
        {
            "label": _("letters that were not sent"),
            "number": letters[: MOST + 1].count(),
            "most": MOST,
            "url": reverse("admin:notifications_message_changelist") + "?status__exact=failed",
        },
    ]


class AdminSiteConfig(AdminConfig):
    default_site = "config.admin_site.ReglamentAdminSite"
