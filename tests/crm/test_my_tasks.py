"""«Мои задачи»: grouped by when they are due, for oneself or one's people, with the deals nobody planned for."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Deal, Task
from crm.planning import my_tasks
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def make_task(owner, text, due_at, **kwargs):
    return Task.objects.create(owner=owner, text=text, due_at=due_at, created_at=NOON, **kwargs)


def shown(viewer, owner):
    groups, _ = my_tasks.groups(viewer, owner, now=NOON)
    return {group.code: [item.task.text for item in group.tasks] for group in groups}


def test_tasks_are_overdue_for_today_for_tomorrow_or_later_by_the_persons_own_clock(alice):
    timezone.activate("Europe/Moscow")
    for text, hours in (("a", -30), ("b", -1), ("c", 1), ("d", 24), ("e", 72)):
        make_task(alice, text, NOON + timedelta(hours=hours))
    make_task(alice, "весь день", NOON - timedelta(hours=9), all_day=True)
    assert shown(alice, alice) == {
        "overdue": ["a", "b"], "today": ["весь день", "c"], "tomorrow": ["d"], "later": ["e"],
    }  # fmt: skip


def test_tasks_done_or_of_others_are_not_listed(alice, bob):
    make_task(alice, "done", NOON, state="done")
    make_task(bob, "bob's", NOON)
    assert shown(alice, alice) == {}


def test_a_head_switches_to_her_people_and_a_manager_to_nobody(alice, bob, olga, charlie, client):
    make_task(alice, "Позвонить в «Ромашку»", NOON)
    client.force_login(olga)
    assert "Позвонить в «Ромашку»" in client.get(f"/tasks/?who={alice.pk}").content.decode()
    assert client.get(f"/tasks/?who={charlie.pk}").status_code == 404
    client.force_login(bob)
    assert client.get(f"/tasks/?who={alice.pk}").status_code == 404
    assert client.get("/tasks/?who=zzz").status_code == 404


@pytest.mark.clause("AX-5.1")
def test_deals_without_a_task_are_listed_below(alice, client):
    forgotten, planned = make_deal(alice, name="Забытая"), make_deal(alice, name="Запланированная")
    Task.objects.filter(deal=forgotten).update(state="cancelled")
    Deal.objects.filter(pk=forgotten.pk).update(next_task_at=None)
    assert planned.next_task_at or Deal.objects.get(pk=planned.pk).next_task_at
    assert my_tasks.without_task(alice, alice) == [forgotten]
    client.force_login(alice)
    assert "Забытая" in client.get("/tasks/").content.decode()


def test_a_task_offers_its_outcomes(alice, client):
    deal = make_deal(alice, answers={"platform": "site"})
    client.force_login(alice)
    page = client.get("/tasks/").content.decode()
    task = Task.objects.get(deal=deal)
    assert f"/tasks/{task.pk}/outcome/" in page
