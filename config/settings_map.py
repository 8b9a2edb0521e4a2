"""What an administrator can set, grouped as a person looks for it: for «Settings» and for the index of the administration."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Page(NamedTuple):
    """A page of the CRM where something is set or looked up; `url` is its name."""

    url: str
    name: Any
    about: Any


class Group(NamedTuple):
    """`models` are «app.Model» with a sentence about what one does there."""

    code: str
    name: Any
    icon: str
    models: dict[str, Any]
    pages: tuple[Page, ...] = ()


class Place(NamedTuple):
    """A list of the administration; `add_url` is empty where rows come by themselves."""

    name: str
    about: str
    url: str
    add_url: str


GROUPS = [
    Group(
        "people",
        _("Users and rights"),
        "users",
        {
            "crm.User": _("Who signs in, with which role, in which team"),
            "auth.Group": _("What each role may do"),
            "crm.Team": _("Who heads whom, and whose playbook a team works by"),
            "crm.PasswordRule": _("How long a password is good"),
        },
        (
            Page("crm:leaves", _("Absences"), _("Who is away, and who stands in")),
            Page("crm:goals", _("Goals"), _("What each person and team is to sell in a month")),
        ),
    ),
    Group(
        "pipelines",
        _("Pipelines"),
        "layout-kanban",
        {
            "pipelines.Pipeline": _("Stages in their order, their limits and rights"),
            "pipelines.Stage": _("Every stage of every pipeline"),
            "pipelines.Schedule": _("Working hours and holidays that time is counted by"),
            "pipelines.Edition": _("Who changed a pipeline and when; going back to an older one"),
        },
    ),
    Group(
        "processes",
        _("Processes"),
        "git-branch",
        {
            "pipelines.Rule": _("What is required, and what the system does by itself"),
            "pipelines.Scenario": _("Outcomes of tasks and buttons of cards"),
            "crm.IntakeRule": _("To which pipeline and whom requests go"),
            "crm.ClientRule": _("One client – one manager"),
        },
    ),
    Group(
        "fields",
        _("Fields and lists"),
        "forms",
        {
            "pipelines.Field": _("Fields of deals, contacts and companies"),
            "crm.CustomList": _("Lists of your own with their fields"),
            "crm.Tag": _("Tags and their colours"),
            "crm.TagList": _("Tags prepared for a pipeline"),
            "crm.NamingRule": _("How names are written"),
        },
    ),
    Group(
        "templates",
        _("Templates"),
        "template",
        {"notifications.Template": _("Letters, SMS and chat messages with their placeholders")},
    ),
    Group(
        "integrations",
        _("Integrations"),
        "plug",
        {
            "crm.IntakeSource": _("Telephony, site forms and messengers that send requests"),
            "crm.PaymentProvider": _("Who tells of payments"),
        },
    ),
    Group(
        "money",
        _("Money and deliveries"),
        "coin",
        {
            "crm.Package": _("What is sold and for how much"),
            "crm.PaymentTerms": _("How it is paid"),
            "crm.InvoiceKind": _("Invoices: numbers, files, letters"),
            "crm.DeliveryTerms": _("By what deliveries are counted"),
        },
    ),
    Group(
        "journal",
        _("Journal"),
        "history",
        {
            "pipelines.RuleRun": _("What rules did, and what failed"),
            "pipelines.Timer": _("What time will bring"),
            "notifications.Message": _("Letters and messages on their way"),
            "pipelines.Event": _("All that ever happened"),
            "pipelines.StageChange": _("Every passage from stage to stage"),
            "pipelines.Violation": _("Breaches of the regulation"),
            "pipelines.Override": _("Guards passed with a reason"),
            "crm.Import": _("Files from which records were made"),
            "crm.Export": _("Who took which list out, and when"),
        },
        (
            Page(
                "crm:batches",
                _("Bulk changes"),
                _("What was changed in one go, and taking it back"),
            ),
        ),
    ),
    Group(
        "records",
        _("Records"),
        "database",
        {
            "crm.Deal": _("Deals, to look up"),
            "crm.Contact": _("People, to look up"),
            "crm.Company": _("Companies, to look up"),
            "crm.Task": _("Tasks, to look up"),
            "crm.Payment": _("Payments, with those without a deal"),
            "crm.Invoice": _("Invoices, to look up"),
            "crm.Delivery": _("Deliveries, to look up"),
            "crm.ClientLife": _("Potential, working and sleeping clients"),
            "licenses.Licence": _("Licences, to look up"),
        },
    ),
]


def places(request: HttpRequest) -> list[tuple[Group, list[Place]]]:
    """The groups with those of their lists that the user may open; what is in no group is the last one's."""
    found = {
        model["model"]._meta.label: model
        for group in admin.site.get_app_list(request)
        for model in group["models"]
    }
    return [
        (group, shown)
        for group in GROUPS
        if (
            shown := [
                *(
                    _place(found[label], about)
                    for label, about in group.models.items()
                    if label in found
                ),
                *(
                    Place(str(page.name), str(page.about), reverse(page.url), "")
                    for page in group.pages
                ),
            ]
        )
    ]


def _place(model: dict[str, Any], about: Any) -> Place:
    name = str(model["name"])
    return Place(
        name[:1].upper() + name[1:],
        str(about),
        model["admin_url"] or "",
        model.get("add_url") or "",
    )
