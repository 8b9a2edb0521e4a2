"""«Contacts» and «Companies»: found by what one remembers, within one's rights, and made anew."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from crm.clients import archiving, merging, people
from crm.lists import reading, shapes
from crm.lists.asked import ListFilter
from crm.models import Batch, Company, Contact
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def contact(owner, name="Пётр Ломов", **facts) -> Contact:
    return people.create_contact(name=name, owner=owner, by=Actor(), now=NOON, **facts)


def company(owner, name="ООО «Лом»", **facts) -> Company:
    return people.create_company(name=name, owner=owner, by=Actor(), now=NOON, **facts)


@pytest.mark.parametrize("path", ["/contacts/", "/companies/"])
def test_a_list_shows_ones_own_and_no_strangers(client, alice, charlie, path) -> None:
    make = contact if path == "/contacts/" else company
    make(alice, "Своя Запись")
    make(charlie, "Чужая Запись")
    client.force_login(alice)
    page = client.get(path).content.decode()
    assert "Своя Запись" in page
    assert "Чужая Запись" not in page


@pytest.mark.parametrize(
    "text", ["ломов", "Пётр", "8 029 555-11-22", "5551122", "PETR@example", "втормет"]
)
def test_a_contact_is_found_by_name_phone_email_or_company(client, alice, text) -> None:
    firm = company(alice, "ЗАО «Втормет»")
    contact(alice, phone="+375295551122", email="petr@example.com", company=firm)
    contact(alice, "Иной Человек")
    client.force_login(alice)
    page = client.get("/contacts/", {"q": text}).content.decode()
    assert "Пётр Ломов" in page
    assert "Иной Человек" not in page


@pytest.mark.parametrize("text", ["«лом", "7700000001", "info@lom", "+375175551122"])
def test_a_company_is_found_by_name_tax_number_phone_or_email(client, alice, text) -> None:
    company(alice, tax_id="7700000001", email="info@lom.example", phone="+375175551122")
    company(alice, "ООО «Иное»")
    client.force_login(alice)
    page = client.get("/companies/", {"q": text}).content.decode()
    assert "ООО «Лом»" in page.replace("&laquo;", "«")
    assert "ООО «Иное»" not in page


def read_page(user, after="", **asked) -> reading.Page:
    shape, query = shapes.of_clients("contact", user), QueryDict(mutable=True)
    query.update(asked)
    question = ListFilter(query, user=user, shape=shape)
    return reading.read_page(shape, user, question, now=NOON, columns=[], after=after)


def test_open_deals_are_counted_of_those_one_sees(alice, charlie, olga) -> None:
    shared = contact(alice)
    make_deal(alice, contact=shared)
    make_deal(charlie, contact=shared)
    (row,) = read_page(alice).rows
    assert row.open_deals == 1
    (row,) = read_page(olga).rows
    assert row.open_deals == 1


def test_a_head_narrows_the_list_to_one_person(client, alice, bob, olga) -> None:
    contact(alice, "Клиент Алисы")
    contact(bob, "Клиент Бориса")
    client.force_login(olga)
    page = client.get("/contacts/", {"owner": bob.pk}).content.decode()
    assert "Клиент Бориса" in page
    assert "Клиент Алисы" not in page


def test_pages_follow_one_another_without_a_gap(alice) -> None:
    made = {contact(alice, f"Клиент {number}").pk for number in range(120)}
    seen, after = [], ""
    for _page in range(4):
        found = read_page(alice, after)
        seen += [row.record.pk for row in found.rows]
        if not (after := found.after):
            break
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize(
    "query", [{"after": "x"}, {"after": "\x00~1"}, {"sort": "zzz", "size": "7"}, {"q": "%_"}]
)
def test_nonsense_about_the_page_is_its_beginning(client, alice, query) -> None:
    client.force_login(alice)
    for path in ("/contacts/", "/companies/"):
        assert client.get(path, query).status_code == 200


def test_a_new_client_is_made_and_belongs_to_who_made_it(client, alice) -> None:
    client.force_login(alice)
    assert client.get("/contacts/new/", **HTMX).status_code == 200
    data = {"name": "Новый Клиент", "phone": "80297770011"}
    response = client.post("/contacts/new/", data)
    made = Contact.objects.get(name="Новый Клиент")
    assert (response["Location"], made.owner) == (made.get_absolute_url(), alice)
    response = client.post("/companies/new/", {"name": "ООО «Новое»", "tax_id": "7700000009"})
    assert response["Location"] == Company.objects.get(tax_id="7700000009").get_absolute_url()
    assert client.post("/companies/new/", {"name": " "}, **HTMX).status_code == 422


def test_one_whom_we_know_is_offered_before_he_is_made_twice(client, alice) -> None:
    known = contact(alice, phone="+375297770011")
    client.force_login(alice)
    data = {"name": "Пётр", "phone": "8 029 777-00-11"}
    response = client.post("/contacts/new/", data, **HTMX)
    assert response.status_code == 409
    assert "Пётр Ломов" in response.content.decode()
    response = client.post("/contacts/new/", data | {"chosen": known.pk})
    assert response["Location"] == known.get_absolute_url()
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(("make", "path"), [(contact, "/contacts/"), (company, "/companies/")])
def test_a_client_of_no_deal_goes_into_the_archive_and_comes_back(
    client, alice, olga, charlie, make, path
) -> None:
    record, busy = make(alice), make(alice, "Занятый")
    kind = record._meta.model_name
    make_deal(alice, **{kind: busy})
    client.force_login(alice)
    client.post(f"{path}{busy.pk}/archive/")
    client.post(f"{path}{record.pk}/archive/")
    card = f"{path}{record.pk}/"
    assert f'"{card}"' not in client.get(path).content.decode()
    archive = client.get(f"{path}?archived=yes").content.decode()
    assert (f'"{card}"' in archive, "Занятый" in archive) == (True, False)
    # A question about the archive chooses none of the living.
    client.force_login(olga)
    everything = {"everything": "1", "query": "archived=yes", "owner": alice.pk}
    client.post(f"/lists/{kind}/give/", everything)
    rows = Batch.objects.latest("pk").rows.values_list("record_id", flat=True)
    assert list(rows) == [record.pk]
    client.force_login(alice)
    assert f"{card}restore/" in client.get(card).content.decode()
    client.force_login(charlie)
    assert client.get(card).status_code == 404
    assert client.post(f"{card}restore/").status_code == 404
    client.force_login(alice)
    client.post(f"{card}restore/")
    assert f'"{card}"' in client.get(path).content.decode()


def test_what_was_merged_is_not_put_back_from_the_archive(client, alice) -> None:
    main, other = contact(alice), contact(alice, "Пётр Ломовой")
    merging.merge(main, other, take=[], by=Actor.person(alice), now=NOON)
    with pytest.raises(RegulationError):
        archiving.restore_client(other, by=Actor.person(alice), now=NOON)
    client.force_login(alice)
    assert "Ломовой" not in client.get("/contacts/?archived=yes").content.decode()
    assert client.get(f"/contacts/{other.pk}/")["Location"] == f"/contacts/{main.pk}/"
