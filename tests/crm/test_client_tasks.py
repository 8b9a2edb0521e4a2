"""Tasks that hang on a contact, a company or nothing: who sees them, and what becomes of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Task
from crm.planning import tasks
from pipelines.actor import Actor
from pipelines.models import Event
from tests.clauses.steps import fresh
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.mark.clause("PZ-6.1")
@pytest.mark.parametrize("on", ["contact", "company", "nothing"])
def test_a_task_hangs_on_a_contact_a_company_or_nothing(
    client, alice, charlie, contact, company, on
) -> None:
    record = {"contact": contact, "company": company, "nothing": None}[on]
    address = f"{record.get_absolute_url()}task/" if record else "/tasks/new/"
    client.force_login(alice)
    due = (timezone.localtime() + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M")
    assert 'name="due_at"' in client.get(address, **HTMX).content.decode()
    data = {"text": "Поздравить", "kind": "call", "due_at": due}
    assert client.post(address, data, **HTMX).status_code == 204
    task = Task.objects.get(text="Поздравить")
    assert (task.deal, task.contact, task.company) == (
        None,
        contact if on == "contact" else None,
        company if on == "company" else None,
    )
    listed = client.get("/tasks/").content.decode()
    assert "Поздравить" in listed
    if record:
        assert record.get_absolute_url() in listed
        assert "Поздравить" in client.get(record.get_absolute_url()).content.decode()
    client.force_login(charlie)
    assert client.get(f"/tasks/{task.pk}/done/").status_code == 404


def test_a_task_on_a_client_that_one_sees_is_seen(alice, bob, olga, charlie, contact) -> None:
    task = tasks.create_task(
        text="Позвонить",
        due_at=NOON,
        owner=olga,
        contact=contact,
        by=Actor.person(olga),
        now=NOON,
    )
    seen = [
        user.email
        for user in (alice, bob, olga, charlie)
        if Task.objects.visible_to(user).filter(pk=task.pk).exists()
    ]
    assert seen == ["alice@example.com", "olga@example.com"]


@pytest.mark.clause("PZ-6.3")
@pytest.mark.parametrize("on", ["contact", "company", "nothing"])
def test_a_task_without_a_deal_is_finished_postponed_changed_and_cancelled(
    client, alice, contact, company, on
) -> None:
    where = {"contact": {"contact": contact}, "company": {"company": company}, "nothing": {}}[on]
    now = timezone.now()
    first, second = (
        tasks.create_task(
            text=text, due_at=now, owner=alice, by=Actor.person(alice), now=now, **where
        )
        for text in ("Первая", "Вторая")
    )
    client.force_login(alice)
    later = (timezone.localtime() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    data = {"due_at": later, "revision": 0}
    assert client.post(f"/tasks/{first.pk}/postpone/", data, **HTMX).status_code == 204
    data = {"text": "Иначе", "kind": "meeting", "due_at": later, "revision": 1}
    assert client.post(f"/tasks/{first.pk}/edit/", data, **HTMX).status_code == 204
    response = client.post(f"/tasks/{first.pk}/done/", {"result": "сделано", "revision": 2})
    home = {"contact": contact, "company": company}.get(on)
    assert response["Location"] == (home.get_absolute_url() if home else "/tasks/")
    assert (
        client.post(f"/tasks/{second.pk}/cancel/", {"reason": "дубль"}, **HTMX).status_code == 204
    )
    assert (fresh(first).state, fresh(first).result, fresh(first).text) == (
        "done",
        "сделано",
        "Иначе",
    )
    assert fresh(second).state == "cancelled"
    of = where or {"deal": None}
    verbs = set(Event.objects.filter(**of).values_list("verb", flat=True))
    assert {"task.postponed", "task.changed", "task.completed", "task.cancelled"} <= verbs
