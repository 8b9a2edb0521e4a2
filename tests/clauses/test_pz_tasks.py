"""PZ-6.1 to PZ-6.3: what a task hangs on, no deal without one, and what is done with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from crm.board import reading
from crm.clients import people
from crm.models import Company, Contact, Deal, Task, User
from crm.planning import tasks
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.models import Event
from tests.clauses.pz_steps import lead
from tests.clauses.steps import fresh
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
KINDS = ["deal", "contact", "company", "nothing"]


@pytest.fixture(autouse=True)
def _playbook(pzka: None) -> None:
    """The pipelines of the scrap-metal buyer."""


@pytest.fixture
def things(alice: User) -> dict[str, Any]:
    """All that a task can hang on."""
    company = people.create_company(name="ООО «Лом»", owner=alice, by=Actor(), now=NOON)
    contact = people.create_contact(
        name="Пётр Ломов", owner=alice, company=company, by=Actor(), now=NOON
    )
    deal = lead(alice, contact=contact, company=company, now=timezone.now())
    return {"deal": deal, "contact": contact, "company": company, "nothing": None}


def address_of(thing: Deal | Contact | Company | None) -> str:
    if isinstance(thing, Deal):
        return f"/deals/{thing.pk}/"
    return thing.get_absolute_url() if thing else "/tasks/"


def in_hours(hours: int) -> str:
    return (timezone.localtime() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def set_task(client: Client, thing: Any, text: str) -> Task:
    """Set from the card of the thing, or from «My tasks»."""
    address = f"{address_of(thing)}{'task/' if thing else 'new/'}"
    assert f'"{address}"' in client.get(address_of(thing)).content.decode()
    data = {"text": text, "kind": "call", "due_at": in_hours(2)}
    assert client.post(address, data, **HTMX).status_code == 204
    return Task.objects.get(text=text)


@pytest.mark.clause("PZ-6.1")
@pytest.mark.parametrize("kind", KINDS)
def test_a_task_hangs_on_a_deal_a_contact_a_company_or_nothing(
    client: Client, alice: User, charlie: User, things: dict[str, Any], kind: str
) -> None:
    client.force_login(alice)
    task = set_task(client, things[kind], "Свериться по весу")
    hangs = {name: getattr(task, name) for name in ("deal", "contact", "company")}
    assert hangs == {name: things[name] if name == kind else None for name in hangs}
    mine = client.get("/tasks/").content.decode()
    assert "Свериться по весу" in mine
    if kind != "nothing":
        assert f'href="{address_of(things[kind])}"' in mine
        assert "Свериться по весу" in client.get(address_of(things[kind])).content.decode()
    client.force_login(charlie)
    assert client.get(f"/tasks/{task.pk}/edit/").status_code == 404


@pytest.mark.clause("PZ-6.2")
def test_a_deal_without_a_task_is_marked_counted_and_found(
    client: Client, alice: User, bob: User, things: dict[str, Any]
) -> None:
    deal, other = things["deal"], lead(alice)
    stages = catalog.by_code("scrap").stages
    assert reading.without_task(alice, stages) == ""
    for task in Task.objects.open().filter(deal=deal):
        tasks.cancel_task(task, by=Actor(), now=NOON)
    assert (reading.without_task(alice, stages), reading.without_task(bob, stages)) == ("1", "")
    client.force_login(alice)
    shown = client.get("/deals/", {"pipeline": "scrap"}).content.decode()
    card = shown[shown.index(f'id="deal-{deal.pk}"') :].partition("</article>")[0]
    assert "task-none" in card
    counted = shown[shown.index('id="forgotten"') :].partition("</a>")[0]
    assert "pipeline=scrap&amp;task=none" in counted
    assert "1" in counted.rpartition(">")[2]
    found = client.get("/deals/", {"pipeline": "scrap", "task": "none"}).content.decode()
    assert f'id="deal-{deal.pk}"' in found
    assert f'id="deal-{other.pk}"' not in found
    assert deal.name in client.get("/tasks/").content.decode()


@pytest.mark.clause("PZ-6.2")
@pytest.mark.parametrize("way", ["done", "cancel"])
def test_the_end_of_the_last_task_asks_for_the_next(
    client: Client, alice: User, things: dict[str, Any], way: str
) -> None:
    deal = things["deal"]
    for rest in Task.objects.open().filter(deal=deal):
        tasks.cancel_task(rest, by=Actor(), now=NOON)
    client.force_login(alice)
    last = set_task(client, deal, "Узнать, когда ждать машину")
    address, said = f"/tasks/{last.pk}/{way}/", {"result": "да", "reason": "да", "revision": 0}
    assert 'name="next_text"' in client.get(address, **HTMX).content.decode()
    assert client.post(address, said, **HTMX).status_code == 422
    assert fresh(last).state == "open"
    following = {"next_text": "Встретить машину", "next_due_at": in_hours(24)}
    assert client.post(address, said | following, **HTMX).status_code == 204
    assert fresh(last).state in ("done", "cancelled")
    assert Task.objects.open().get(deal=deal).text == "Встретить машину"
    assert reading.without_task(alice, catalog.by_code("scrap").stages) == ""


@pytest.mark.clause("PZ-6.2")
def test_an_open_task_beside_it_is_next_already(
    client: Client, alice: User, things: dict[str, Any]
) -> None:
    client.force_login(alice)
    task = set_task(client, things["deal"], "Выслать прайс")
    address = f"/tasks/{task.pk}/done/"
    assert "next_text" not in client.get(address, **HTMX).content.decode()
    assert client.post(address, {"result": "выслал", "revision": 0}, **HTMX).status_code == 204


@pytest.mark.clause("PZ-6.3")
@pytest.mark.parametrize("kind", KINDS)
def test_a_task_is_changed_postponed_finished_with_a_result_or_deleted(
    client: Client, alice: User, things: dict[str, Any], kind: str
) -> None:
    client.force_login(alice)
    done, deleted = (set_task(client, things[kind], text) for text in ("Первая", "Вторая"))
    later = in_hours(48)
    steps: list[tuple[Task, str, dict[str, Any], int]] = [
        (done, "postpone", {"due_at": later, "revision": 0}, 204),
        (done, "edit", {"text": "Иначе", "kind": "letter", "due_at": later, "revision": 1}, 204),
        (done, "done", {"result": " ", "revision": 2}, 422),
        (done, "done", {"result": "договорились", "revision": 2}, 204),
        (deleted, "cancel", {"reason": "дубль", "no_next": "1"}, 204),
        (deleted, "done", {"result": "поздно", "revision": 1}, 409),
    ]
    for task, path, data, status in steps:
        assert client.post(f"/tasks/{task.pk}/{path}/", data, **HTMX).status_code == status, path
    assert (fresh(done).state, fresh(done).text, fresh(done).result) == (
        "done",
        "Иначе",
        "договорились",
    )
    assert timezone.localtime(fresh(done).due_at).strftime("%Y-%m-%dT%H:%M") == later
    assert fresh(deleted).state == "cancelled"
    shown = client.get("/tasks/").content.decode()
    assert "Иначе" not in shown
    assert "Вторая" not in shown
    verbs = Event.objects.filter(data__task__in=[done.pk, deleted.pk]).values_list(
        "verb", flat=True
    )
    assert {"task.postponed", "task.changed", "task.completed", "task.cancelled"} <= set(verbs)
