"""Licences to look at: they are changed on their deals' cards, by the verbs."""

from __future__ import annotations

from django.contrib import admin

from licenses.models import Licence, Period
from pipelines.admin.access import ReadOnlyAccess


class PeriodInline(ReadOnlyAccess, admin.TabularInline):
    model = Period
    extra = 0
    fields = ("number", "starts_on", "ends_on", "months", "bonus_months", "price", "currency", "users", "paid_on", "by")  # fmt: skip


@admin.register(Licence)
class LicenceAdmin(ReadOnlyAccess, admin.ModelAdmin):
    list_display = ("deal", "account_id", "state", "expires_on", "expiry_source", "users")
    list_filter = ("state", "expiry_source", "refusal_kind")
    list_select_related = ("deal",)
    search_fields = ("account_id", "deal__name")
    date_hierarchy = "expires_on"
    # The bookkeeping of the countdown, not for people.
    exclude = ("reminded", "revision")
    inlines = (PeriodInline,)
