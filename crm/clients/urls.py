"""The addresses of contacts and companies: the same pages for both, told apart by `kind`."""

from typing import Any

from django.urls import URLPattern, path

from crm.views.cards import client_lists, clients, files, letters, merging, messages, names
from crm.views.lists import archive, lists
from crm.views.tasks import task_dialogs


def _pages(plural: str, kind: str) -> list[URLPattern]:
    told: dict[str, Any] = {"kind": kind}
    of_one: list[tuple[str, Any, str]] = [
        ("", clients.page, kind),
        ("field/", clients.field, f"{kind}_field"),
        ("name/", names.take_on_client, f"{kind}_name"),
        ("owner/", clients.owner, f"{kind}_owner"),
        ("archive/", archive.archive_client, f"{kind}_archive"),
        ("restore/", archive.restore_client, f"{kind}_restore"),
        ("merge/", merging.merge, f"{kind}_merge"),
        ("note/", clients.note, f"{kind}_note"),
        ("pin/", clients.pin, f"{kind}_pin"),
        ("people/", clients.people_offered, f"{kind}_people"),
        ("contacted/", clients.contacted, f"{kind}_contacted"),
        ("deals/", clients.more_deals, f"{kind}_deals"),
        ("feed/", clients.feed, f"{kind}_feed"),
        ("points/", clients.add_point, f"{kind}_point"),
        ("task/", task_dialogs.new_on_client, f"{kind}_task"),
        ("files/", files.add_to_client, f"{kind}_file_add"),
        ("letter/", letters.compose, f"{kind}_letter"),
        ("message/", messages.compose, f"{kind}_message"),
    ]
    return [
        path(f"{plural}/", lists.clients, told, name=plural),
        path(f"{plural}/new/", client_lists.new, told, name=f"{kind}_new"),
        path(f"{plural}/duplicates/", merging.duplicates, told, name=f"{kind}_duplicates"),
        *(path(f"{plural}/<int:pk>/{end}", view, told, name=name) for end, view, name in of_one),
    ]


patterns: list[URLPattern] = [
    *_pages("contacts", "contact"),
    *_pages("companies", "company"),
    path("contacts/<int:pk>/company/", clients.company, name="contact_company"),
    path("companies/<int:pk>/contact/", clients.person, name="company_contact"),
    path("points/<int:pk>/remove/", clients.remove_point, name="point_remove"),
    path("tasks/new/", task_dialogs.new_free, name="task_new_free"),
]
