"""Renewals stand in the menu of those who work with licences."""

import pytest
from django.test import Client

from crm.models import User
from pipelines import catalog

pytestmark = pytest.mark.django_db


def test_renewals_are_in_the_menu_where_a_rule_counts_licences_down(
    client: Client, alice: User, monkeypatch
) -> None:
    client.force_login(alice)
    assert 'href="/licences/"' in client.get("/tasks/").content.decode()
    only = [row for row in catalog.pipelines() if row.code != "licences"]
    monkeypatch.setattr("crm.visibility.catalog.pipelines", lambda: only)
    assert 'href="/licences/"' not in client.get("/tasks/").content.decode()
