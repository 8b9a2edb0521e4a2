"""The addresses of every section, as a role meets them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.urls import reverse

from crm.models import Deal, Task, User
from pipelines.models import Pipeline, Rule

OF_A_STRANGER = {"sign-in": "/login/", "forgotten": "/password/forgotten/", "missing": "/nowhere/"}
# What one adds to by working, never by hand, has no page to change that is worth a look of its own.


def of(user: User) -> dict[str, str]:
    """Name → address of all that the person may open; the records are the first that he sees."""
    deals = Deal.objects.visible_to(user)
    deal = deals.filter(stage__code="kp_sent").order_by("-last_contact_at").first() or deals[0]
    task = Task.objects.open().filter(deal=deal).first()
    found = {
        "board": "/deals/",
        "board-filter": "/deals/?pipeline=leads&filters=open",
        "board-production": "/deals/?pipeline=production",
        "table": "/deals/table/",
        "table-empty": "/deals/table/?pipeline=leads&q=такогонет",
        "card": f"/deals/{deal.pk}/",
        "card-why": f"/deals/{deal.pk}/why/",
        "letter": f"/deals/{deal.pk}/letter/?template=send_base_kp",
        "feed": f"/deals/{deal.pk}/feed/",
        "move": f"/deals/{deal.pk}/move/form/?to=launched",
        "new-task": f"/deals/{deal.pk}/task/",
        "new-deal": "/deals/new/",
        "tasks": "/tasks/",
        "search": "/search/?q=мар",
        "contacts": "/contacts/",
        "companies": "/companies/?q=ооо",
        "new-contact": "/contacts/new/",
        "new-company": "/companies/new/",
        "new-task-free": "/tasks/new/",
        "regulation": "/regulation/axelerator/",
        "violations": "/violations/",
        "overrides": "/overrides/",
        "password": "/password/",
        "missing": "/deals/987654321/",
    }
    if task:
        found["outcome"] = f"/tasks/{task.pk}/outcome/thinks/"
    for kind in ("contact", "company"):
        if pk := getattr(deal, f"{kind}_id"):
            home = reverse(f"crm:{kind}", args=[pk])
            found |= {
                kind: home,
                f"{kind}-letter": f"{home}letter/",
                f"{kind}-feed": f"{home}feed/",
            }
    if deal.contact_id:
        found["contact-message"] = f"/contacts/{deal.contact_id}/message/"
    if user.leads:
        found["control"] = "/control/"
    if closed := deals.filter(stage__code="refused").first():
        found["card-closed"] = f"/deals/{closed.pk}/"
    return found | (_settings() if user.is_staff else {})


def _settings() -> dict[str, str]:
    """The administration: the index, each model's list, and one record of each."""
    found = {"admin": reverse("admin:index")}
    for model in admin.site._registry:
        meta: Any = model._meta
        place = f"admin:{meta.app_label}_{meta.model_name}"
        found[f"admin-{meta.model_name}s"] = reverse(f"{place}_changelist")
        if record := _record(model):
            found[f"admin-{meta.model_name}"] = reverse(f"{place}_change", args=[record.pk])
    return found


def _record(model: Any) -> Any:
    if model is Rule:
        return Rule.objects.filter(conditions__isnull=False).first()
    if model is Pipeline:
        return Pipeline.objects.get(code="leads")
    return model._default_manager.order_by("pk").first()
