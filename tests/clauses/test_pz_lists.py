"""PZ-4.4: «Lists» has companies, contacts and own lists, with cards, filter and table."""

from __future__ import annotations

import pytest

from crm.clients import people
from crm.lists import items, shapes
from crm.models import CustomList
from pipelines.actor import Actor
from tests.factories import NOON, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.clause("PZ-4.4")]


def test_lists_have_contacts_companies_and_the_companys_own(pzka, client) -> None:
    manager = UserFactory(roles=["client_department"])
    facts = {"owner": manager, "by": Actor.person(manager), "now": NOON}
    firm = people.create_company(name="ООО «Втормет»", tax_id="7700000001", **facts)
    people.create_company(name="ООО «Иное»", **facts)
    people.create_contact(name="Пётр Ломов", company=firm, phone="+79161234567", **facts)
    fleet = shapes.of_list(CustomList.objects.get(code="pzka-fleet"))
    truck = items.create_item(fleet, {"name": "КамАЗ", "plate": "А123ВС", "body": "grab"}, **facts)
    client.force_login(manager)

    chosen = client.get(client.get("/lists/")["Location"]).content.decode()
    for title in ("Контакты", "Компании", "Автопарк", "Площадки"):
        assert title in chosen
    table = client.get("/companies/", {"tax_id": "7700000001", "sort": "name"}).content.decode()
    assert "Втормет" in table
    assert "Иное" not in table
    assert "Пётр Ломов" in client.get("/contacts/?company=втормет").content.decode()
    own = client.get("/lists/own/pzka-fleet/", {"f-body": "grab"}).content.decode()
    assert "с манипулятором" in own
    card = client.get(truck.get_absolute_url()).content.decode()
    assert "А123ВС" in card
    assert client.get("/lists/")["Location"] == "/lists/own/pzka-fleet/"


def test_another_companys_people_do_not_see_its_lists(pzka, charlie, client) -> None:
    charlie.team.playbook = "axelerator"
    charlie.team.save()
    client.force_login(charlie)
    assert "Автопарк" not in client.get("/contacts/").content.decode()
    assert client.get("/lists/own/pzka-fleet/").status_code == 404
