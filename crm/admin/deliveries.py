"""Deliveries in the administration: the terms they are counted by, and deliveries and clients' lives to look up."""

from __future__ import annotations

from django.contrib import admin

from crm.models import ClientLife, Delivery, DeliveryTerms
from pipelines.admin.access import CrmAdminAccess, LogAdmin


@admin.register(DeliveryTerms)
class DeliveryTermsAdmin(CrmAdminAccess, admin.ModelAdmin):
    list_display = ("playbook", "regular_from", "unit", "clause")


@admin.register(Delivery)
class DeliveryAdmin(LogAdmin):
    """Added, accepted and cancelled on the deal's card, where they are counted."""

    list_display = ("day", "life", "deal", "weight", "unit", "amount", "currency", "state")
    list_filter = ("state", "life__playbook")
    list_select_related = ("deal", "life__company", "life__contact")
    ordering = ("-day", "-id")


@admin.register(ClientLife)
class ClientLifeAdmin(LogAdmin):
    list_display = ("__str__", "playbook", "state", "deliveries", "last_delivery_on", "since")
    list_filter = ("state", "playbook")
    list_select_related = ("company", "contact")
    ordering = ("-id",)
