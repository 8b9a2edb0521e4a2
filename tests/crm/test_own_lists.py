"""Own lists: who reads and edits them, items with their cards, names that come once, and the playbook's section."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from crm.card.editing import FieldsChanged, seal
from crm.lists import defining, items, shapes
from crm.models import CustomList, ListField, ListItem
from crm.sections import lists as section
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def fleet(axelerator) -> CustomList:
    own = CustomList.objects.create(code="fleet", name="Автопарк", icon="truck")
    for position, (code, kind, facts) in enumerate(
        [
            ("plate", "text", {"required": True}),
            ("body", "choice", {"choices": ["tank: цистерна", "tipper: самосвал"]}),
            ("capacity", "number", {}),
            ("inspection", "date", {}),
        ]
    ):
        ListField.objects.create(
            list=own, code=code, label=code.title(), type=kind, position=position, **facts
        )
    return own


def add(own, user, name="КамАЗ", **values) -> ListItem:
    answers = {"name": name, "plate": "А123ВС", **values}
    return items.create_item(
        shapes.of_list(own), answers, owner=user, by=Actor.person(user), now=NOON
    )


def test_an_item_is_cleaned_by_its_fields_types_and_says_what_is_missing(fleet, alice) -> None:
    item = add(fleet, alice, capacity="12,5", body="tank", inspection="01.04.2026")
    assert item.values == {
        "plate": "А123ВС", "capacity": "12.5", "body": "tank", "inspection": "2026-04-01",
    }  # fmt: skip
    assert item.entries.get().event.verb == "item.created"
    with pytest.raises(BadAnswer) as said:
        add(fleet, alice, "МАЗ", plate="", body="boat")
    assert set(said.value.errors) == {"body"}
    with pytest.raises(BadAnswer) as said:
        add(fleet, alice, "МАЗ", plate=" ")
    assert set(said.value.errors) == {"plate"}


def test_a_name_comes_once_unless_the_list_lets_it(fleet, alice) -> None:
    first = add(fleet, alice)
    with pytest.raises(BadAnswer):
        add(fleet, alice, "камаз")
    with pytest.raises(IntegrityError), transaction.atomic():
        ListItem.objects.create(list=fleet, name="x", name_key=first.name_key, created_at=NOON)
    items.archive_item(first, by=Actor.person(alice), now=NOON)
    second = add(fleet, alice, "камаз")
    with pytest.raises(RegulationError):
        items.restore_item(first, by=Actor.person(alice), now=NOON)
    fleet.unique_names = False
    fleet.save()
    defining.keep_names(fleet)
    items.restore_item(first, by=Actor.person(alice), now=NOON)
    assert defining.names_twice(fleet) == ["камаз"]
    assert second.archived_at is None


def test_a_colleagues_change_is_not_overwritten_silently(fleet, alice, bob) -> None:
    shape, item = shapes.of_list(fleet), add(fleet, alice, capacity="10")
    seen = {"capacity": seal("10")}
    items.edit_item(shape, item, {"capacity": "12"}, seen=seen, by=Actor.person(bob), now=NOON)
    with pytest.raises(FieldsChanged):
        items.edit_item(shape, item, {"capacity": "9"}, seen=seen, by=Actor.person(alice), now=NOON)
    item.refresh_from_db()
    assert item.values["capacity"] == "12"


def test_roles_and_teams_decide_who_reads_and_who_edits(
    fleet, alice, bob, olga, charlie, client
) -> None:
    item = add(fleet, alice)
    assert ListItem.objects.visible_to(charlie).get() == item
    fleet.editors = ["head"]
    fleet.save()
    item = ListItem.objects.get(pk=item.pk)
    with pytest.raises(RegulationError):
        items.note_on_item(item, text=" ", by=Actor.person(alice), now=NOON)
    with pytest.raises(RegulationError):
        items.edit_item(
            shapes.of_list(fleet), item, {"plate": "x"}, by=Actor.person(alice), now=NOON
        )
    client.force_login(alice)
    assert "Архив" not in client.get(f"/lists/items/{item.pk}/").content.decode()
    fleet.is_personal = True
    fleet.save()
    assert [ListItem.objects.visible_to(who).count() for who in (alice, bob, olga, charlie)] == [1, 0, 1, 0]  # fmt: skip
    fleet.readers = ["refunds_manager"]
    fleet.save()
    assert client.get("/lists/own/fleet/").status_code == 404
    assert client.get(f"/lists/items/{item.pk}/").status_code == 404
    assert not CustomList.objects.visible_to(bob).exists()
    assert CustomList.objects.visible_to(olga).get() == fleet


def test_a_manager_works_a_list_in_its_pages(fleet, alice, client) -> None:
    client.force_login(alice)
    assert "Автопарк" in client.get("/contacts/").content.decode()
    made = client.post("/lists/own/fleet/new/", {"code": ["name", "plate", "body"], "name": "КамАЗ", "plate": "В777", "body": "tank"})  # fmt: skip
    item = ListItem.objects.get()
    assert made["Location"] == f"/lists/items/{item.pk}/"
    refused = client.post("/lists/own/fleet/new/", {"code": ["name", "plate"], "name": "камаз", "plate": "1"}, **HTMX)  # fmt: skip
    assert refused.status_code == 422
    page = client.get("/lists/own/fleet/", {"f-body": "tank", "f-capacity_to": ""}).content.decode()
    assert "КамАЗ" in page
    assert "цистерна" in page
    assert "КамАЗ" not in client.get("/lists/own/fleet/?f-body=tipper").content.decode()
    saved = client.post(f"/lists/items/{item.pk}/field/", {"code": "capacity", "capacity": "20"}, **HTMX)  # fmt: skip
    assert saved.status_code == 200
    assert client.post(f"/lists/items/{item.pk}/field/", {"code": "capacity", "capacity": "много"}, **HTMX).status_code == 422  # fmt: skip
    client.post(f"/lists/items/{item.pk}/note/", {"text": "Сменили колодки"})
    card = client.get(f"/lists/items/{item.pk}/").content.decode()
    assert "Сменили колодки" in card
    client.post(f"/lists/items/{item.pk}/archive/")
    assert f"/lists/items/{item.pk}/" not in client.get("/lists/own/fleet/").content.decode()
    assert client.post(f"/lists/items/{item.pk}/note/", {"text": "x"}).status_code == 404


def test_an_archived_item_is_found_in_its_lists_archive_and_put_back(
    fleet, alice, charlie, client
) -> None:
    fleet.is_personal = True
    fleet.save()
    item, live = add(fleet, alice), add(fleet, alice, "МАЗ")
    items.archive_item(item, by=Actor.person(alice), now=NOON)
    url = f"/lists/items/{item.pk}/"
    client.force_login(alice)
    archive = client.get("/lists/own/fleet/?archived=yes").content.decode()
    assert [f"/lists/items/{one.pk}/" in archive for one in (item, live)] == [True, False]
    assert f"{url}restore/" in client.get(url).content.decode()
    client.force_login(charlie)
    assert client.get(url).status_code == 404
    assert client.post(f"{url}restore/").status_code == 404
    client.force_login(alice)
    items.edit_item(
        shapes.of_list(fleet), live, {"name": "КАМАЗ"}, by=Actor.person(alice), now=NOON
    )
    taken = client.post(f"{url}restore/", follow=True).content.decode()
    assert "в списке уже есть" in taken
    items.archive_item(live, by=Actor.person(alice), now=NOON)
    assert client.post(f"{url}restore/")["Location"] == url
    assert url in client.get("/lists/own/fleet/").content.decode()


def test_an_item_keeps_files_as_its_list_lets(fleet, alice, charlie, client) -> None:
    item = add(fleet, alice)
    url = f"/lists/items/{item.pk}/"

    def send(name: str) -> int:
        passport = SimpleUploadedFile(name, b"%PDF-1.7")
        return client.post(f"{url}files/", {"file": passport}, **HTMX).status_code

    client.force_login(alice)
    assert send("паспорт.pdf") == 204
    kept = item.files.get()
    card = client.get(url).content.decode()
    assert card.count("паспорт.pdf") >= 2, "in its section and in the feed"
    fleet.editors = ["head"]
    fleet.save()
    assert send("ещё.pdf") == 422
    assert client.post(f"/files/{kept.pk}/remove/", **HTMX).status_code == 422
    assert "data-upload" not in client.get(url).content.decode()
    assert client.get(f"/files/{kept.pk}/").status_code == 200
    fleet.readers = ["refunds_manager"]
    fleet.save()
    assert client.get(f"/files/{kept.pk}/").status_code == 404


def test_an_administrator_defines_a_list_with_its_fields(administrator, client) -> None:
    client.force_login(administrator)
    rows = {"fields-TOTAL_FORMS": 2, "fields-INITIAL_FORMS": 0, "fields-0-label": "Сайт", "fields-0-type": "url", "fields-0-position": 0, "fields-0-in_table": "on", "fields-1-label": "Сильны в", "fields-1-type": "choices", "fields-1-choices": "Цене\nСроках", "fields-1-position": 1}  # fmt: skip
    data = {"name": "Конкуренты", "icon": "target", "position": 0, "is_active": "on", "unique_names": "on", "editors": ["head"], **rows}  # fmt: skip
    response = client.post("/admin/crm/customlist/add/", data)
    assert response.status_code == 302, response.content.decode()
    own = CustomList.objects.get(name="Конкуренты")
    assert (own.code, own.editors) == ("konkurenty", ["head"])
    strong = own.fields.get(code="silny_v")
    assert strong.compiled().choices == {"tsene": "Цене", "srokakh": "Сроках"}


def test_a_playbook_brings_its_lists_and_gives_them_back(tmp_path, db) -> None:
    rows = [
        {"list": "yards", "name": "Площадки", "icon": "map-pin", "editors": ["head"], "fields": [
            {"field": "address", "label": "Адрес", "required": True},
            {"field": "kind", "label": "Вид", "type": "choice", "choices": {"own": "своя"}, "table": False},
        ]},
    ]  # fmt: skip
    assert list(section.check(rows, tmp_path)) == []
    section.load("bakery", tmp_path, rows, NOON)
    section.load("bakery", tmp_path, rows, NOON)
    assert section.export("bakery") == rows
    section.load("bakery", tmp_path, [], NOON)
    assert section.export("bakery") == []
    assert CustomList.objects.get(code="bakery-yards").is_active is False
    wrong = [{"list": "Площадки", "nam": "x", "icon": "yacht", "fields": [{"field": "name"}, {"field": "a", "type": "choice"}]}]  # fmt: skip
    assert len(list(section.check(wrong, tmp_path))) == 6
