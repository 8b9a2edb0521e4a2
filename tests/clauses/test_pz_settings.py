"""«Настройки» are the administrators' (PZ-4.7)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.clause("PZ-4.7")
def test_an_administrator_finds_rights_pipelines_processes_and_integrations(
    client: Client, administrator: User
) -> None:
    client.force_login(administrator)
    page = client.get("/settings/")
    shown = {
        group.code: [place.url for place in places] for group, places in page.context["groups"]
    }
    assert reverse("admin:auth_group_changelist") in shown["people"]
    assert reverse("admin:pipelines_pipeline_changelist") in shown["pipelines"]
    assert reverse("admin:pipelines_rule_changelist") in shown["processes"]
    assert reverse("admin:crm_intakesource_changelist") in shown["integrations"]
    for url in {url for urls in shown.values() for url in urls}:
        assert client.get(url).status_code == 200, url


@pytest.mark.clause("PZ-4.7")
def test_others_neither_see_nor_open_the_settings(client: Client, alice: User, olga: User) -> None:
    for person in (alice, olga):
        client.force_login(person)
        refused = client.get("/settings/")
        assert refused.status_code == 403
        assert "только администраторам" in refused.content.decode()
        assert client.get("/admin/").status_code != 200
        assert 'href="/settings/"' not in client.get("/tasks/").content.decode()
