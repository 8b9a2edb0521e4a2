"""Deals, clients and tasks to look up: they are worked on the pages, not here."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from crm.models import (
    Company,
    Contact,
    ContactPoint,
    Deal,
    Task,
)
from pipelines.admin.access import CrmAdminAccess, LogAdmin
from pipelines.numbers import whole


class ByName:
    """Search by a part of the name through the trigram index, in any case of letters, or by the number."""

    search_fields: ClassVar[Any] = ("name",)
    search_help_text: ClassVar[Any] = _("By a part of the name or the number.")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if (number := whole(term)) is not None:
            return queryset.filter(pk=number), False
        if term:
            queryset = queryset.annotate(lower_name=Lower("name")).filter(
                lower_name__contains=term.casefold()
            )
        return queryset, False


class PointInline(CrmAdminAccess, admin.TabularInline):
    model = ContactPoint
    fields = ("kind", "value")
    readonly_fields = fields
    extra = max_num = 0
    can_delete = False


@admin.register(Deal)
class DealAdmin(ByName, LogAdmin):
    list_display = (
        "id",
        "name",
        "pipeline",
        "stage",
        "owner",
        "sum",
        "created_at",
    )
    list_display_links = ("id", "name")
    list_filter = ("pipeline", "status", "stage")
    list_select_related = ("pipeline", "stage", "owner")
    ordering = ("-id",)
    exclude = ("values", "tags")

    @admin.display(description=_("sum"), ordering="budget")
    def sum(self, deal: Deal) -> str:
        return f"{number_format(deal.budget, force_grouping=True)}\N{NO-BREAK SPACE}{deal.currency}"


@admin.register(Contact)
class ContactAdmin(ByName, LogAdmin):
    list_display = ("id", "name", "company", "owner", "created_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("company", "owner")
    ordering = ("-id",)
    fields = ("name", "company", "position", "owner", "created_at", "archived_at")
    inlines = (PointInline,)


@admin.register(Company)
class CompanyAdmin(ByName, LogAdmin):
    list_display = ("id", "name", "tax_id", "owner", "created_at", "archived_at")
    list_display_links = ("id", "name")
    list_select_related = ("owner",)
    ordering = ("-id",)
    fields = (
        ("name", "name_is_statutory"), "tax_id", "site", "address", "owner", "created_at", "archived_at",
    )  # fmt: skip
    inlines = (PointInline,)


@admin.register(Task)
class TaskAdmin(LogAdmin):
    list_display = ("id", "text", "kind", "state", "due_at", "owner", "deal")
    list_display_links = ("id", "text")
    list_filter = ("state", "kind")
    list_select_related = ("owner", "deal")
    ordering = ("-id",)
    search_fields = ("deal__id",)
    exclude = ("revision",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        number = whole(term)
        return queryset.none() if number is None else queryset.filter(deal=number), False

    search_help_text = _("By the deal's number.")
