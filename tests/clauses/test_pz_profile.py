"""PZ-3.4: one's own data and password, and which notices come by e-mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from crm.intake import taking
from crm.models import User
from crm.notices import digest, kinds
from crm.planning import tasks
from notifications.models import Message
from pipelines.actor import SYSTEM
from tests.factories import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.clause("PZ-3.4")]

DIGEST, REQUESTS = f"{kinds.DIGEST}-mail", f"{kinds.REQUEST_NEW}-mail"
MORNING = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)


def switch(client: Client, user: User, *on: str) -> None:
    """Tick these and nothing else on one's page."""
    client.force_login(user)
    assert client.post("/profile/notices/", dict.fromkeys(on, "on")).status_code == 302


def test_own_data_and_password_are_changed_on_ones_page(client: Client, alice: User) -> None:
    client.force_login(alice)
    page = client.get("/profile/").content.decode()
    assert 'href="/password/"' in page
    client.post("/profile/person/", {"first_name": "Алла", "last_name": "Белова", "phone": ""})
    alice.refresh_from_db()
    assert alice.first_name == "Алла"
    said = {"old_password": "secret-pass-1", "new_password1": "Sosna-77-x", "new_password2": "Sosna-77-x"}  # fmt: skip
    client.post("/password/", said)
    alice.refresh_from_db()
    assert alice.check_password("Sosna-77-x")


def test_the_letter_about_overdue_tasks_is_switched_on_and_off(client: Client, alice: User) -> None:
    due = MORNING - timedelta(hours=1)
    tasks.create_task(text="Позвонить", due_at=due, owner=alice, by=SYSTEM, now=MORNING)
    switch(client, alice)
    digest.send_due(MORNING)
    assert not Message.objects.filter(to=alice.email).exists()
    switch(client, alice, DIGEST)
    digest.send_due(MORNING)
    assert Message.objects.get(to=alice.email).subject == "1 просроченная задача"


def test_letters_about_new_requests_are_offered_to_those_allowed_alone(
    client: Client, alice: User, olga: User
) -> None:
    for number, on in enumerate(([], [REQUESTS])):
        switch(client, olga, *on)
        taking.message("telegram", f"@lead{number}", "Сколько?", now=NOON, playbook="axelerator")
        assert Message.objects.filter(to=olga.email).count() == number
    assert f'name="{REQUESTS}"' in client.get("/profile/").content.decode()
    # A manager is not offered it, and does not get it by posting it.
    switch(client, alice, REQUESTS)
    assert f'name="{REQUESTS}"' not in client.get("/profile/").content.decode()
    taking.message("telegram", "@lead9", "Сколько?", now=NOON, playbook="axelerator")
    assert not Message.objects.filter(to=alice.email).exists()
