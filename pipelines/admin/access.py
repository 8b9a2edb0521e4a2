"""Who may do what in the administration: CRM administrators everything that is theirs to configure, others nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise, cached_property
from django.utils.text import capfirst

if TYPE_CHECKING:
    from django.contrib.admin.options import BaseModelAdmin as Base
else:
    Base = object


def is_administrator(user: Any) -> bool:
    """Staff with the role CRM administrator, or a superuser."""
    return bool(user.is_active and user.is_staff and getattr(user, "is_crm_admin", False))


class CrmAdminAccess(Base):
    """Permissions follow the role, not rows of django.contrib.auth: a role is one thing, granted in one place."""

    # What people call the list, where the model's own name is not for them.
    plural: ClassVar[str | Promise] = ""

    @property
    def list_title(self) -> str:
        return capfirst(str(self.plural or self.opts.verbose_name_plural))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"title": self.list_title, **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc, no-any-return]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: Any = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        context = {"list_title": self.list_title, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)  # type: ignore[misc, no-any-return]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request.user)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request.user)


class ReadOnlyAccess(CrmAdminAccess):
    """Rows that only the code writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class CappedPaginator(Paginator):
    """Counts no further than people turn pages: an exact count of a table of millions costs a second a page."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.most].count())


class LogAdmin(ReadOnlyAccess, admin.ModelAdmin):
    """A long table to look things up in."""

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
