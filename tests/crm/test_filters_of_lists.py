"""Every list is asked in one language: chips, nonsense, filters kept under a name, shared, and what has since gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.http import QueryDict

from crm.clients import people
from crm.filters import saved
from crm.lists import items, shapes
from crm.lists.asked import ListFilter
from crm.models import Batch, Contact, CustomList, ListField, SavedFilter, Task
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@dataclass
class Kept:
    """A list with a record that a question finds and one that it does not."""

    place: str
    path: str
    query: str
    chip: str
    found: str = "Нужная запись"
    other: str = "Лишняя запись"


LISTS = [
    Kept("tasks", "/tasks/", "type=call", "Вид"),
    Kept("contact", "/contacts/", "position=boss&owner=me", "Должность"),
    Kept("company", "/companies/", "tax_id=77000&created=2026-03-10..2026-03-10", "ИНН / УНП"),
    Kept("list-fleet", "/lists/own/fleet/", "f-body=tank&f-capacity_from=10", "Кузов"),
]


@pytest.fixture
def fleet(axelerator) -> CustomList:
    own = CustomList.objects.create(code="fleet", name="Автопарк", icon="truck")
    rows = [("body", "Кузов", "choice", ["tank: цистерна"]), ("capacity", "Тоннаж", "number", [])]
    for code, label, kind, choices in rows:
        ListField.objects.create(list=own, code=code, label=label, type=kind, choices=choices)
    return own


def fill(one: Kept, user: Any, fleet: CustomList) -> None:
    facts: Any = {"owner": user, "by": Actor(), "now": NOON}
    if one.place == "tasks":
        for text, kind in ((one.found, "call"), (one.other, "letter")):
            Task.objects.create(owner=user, text=text, kind=kind, due_at=NOON, created_at=NOON)
    elif one.place == "contact":
        Contact.objects.filter(pk=people.create_contact(name=one.found, **facts).pk).update(
            position="The Boss"
        )
        people.create_contact(name=one.other, **facts)
    elif one.place == "company":
        people.create_company(name=one.found, tax_id="7700000001", **facts)
        people.create_company(name=one.other, tax_id="5000000001", **facts)
    else:
        shape = shapes.of_list(fleet)
        items.create_item(shape, {"name": one.found, "body": "tank", "capacity": "12"}, **facts)
        items.create_item(shape, {"name": one.other, "body": "tank", "capacity": "9"}, **facts)


@pytest.mark.parametrize("one", LISTS, ids=lambda one: one.place)
def test_each_list_is_narrowed_kept_under_a_name_and_opened_with_it(
    one, alice, fleet, client
) -> None:
    fill(one, alice, fleet)
    client.force_login(alice)
    page = client.get(f"{one.path}?{one.query}").content.decode()
    assert one.found in page
    assert one.other not in page
    assert f'filter-chip-label">{one.chip}:' in page
    # As its form sends it: empty fields too, and without scripts.
    form = client.get(f"{one.path}?{one.query}&filters=open").content.decode()
    assert 'id="filter-panel"' in form
    assert client.get(f"{one.path}?apply=1&q=&{one.query}")["Location"] == f"{one.path}?{one.query}"

    made = client.post(f"/filters/{one.place}/new/?{one.query}", {"name": "Мои"})
    kept = SavedFilter.objects.get()
    assert (kept.list, kept.query, kept.pipeline) == (one.place, one.query, "")
    assert made["Location"] == f"{one.path}?{one.query}&saved={kept.pk}"
    assert "Мои" in client.get(f"/filters/{one.place}/", **HTMX).content.decode()
    assert "Мои" not in client.get("/filters/deals/", **HTMX).content.decode()
    # A name is taken on its own list only.
    assert client.post(f"/filters/{one.place}/new/?q=x", {"name": "мои"}).status_code == 422
    saved.save(owner=alice, place=saved.DEALS, name="мои", query="status=open")

    client.post(f"/filters/{kept.pk}/usual/")
    assert client.get(one.path)["Location"] == made["Location"]
    for link in ("?saved=", f"?{one.query}"):
        assert client.get(one.path + link).status_code == 200
    # What clears the filter does not lead back into it.
    assert 'href="?saved="' in client.get(made["Location"]).content.decode()
    client.post(f"/filters/{one.place}/usual/")
    assert client.get(one.path).status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/tasks/", "owner=zzz"),
        ("/tasks/calendar/", "due=когда-нибудь"),
        ("/contacts/", "q=%00"),
        ("/contacts/", "company=99999999999999999999"),
        ("/contacts/", "created=позавчера.."),
        ("/companies/", "owner=1' or"),
        ("/companies/", "ids=1,x"),
        ("/lists/own/fleet/", "f-capacity_from=NaN"),
        ("/lists/own/fleet/", "f-body=boat"),
    ],
)
def test_nonsense_shows_nothing_and_says_where_it_stands(path, query, alice, fleet, client) -> None:
    for one in LISTS:
        fill(one, alice, fleet)
    client.force_login(alice)
    answer = client.get(f"{path}?{query}")
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "фильтр не удалось" in page.lower()
    assert "Нужная запись" not in page


def test_nobody_is_given_away_by_a_question_that_makes_no_sense(alice, bob, olga, client) -> None:
    kept = people.create_contact(name="Пётр", owner=alice, by=Actor(), now=NOON)
    client.force_login(olga)
    sent = {"everything": "1", "owner": bob.pk}
    client.post("/lists/contact/give/", {**sent, "query": "created=когда-то"})
    assert not Batch.objects.filter(total__gt=0).exists()
    client.post("/lists/contact/give/", {**sent, "query": f"owner={alice.pk}&sort=name"})
    kept.refresh_from_db()
    assert kept.owner == bob


def test_through_a_shared_filter_each_sees_his_own_clients(
    alice, bob, olga, charlie, team, client
) -> None:
    for user in (alice, bob):
        people.create_contact(name=f"Клиент {user.pk}", owner=user, by=Actor(), now=NOON)
    query = "deals=without&owner=me"
    shared = saved.save(
        owner=olga, place="contact", name="Без сделок", query=query, share=str(team.pk)
    )
    client.force_login(bob)
    address = f"/contacts/?{saved.params_of(shared).urlencode()}"
    page = client.get(address).content.decode()
    assert f"Клиент {bob.pk}" in page
    assert f"Клиент {alice.pk}" not in page
    assert "Без сделок" in page
    make_deal(bob, contact=Contact.objects.get(owner=bob))
    assert f"Клиент {bob.pk}" not in client.get(address).content.decode()
    # A filter of contacts is no filter of companies, and of another team none at all.
    assert "Без сделок" not in client.get(f"/companies/?saved={shared.pk}").content.decode()
    client.force_login(charlie)
    assert "Без сделок" not in client.get(address).content.decode()
    assert client.post(f"/filters/{shared.pk}/usual/").status_code == 404


def test_a_field_since_deleted_is_named_and_a_deleted_list_takes_its_filters(
    alice, fleet, client
) -> None:
    one = LISTS[-1]
    fill(one, alice, fleet)
    kept = saved.save(owner=alice, place=one.place, name="Большие", query=one.query)
    fleet.fields.filter(code="body").delete()
    client.force_login(alice)
    answer = client.get(f"{one.path}?{saved.params_of(kept).urlencode()}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "body" in page
    assert one.found in page
    assert one.other not in page
    # A list with items can't be deleted; another one can.
    yards = CustomList.objects.create(code="yards", name="Площадки")
    gone = saved.save(owner=alice, place=yards.place, name="Большие", query="q=x")
    saved.open_with(alice, yards.place, gone)
    CustomList.objects.filter(pk=yards.pk).delete()
    assert list(SavedFilter.objects.all()) == [kept]
    assert client.get("/filters/list-yards/").status_code == 404
    CustomList.objects.create(code="yards", name="Другие площадки")
    assert client.get("/lists/own/yards/").status_code == 200


def test_the_list_in_the_address_of_an_export_is_no_field_of_that_name(alice, fleet) -> None:
    ListField.objects.create(list=fleet, code="kind", label="Вид", type="text")
    query = QueryDict("kind=list-fleet&form=csv&f-kind=x")
    asked = ListFilter(query, user=alice, shape=shapes.of_list(fleet))
    assert (asked.query(), asked.gone) == ("f-kind=x", [])
