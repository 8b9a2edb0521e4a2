"""«+ Новая сделка»: a deal with whom it is with, in one form."""

import pytest

from crm.clients import people
from crm.models import Company, Contact, Deal, Task
from pipelines.actor import Actor
from pipelines.models import Event
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
GOOD = {
    "pipeline": "leads", "name": "Базовое внедрение", "budget": "1 000,50", "contact_name": "Ирина Мазур",
    "phone": "8 029 765-43-21", "email": "Irina@Example.com", "company_name": "ООО «Мазур»",
    "code": ["platform", "source"], "platform": "site", "source": "ads",
}  # fmt: skip


def post(client, user, htmx=True, **data):
    client.force_login(user)
    return client.post("/deals/new/", GOOD | data, **(HTMX if htmx else {}))


@pytest.mark.clause("AX-L6")
@pytest.mark.clause("AX-1.1")
def test_one_form_makes_deal_contact_and_company_and_the_first_call_is_set(client, alice):
    response = post(client, alice)
    deal = Deal.objects.get()
    assert response["HX-Redirect"] == f"/deals/{deal.pk}/"
    assert (deal.name, str(deal.budget), deal.stage.code, deal.owner) == (
        "Базовое внедрение",
        "1000.50",
        "new",
        alice,
    )
    assert deal.values == {"platform": "site", "source": "ads"}
    assert deal.contact.point("phone") == "+375297654321"
    assert deal.contact.point("email") == "irina@example.com"
    assert deal.contact.company == deal.company == Company.objects.get(name="ООО «Мазур»")
    assert Task.objects.get(deal=deal).code == "first_call"


def test_without_javascript_it_is_a_page_and_ends_at_the_card(client, alice):
    client.force_login(alice)
    assert "<html" in client.get("/deals/new/").content.decode()
    assert post(client, alice, htmx=False)["Location"] == f"/deals/{Deal.objects.get().pk}/"


def test_the_page_is_named_after_what_it_does(client, alice):
    client.force_login(alice)
    assert "<title>Новая сделка · Reglament</title>" in client.get("/deals/new/").content.decode()


def test_a_deal_needs_nobody(client, alice):
    post(client, alice, contact_name="", phone="", email="", company_name="")
    deal = Deal.objects.get()
    assert deal.contact is None
    assert deal.company is None


def test_everything_that_is_wrong_is_said_at_once_at_its_field_and_nothing_is_made(client, alice):
    response = post(
        client,
        alice,
        name="",
        budget="-1",
        phone="abc",
        email="not an address",
        company_name="я" * 400,
    )
    page = response.content.decode()
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {
        "name",
        "budget",
        "phone",
        "email",
        "company_name",
    }
    assert 'value="abc"' in page
    assert 'value="-1"' in page
    assert not Deal.objects.exists()
    assert not Contact.objects.exists()
    assert not Company.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "я" * 10_000}, {"name": "   "}, {"budget": "NaN"}, {"budget": "1e999"}, {"budget": "много"},
        {"phone": "12"}, {"email": "@"}, {"platform": "moon"}, {"contact_name": "я" * 10_000},
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_what_was_typed_kept(client, alice, wrong):
    response = post(client, alice, **wrong)
    assert response.status_code == 422
    assert "invalid-feedback" in response.content.decode()
    assert not Deal.objects.exists()
    assert not Contact.objects.exists()


def test_a_zero_byte_harms_nothing(client, alice):
    response = post(client, alice, name="Имя\x00", contact_name="Ян\x00", company_name="")
    assert response.status_code in (200, 422)


def test_a_known_phone_shows_whose_it_is_and_offers_to_use_it(client, alice):
    known = make_deal(alice, contact_name="Пётр Жук", phone="+375297654321", email="").contact
    response = post(client, alice)
    assert response.status_code == 409
    assert "Пётр Жук" in response.content.decode()
    assert Deal.objects.count() == 1
    assert post(client, alice, contact=known.pk, another="1")["HX-Redirect"]
    assert Deal.objects.latest("pk").contact == known
    assert post(client, alice, contact="", another="1")["HX-Redirect"]
    assert Deal.objects.latest("pk").contact != known


def test_of_whom_one_may_not_see_only_the_managers_name_is_told(client, alice, charlie):
    known = make_deal(charlie, contact_name="Пётр Жук", phone="+375297654321", email="").contact
    assert post(client, alice, contact=known.pk, another="1").status_code == 404
    response = post(client, alice)
    page = response.content.decode()
    assert response.status_code == 409
    assert "Клиента ведёт Карл Орлов" in page
    assert "Пётр Жук" not in page
    hint = client.get("/found/contact/", {"phone": "80297654321"}, **HTMX).content.decode()
    assert "Карл Орлов" in hint
    assert "Пётр Жук" not in hint
    assert post(client, alice, another="1")["HX-Redirect"]
    assert not client.get("/found/contact/", {"contact_name": "Жук"}, **HTMX).context["records"]


def test_a_known_tax_number_proposes_the_company(client, alice):
    known = people.create_company(
        name="ООО «Мазур»", tax_id="191234567", owner=alice, by=Actor.person(alice), now=NOON
    )
    response = post(client, alice, tax_id="19 123 4567")
    assert response.status_code == 409
    assert f'name="company" value="{known.pk}"' in response.content.decode()
    post(client, alice, tax_id="19 123 4567", company=known.pk, another="1")
    assert Deal.objects.get().company == known


def test_a_link_brings_the_number_of_who_calls(client, alice):
    client.force_login(alice)
    page = client.get("/deals/new/", {"phone": "+375291112233"}).content.decode()
    assert 'value="+375291112233"' in page


def test_contacts_are_found_by_part_of_a_name_and_by_phone(client, alice):
    known = make_deal(alice, contact_name="Пётр Жук").contact
    client.force_login(alice)
    for query in ({"contact_name": "жук"}, {"phone": "111-22"}, {"email": "lead@exam"}):
        assert client.get("/found/contact/", query, **HTMX).context["records"] == [known], query
    assert client.get("/found/nonsense/").status_code == 404


def test_a_head_opens_deals_for_her_people_a_manager_for_himself(client, alice, bob, olga, charlie):
    post(client, olga, owner=str(bob.pk))
    assert Deal.objects.latest("pk").owner == bob
    assert post(client, olga, owner=str(charlie.pk), phone="", email="").status_code == 422
    post(client, alice, owner=str(bob.pk), phone="", email="")
    assert Deal.objects.latest("pk").owner == alice


def test_another_pipeline_asks_for_its_own_fields(client, alice):
    client.force_login(alice)
    page = client.get(
        "/deals/new/", {"pipeline": "production", "part": "fields"}, **HTMX
    ).content.decode()
    assert 'name="platform"' in page
    assert "<form" not in page
    assert client.get("/deals/new/", {"pipeline": "nonsense"}).status_code == 404
