"""ПЗКА: a client belongs to one manager, whichever way he comes."""

from __future__ import annotations

from typing import Any

import pytest

from crm import deals
from crm.clients import people
from crm.intake import taking as intake
from crm.intake.duplicates import ClientTaken
from crm.models import Contact, Deal, User
from pipelines import catalog
from pipelines.actor import Actor
from tests.clauses.steps import HOUR, fresh, refused
from tests.factories import NOON, make_deal

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("pzka")]
HTMX = {"HTTP_HX_REQUEST": "true"}
NUMBER = "+79161112233"
MAIL = "scrap@example.com"
TAX_ID = "7701234567"


@pytest.fixture
def client_of_bob(bob: User, pzka: None) -> Contact:
    """Known by phone, e-mail and his company's tax number; without an open deal."""
    by = Actor.person(bob)
    company = people.create_company(name="ООО «Лом»", tax_id=TAX_ID, owner=bob, by=by, now=NOON)
    return people.create_contact(
        name="Тайный Клиент", phone=NUMBER, email=MAIL, company=company, owner=bob, by=by, now=NOON
    )


def arrives(way: str) -> Deal:
    known: dict[str, Any] = {"playbook": "pzka", "now": NOON}
    match way:
        case "call":
            found = intake.call("8 916 111-22-33", answered=False, **known)
        case "form by phone":
            found = intake.form(phone="8 (916) 111-22-33", **known)
        case "form by mail":
            found = intake.form(email="Scrap@Example.com", **known)
        case "form by tax number":
            found = intake.form(phone="+79169999999", tax_id="77 0123 4567", **known)
        case "message":
            found = intake.message("whatsapp", NUMBER, "Есть лом", **known)
        case _:
            found = intake.letter(MAIL, subject="Лом", text="Есть лом", **known)
    assert found.deal is not None
    return found.deal


WAYS = ["call", "form by phone", "form by mail", "form by tax number", "message", "letter"]


@pytest.mark.clause("PZ-2.1")
@pytest.mark.parametrize("way", WAYS)
def test_a_known_client_goes_to_his_manager_whichever_way_he_comes(
    client_of_bob: Contact, alice: User, bob: User, charlie: User, way: str
) -> None:
    # It is somebody else's turn; the client comes first.
    for number in range(3):
        intake.call(f"+7916000000{number}", answered=False, playbook="pzka", now=NOON)
    assert arrives(way).owner == bob


@pytest.mark.clause("PZ-2.1")
@pytest.mark.parametrize("known", [{"phone": "89161112233"}, {"email": MAIL}, {"tax_id": TAX_ID}])
def test_another_manager_is_told_whose_client_it_is(
    client, client_of_bob: Contact, alice: User, known: dict[str, str]
) -> None:
    client.force_login(alice)
    typed = {
        "pipeline": "scrap", "name": "Партия лома", "contact_name": "Кто-то", "company_name": "Лом",
        "another": "1",
    }  # fmt: skip
    response = client.post("/deals/new/", typed | known, **HTMX)
    page = response.content.decode()
    assert response.status_code == 422
    assert "Клиента ведёт Борис Громов" in page
    assert "PZ-2.1" in page
    assert "Тайный Клиент" not in page
    assert not Deal.objects.exists()
    assert Contact.objects.count() == 1


@pytest.mark.clause("PZ-2.1")
def test_nobody_takes_the_client_over_by_another_door(
    client_of_bob: Contact, alice: User, bob: User
) -> None:
    by = Actor.person(alice)
    mine = make_deal(alice, pipeline="scrap", phone="+79160000000", email="")
    with refused(ClientTaken):
        deals.link_people(mine, contact=client_of_bob, company=None, by=by, now=NOON)
    with refused(ClientTaken):
        deals.link_people(
            mine, contact=mine.contact, company=client_of_bob.company, by=by, now=NOON
        )
    with refused(ClientTaken):
        people.edit_contact(mine.contact, name="", phone=NUMBER, email="", by=by, now=NOON)
    assert fresh(mine.contact).point("phone") == "+79160000000"


@pytest.mark.clause("PZ-2.1")
def test_his_head_may_and_the_client_goes_with_the_deal(
    client_of_bob: Contact, alice: User, bob: User, olga: User
) -> None:
    deal = make_deal(bob, pipeline="scrap", contact=client_of_bob, by=Actor.person(olga))
    deals.assign_deal(deal, owner=alice, by=Actor.person(olga), now=NOON)
    assert (fresh(client_of_bob).owner, fresh(client_of_bob.company).owner) == (alice, alice)
    assert arrives("call") == deal
    with refused(ClientTaken):
        make_deal(bob, pipeline="scrap", contact=fresh(client_of_bob))


# ── PZ-II.1a: who calls ────────────────────────────────────────────────────────


@pytest.mark.clause("PZ-II.1a")
def test_by_the_number_one_finds_contact_and_open_deal(client, bob: User, pzka: None) -> None:
    deal = make_deal(bob, pipeline="scrap", phone=NUMBER, contact_name="Пётр Лом")
    client.force_login(bob)
    page = client.get("/search/", {"q": "8 (916) 111-22-33"}).content.decode()
    assert f'href="/deals/{deal.pk}/"' in page
    assert "Пётр Лом" in page
    assert f"/deals/new/?contact={deal.contact_id}" in page


@pytest.mark.clause("PZ-II.1a")
def test_without_a_deal_one_opens_it_attached_to_the_found_contact(
    client, client_of_bob: Contact, bob: User
) -> None:
    client.force_login(bob)
    page = client.get("/search/", {"q": NUMBER}, **HTMX).content.decode()
    assert (link := f"/deals/new/?contact={client_of_bob.pk}") in page
    assert f'name="contact" value="{client_of_bob.pk}"' in client.get(link).content.decode()
    typed = {"pipeline": "scrap", "name": "Партия лома", "contact": client_of_bob.pk}
    client.post("/deals/new/", typed, **HTMX)
    deal = Deal.objects.get()
    assert (deal.contact, deal.owner) == (client_of_bob, bob)
    assert Contact.objects.count() == 1


@pytest.mark.clause("PZ-II.1a")
def test_an_unknown_number_is_brought_into_the_new_deal(client, bob: User, pzka: None) -> None:
    client.force_login(bob)
    page = client.get("/search/", {"q": "89161112233"}, **HTMX).content.decode()
    assert "/deals/new/?phone=%2B79161112233" in page


@pytest.mark.clause("PZ-II.1a")
def test_of_a_colleagues_client_one_sees_the_manager_and_nothing_else(
    client, client_of_bob: Contact, alice: User
) -> None:
    client.force_login(alice)
    page = client.get("/search/", {"q": NUMBER}, **HTMX).content.decode()
    assert "Клиента ведёт Борис Громов" in page
    assert "Тайный Клиент" not in page
    assert "/deals/new/" not in page


# ── PZ-4.2e: by themselves or by hand ──────────────────────────────────────────


@pytest.mark.clause("PZ-4.2e")
@pytest.mark.parametrize("way", WAYS)
def test_deals_arrive_by_themselves(alice: User, pzka: None, way: str) -> None:
    deal = arrives(way)
    assert (deal.pipeline.code, deal.owner) == ("scrap", alice)
    assert deal.stage.code == catalog.by_code("scrap").first_stage.code
    assert deal.events.filter(verb="deal.opened").exists()


@pytest.mark.clause("PZ-4.2e")
def test_deals_are_created_by_hand(client, alice: User, pzka: None) -> None:
    client.force_login(alice)
    typed = {"pipeline": "scrap", "name": "Партия лома", "contact_name": "Пётр", "phone": NUMBER}
    response = client.post("/deals/new/", typed, **HTMX)
    deal = Deal.objects.get()
    assert response["HX-Redirect"] == f"/deals/{deal.pk}/"
    assert (deal.pipeline.code, deal.arrival, deal.owner) == ("scrap", "hand", alice)


def test_an_hour_later_the_same_client_is_added_to_his_deal(alice: User, pzka: None) -> None:
    first = intake.call(NUMBER, answered=False, playbook="pzka", now=NOON).deal
    again = intake.call(NUMBER, answered=True, playbook="pzka", now=NOON + HOUR).deal
    assert first == again
