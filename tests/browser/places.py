"""The addresses of every section, as a role meets them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from crm import rights
from crm.analytics.registry import reports
from crm.desktop import layout
from crm.imports import verbs as imports
from crm.models import Batch, CustomList, Deal, Import, ListField, ListItem, Task, User
from pipelines.actor import Actor
from pipelines.models import Pipeline, Rule

OF_A_STRANGER = {"sign-in": "/login/", "forgotten": "/password/forgotten/", "missing": "/nowhere/"}
# A file of three rows: two are good, one has a mistake.
TABLE = "Имя;Телефон\nПётр Ломов;8 916 123-45-67\nАнна Белая;+375 29 765-00-11\nИван;не номер\n"


def furnish() -> None:
    """What the demo of one company has not: a list of its own with an item, an import under way and one carried out."""
    own = CustomList.objects.create(code="competitors", name="Конкуренты", icon="target")
    ListField.objects.create(list=own, code="strong", label="Сильны в", type="text")
    now = timezone.now()
    ListItem.objects.create(
        list=own, name="ООО «Быстрые»", values={"strong": "сроках"}, created_at=now
    )
    head = User.objects.get(email="olga@demo.example")
    for name in ("проверка.csv", "загрузка.csv"):
        table = SimpleUploadedFile(name, TABLE.encode())
        job = imports.take_file(table, target="contact", user=head, now=now)
        imports.say_columns(job, job.mapping, known="skip", owner=head)
    imports.begin(job, by=Actor.person(head), now=now)


def of(user: User) -> dict[str, str]:
    """Name → address of all that the person may open; the records are the first that he sees."""
    deals = Deal.objects.visible_to(user)
    deal = deals.filter(stage__code="kp_sent").order_by("-last_contact_at").first() or deals[0]
    task = Task.objects.open().filter(deal=deal).first()
    found = {
        "desktop": "/desktop/",
        "desktop-arranging": "/desktop/?arrange=1",
        "desktop-settings": f"/desktop/{layout.of(user)[0].widget.code}/settings/",
        "day": "/day/",
        "goals": "/goals/",
        "leaves": "/leaves/",
        "new-leave": "/leaves/new/",
        "notices": "/notices/",
        "profile": "/profile/",
        "saved-filters": "/filters/deals/",
        "new-filter": "/filters/deals/new/?pipeline=leads&status=open",
        "columns": "/columns/deals/leads/",
        "calendar": "/tasks/calendar/",
        "batches": "/batches/",
        "exports": "/export/",
        "licences": "/licences/",
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
        found |= {
            "control": "/control/",
            "team-day": "/day/team/",
            "goal": reverse("crm:goal", args=["person", deal.owner_id]),
        }
    found |= _lists(user) | _analytics(user) | _many(user)
    if closed := deals.filter(stage__code="refused").first():
        found["card-closed"] = f"/deals/{closed.pk}/"
    return found | (_settings() if user.is_staff else {})


def _lists(user: User) -> dict[str, str]:
    found: dict[str, str] = {}
    for own in CustomList.objects.visible_to(user)[:1]:
        found["own-list"] = own.get_absolute_url()
        found["new-item"] = reverse("crm:item_new", args=[own.code])
        if item := ListItem.objects.visible_to(user).filter(list=own).first():
            found["item"] = item.get_absolute_url()
    return found


def _analytics(user: User) -> dict[str, str]:
    if not user.may(rights.ANALYTICS):
        return {}
    names = {"analytics": "crm:analytics"}
    names |= {f"analytics-{what}": f"crm:analytics_{what}" for what in ("calls", "tasks")}
    found = {name: reverse(view) for name, view in names.items()}
    for report in reports():
        found[f"analytics-{report.code}"] = reverse("crm:analytics_report", args=[report.code])
    return found


def _many(user: User) -> dict[str, str]:
    """What brings and changes many records at once."""
    found: dict[str, str] = {}
    if user.may(rights.MERGE):
        found |= {
            "contact-duplicates": "/contacts/duplicates/",
            "company-duplicates": "/companies/duplicates/",
        }
    if user.may(rights.IMPORT):
        found |= {"imports": "/import/", "new-import": "/import/new/?into=contact"}
        if job := Import.objects.filter(user=user, state=Import.State.CHECKED).first():
            page = reverse("crm:import", args=[job.pk])
            found |= {"import-columns": f"{page}?step=columns", "import-checked": page}
    if batch := Batch.objects.visible_to(user).first():
        found["batch"] = batch.get_absolute_url()
    return found


def _settings() -> dict[str, str]:
    """The settings, and the administration: the index, each model's list, and one record of each."""
    found = {"settings": reverse("settings"), "styleguide": reverse("styleguide")}
    found["admin"] = reverse("admin:index")
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
