"""The end of a deal's last task asks for the next (PZ-6.2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Deal, Task
from crm.planning import tasks
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from tests.clauses.steps import at_stage, call_task, fresh, refused, task_of
from tests.factories import NOON, make_deal

pytestmark = [pytest.mark.django_db, pytest.mark.clause("PZ-6.2")]
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def last(alice) -> Task:
    """The only task of an open deal whose stage needs one."""
    return Task.objects.get(deal=make_deal(alice, now=timezone.now()))


@pytest.fixture
def tomorrow() -> str:
    return (timezone.localtime() + timedelta(days=1)).strftime("%Y-%m-%dT10:00")


@pytest.mark.parametrize(
    ("path", "said"), [("done", {"result": "поговорили"}), ("cancel", {"reason": "не нужна"})]
)
def test_the_last_task_does_not_end_until_the_next_is_named(
    client, alice, last, tomorrow, path, said
) -> None:
    client.force_login(alice)
    address = f"/tasks/{last.pk}/{path}/"
    assert 'name="next_text"' in client.get(address, **HTMX).content.decode()
    response = client.post(address, {**said, "revision": 0}, **HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'name="no_next"' in page
    assert next(iter(said.values())) in page
    assert fresh(last).state == "open"
    asked = {"next_text": "Выслать прайс", "next_kind": "letter", "next_due_at": tomorrow}
    assert client.post(address, {**said, **asked, "revision": 0}, **HTMX).status_code == 204
    assert fresh(last).state != "open"
    following = Task.objects.open().get(deal=last.deal)
    assert (following.text, following.kind, following.owner) == ("Выслать прайс", "letter", alice)
    assert Deal.objects.get(pk=last.deal_id).next_task_at == following.due_at


def test_one_more_click_ends_it_without_a_next_one(client, alice, last) -> None:
    client.force_login(alice)
    data = {"result": "поговорили", "revision": 0, "no_next": "1"}
    assert client.post(f"/tasks/{last.pk}/done/", data, **HTMX).status_code == 204
    assert fresh(last).state == "done"
    assert not Task.objects.open().filter(deal=last.deal).exists()


def test_a_next_task_that_makes_no_sense_ends_nothing(client, alice, last) -> None:
    client.force_login(alice)
    for wrong in ({"next_due_at": "когда-нибудь"}, {"next_due_at": ""}, {"next_text": "я" * 501}):
        data = {
            "result": "да",
            "revision": 0,
            "next_text": "Позвонить",
            "next_due_at": "2026-12-01T10:00",
        } | wrong
        response = client.post(f"/tasks/{last.pk}/done/", data, **HTMX)
        assert response.status_code == 422, wrong
        assert "invalid-feedback" in response.content.decode()
    assert fresh(last).state == "open"


def test_where_another_task_is_open_nothing_is_asked(client, alice, last) -> None:
    call_task(last.deal, now=timezone.now())
    client.force_login(alice)
    assert "next_text" not in client.get(f"/tasks/{last.pk}/done/", **HTMX).content.decode()
    data = {"result": "поговорили", "revision": 0}
    assert client.post(f"/tasks/{last.pk}/done/", data, **HTMX).status_code == 204


def test_an_outcome_that_leaves_the_deal_without_a_task_asks_too(client, alice, tomorrow) -> None:
    deal = at_stage(alice, "taken")
    task = task_of(deal, "qualify")
    client.force_login(alice)
    address = f"/tasks/{task.pk}/outcome/talked/"
    response = client.post(address, {"revision": 0, "result": "да"}, **HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'name="next_text"' in page
    assert 'name="no_next"' in page
    assert fresh(task).state == "open"
    data = {"revision": 0, "result": "да", "next_text": "Собрать КП", "next_due_at": tomorrow}
    assert client.post(address, data, **HTMX).status_code == 204
    assert Task.objects.open().get(deal=deal).text == "Собрать КП"


def test_an_outcome_whose_rules_set_the_next_task_asks_for_none(client, alice) -> None:
    deal = at_stage(alice, "kp_sent", now=timezone.now())
    task = task_of(deal, "objections")
    client.force_login(alice)
    data = {"revision": 0}
    assert client.post(f"/tasks/{task.pk}/outcome/thinks/", data, **HTMX).status_code == 204
    assert Task.objects.open().filter(deal=deal).exists()


def test_rules_and_robots_are_asked_nothing(alice) -> None:
    task = Task.objects.get(deal=make_deal(alice))
    tasks.complete_task(task, result="сделано", by=Actor(), now=NOON)
    assert not Task.objects.open().filter(deal=task.deal).exists()


def test_the_next_task_and_the_end_of_the_last_are_one(alice) -> None:
    task = Task.objects.get(deal=make_deal(alice))
    wrong = tasks.NextTask("Позвонить", NOON + timedelta(days=10_000))
    with refused(BadAnswer) as caught:
        tasks.complete_task(
            task, result="да", by=Actor.person(alice), now=NOON, next_task=wrong, ask_next=True
        )
    assert list(caught.value.errors) == ["next_due_at"]
    assert fresh(task).state == "open"
