"""PZ-4.1: the sections stand at the left as icons, and the desktop shows how things are in the department."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crm.models import Deal, Task, User
from tests.clauses.pz_steps import lead

pytestmark = pytest.mark.django_db

# The sections that everybody who works here has, in their order; then those that a role adds.
EVERYBODY = ["Рабочий стол", "Мой день", "Сделки", "Задачи", "Списки", "Регламент", "Нарушения"]
ADDED = {
    "head": {"Аналитика", "Закрытия"},
    "administrator": {"Аналитика", "Закрытия", "Настройки"},
}


def sections(client: Client) -> dict[str, str]:
    """Names of the sections in the panel, in their order, with their icons."""
    page = client.get("/desktop/").content.decode()
    panel = page.split('id="side-menu"')[1].split("</ul>")[0]
    found = re.findall(
        r'class="ti ti-([\w-]+)"[^>]*></i></span>\s*<span class="nav-link-title">([^<]+)', panel
    )
    return {name: icon for icon, name in found}


@pytest.mark.clause("PZ-4.1")
def test_the_sections_stand_at_the_left_as_icons_for_each_as_his_role_has_them(
    client: Client, pzka: None, alice: User, olga: User, administrator: User
) -> None:
    for user, role in ((alice, ""), (olga, "head"), (administrator, "administrator")):
        client.force_login(user)
        found = sections(client)
        assert [name for name in found if name in EVERYBODY] == EVERYBODY
        assert all(found.values())
        assert len(set(found.values())) == len(found)
        others = ADDED["head"] | ADDED["administrator"]
        assert {name for name in found if name in others} == ADDED.get(role, set())
        # Each opens.
        panel = (
            client.get("/desktop/").content.decode().split('id="side-menu"')[1].split("</ul>")[0]
        )
        for url in re.findall(r'href="([^"]+)"', panel):
            assert client.get(url, follow=True).status_code == 200, url


@pytest.mark.clause("PZ-4.1")
def test_the_desktop_shows_how_things_are_in_the_department(
    client: Client, pzka: None, alice: User, bob: User, olga: User, charlie: User
) -> None:
    now = timezone.now()
    for owner, count in ((alice, 2), (bob, 1), (charlie, 4)):
        for number in range(count):
            phone = f"+375 29 111-2{number}-{owner.pk % 90 + 10}"
            email = f"{owner.pk}-{number}@example.com"
            name = f"Лом {owner.last_name} {number}"
            deal = lead(owner, name=name, phone=phone, email=email, now=now)
            Task.objects.filter(deal=deal).update(due_at=now - timedelta(hours=1))
            Deal.objects.filter(pk=deal.pk).update(next_task_at=None)

    def numbers(user: User, code: str) -> list[str]:
        client.force_login(user)
        client.post("/desktop/add/", {"code": code})
        html = client.get(f"/desktop/{code}/", HTTP_HX_REQUEST="true").content.decode()
        return re.findall(r">\s*(\d+)\s*</", html)

    # The department of its head, then each of her people; a manager's own; nobody another department's.
    assert numbers(olga, "forgotten")[:3] == ["3", "2", "1"]
    assert numbers(alice, "forgotten")[:1] == ["2"]
    stages = client.post("/desktop/stages/settings/", {"size": "half", "pipeline": "scrap"})
    assert stages.status_code == 302
    assert "2" in numbers(alice, "stages")
    assert "4" not in numbers(alice, "stages")
    assert client.get("/").headers["Location"] == "/desktop/"
