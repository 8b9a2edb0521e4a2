"""Whether a client is known, and whose he is: found by what is exact, told by the manager's name alone."""

from __future__ import annotations

import pytest
from django.test import Client

from crm import deals
from crm.clients import people
from crm.intake import duplicates
from crm.intake.duplicates import ClientTaken, Keys
from crm.models import ClientRule, Company, Contact, Deal, User
from pipelines import catalog
from pipelines.actor import SYSTEM, Actor
from pipelines.models import Event
from tests.clauses.steps import fresh, refused
from tests.factories import NOON, UserFactory, make_deal

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
PHONE = "+375291112233"


@pytest.fixture
def one_manager(axelerator: None) -> None:
    """The company says that a client belongs to one manager."""
    ClientRule.objects.create(playbook="axelerator", one_manager="AX-L6")
    catalog.refresh()


def contact(owner: User, *, phone: str = "", email: str = "") -> Contact:
    by = Actor.person(owner)
    return people.create_contact(
        name="Ирина", phone=phone, email=email, owner=owner, by=by, now=NOON
    )


def company(owner: User, tax_id: str) -> Company:
    by = Actor.person(owner)
    return people.create_company(name="ООО «Мазур»", tax_id=tax_id, owner=owner, by=by, now=NOON)


# ── Finding ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("points", "tax_id"),
    [
        ({("phone", PHONE)}, ""),
        ({("whatsapp", PHONE)}, ""),
        ({("email", "ira@example.com")}, ""),
    ],
)
def test_a_contact_is_found_by_what_is_exact(alice: User, points, tax_id) -> None:
    ours = contact(alice, phone=PHONE, email="ira@example.com")
    contact(alice, phone="+375291112234", email="ira@example.org")
    assert duplicates.find(Keys(frozenset(points), tax_id)).contacts == [ours]


def test_a_company_is_found_by_its_tax_number_however_it_is_typed(alice: User) -> None:
    ours = company(alice, "19 123-4567")
    assert duplicates.find(Keys(tax_id=duplicates.tidy_tax_id("191 234 567"))).companies == [ours]


def test_nothing_is_found_by_nothing_and_nobody_in_the_archive(alice: User) -> None:
    gone = contact(alice, phone=PHONE)
    Contact.objects.filter(pk=gone.pk).update(archived_at=NOON)
    company(alice, "")
    assert duplicates.find(Keys()).records == []
    assert duplicates.find(Keys(frozenset({("phone", PHONE)}))).records == []


def test_the_owner_is_the_contacts_else_the_companys(alice: User, bob: User) -> None:
    ours = contact(alice, phone=PHONE)
    Contact.objects.filter(pk=ours.pk).update(owner=None, company=company(bob, "1"))
    keys = Keys(frozenset({("phone", PHONE)}))
    assert duplicates.find(keys).owner == bob
    Contact.objects.filter(pk=ours.pk).update(owner=alice)
    assert duplicates.find(keys).owner == alice


# ── One manager ────────────────────────────────────────────────────────────────


def test_a_colleagues_client_is_refused_with_his_name_and_nothing_more(
    one_manager: None, alice: User, bob: User
) -> None:
    theirs = make_deal(bob, contact_name="Тайный Клиент")
    with refused(ClientTaken) as caught:
        make_deal(alice, email="")
    assert str(caught.value) == "Клиента ведёт Борис Громов. (AX-L6)"
    assert Deal.objects.get() == theirs
    assert caught.value.refusals[0].clause == "AX-L6"


@pytest.mark.parametrize("known", ["phone", "email", "tax_id"])
def test_each_key_of_the_client_is_enough(
    one_manager: None, alice: User, bob: User, known: str
) -> None:
    contact(bob, phone=PHONE, email="ira@example.com")
    company(bob, "191234567")
    mine = company(alice, "191234567" if known == "tax_id" else "2")
    phone = PHONE if known == "phone" else "+375291110000"
    email = "ira@example.com" if known == "email" else "other@example.com"
    with refused(ClientTaken):
        make_deal(alice, phone=phone, email=email, company=mine)


def test_without_the_clause_nothing_is_refused(alice: User, bob: User) -> None:
    make_deal(bob)
    assert make_deal(alice)


def test_a_head_of_the_manager_and_an_administrator_may(
    one_manager: None, bob: User, olga: User, administrator: User, charlie: User
) -> None:
    make_deal(bob)
    assert make_deal(olga)
    assert make_deal(administrator)
    with refused(ClientTaken):
        make_deal(charlie)


def test_ones_own_client_and_one_whose_manager_left_are_free(
    one_manager: None, alice: User, bob: User
) -> None:
    assert make_deal(alice)
    assert make_deal(alice)
    gone = contact(bob, phone="+375291119999")
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert make_deal(alice, contact=fresh(gone))


def test_a_deal_opened_for_the_clients_manager_is_no_theft(
    one_manager: None, alice: User, bob: User
) -> None:
    theirs = contact(bob, phone=PHONE)
    assert make_deal(bob, contact=theirs, by=Actor.person(alice)).owner == bob


def test_what_rules_and_the_system_do_is_not_refused(
    one_manager: None, alice: User, bob: User
) -> None:
    theirs = contact(bob, phone=PHONE)
    assert make_deal(alice, contact=theirs, by=SYSTEM)


def test_nobody_attaches_a_colleagues_client(one_manager: None, alice: User, bob: User) -> None:
    theirs = contact(bob, phone=PHONE)
    deal = make_deal(alice, contact=None)
    with refused(ClientTaken):
        deals.link_people(deal, contact=theirs, company=None, by=Actor.person(alice), now=NOON)
    assert fresh(deal).contact is None


def test_nobody_takes_over_a_phone_an_address_or_a_tax_number(
    one_manager: None, alice: User, bob: User
) -> None:
    contact(bob, phone=PHONE, email="ira@example.com")
    company(bob, "191234567")
    mine = make_deal(alice, phone="+375291110000", email="").contact
    our_company = company(alice, "2")
    by = Actor.person(alice)
    for phone, email in ((PHONE, ""), ("+375291110000", "ira@example.com")):
        with refused(ClientTaken):
            people.edit_contact(mine, name="", phone=phone, email=email, by=by, now=NOON)
    make_deal(alice, contact=None, company=our_company)
    with refused(ClientTaken):
        people.edit_company(
            our_company, name="Мазур", tax_id="191 234 567", site="", phone="", email="",
            name_is_statutory=False, by=by, now=NOON,
        )  # fmt: skip
    people.edit_contact(mine, name="Новое Имя", phone="+375291110000", email="", by=by, now=NOON)


@pytest.mark.parametrize(
    ("path", "typed"),
    [
        ("/contacts/new/", {"phone": "8 029 111-22-33"}),
        ("/contacts/new/", {"email": "Ira@Example.com"}),
        ("/companies/new/", {"tax_id": "191 234-567"}),
        ("/companies/new/", {"phone": PHONE}),
    ],
)
def test_a_colleagues_client_is_not_made_anew_in_the_lists_either(
    one_manager: None, alice: User, bob: User, client: Client, path: str, typed: dict[str, str]
) -> None:
    contact(bob, phone=PHONE, email="ira@example.com")
    company(bob, "191234567")
    client.force_login(alice)
    for more in ({}, {"another": "1"}):
        response = client.post(path, {"name": "Новое Имя", **typed, **more}, **HTMX)
        assert response.status_code == 422
        page = response.content.decode()
        assert "Клиента ведёт Борис Громов. (AX-L6)" in page
        assert "Ирина" not in page
        assert "Мазур" not in page
    assert (Contact.objects.count(), Company.objects.count()) == (1, 1)


def test_without_the_clause_the_lists_make_whom_one_asks_for(
    alice: User, bob: User, client: Client
) -> None:
    contact(bob, phone=PHONE)
    client.force_login(alice)
    client.post("/contacts/new/", {"name": "Ирина", "phone": PHONE})
    assert Contact.objects.count() == 2


def test_a_person_added_to_a_company_is_nobodys_client_yet(
    one_manager: None, alice: User, bob: User, client: Client
) -> None:
    contact(bob, phone=PHONE)
    firm = company(alice, "2")
    make_deal(alice, contact=None, company=firm)
    client.force_login(alice)
    url = f"/companies/{firm.pk}/contact/"
    page = client.post(url, {"name": "Новый", "phone": PHONE}, **HTMX)
    assert "Клиента ведёт Борис Громов." in page.content.decode()
    assert Contact.objects.count() == 1


# ── The client goes with the deal ──────────────────────────────────────────────


def test_a_deal_given_to_another_takes_its_client_along(
    one_manager: None, alice: User, bob: User
) -> None:
    deal = make_deal(alice, company=company(alice, "1"))
    deals.assign_deal(deal, owner=bob, by=Actor.person(alice), now=NOON)
    assert (fresh(deal.contact).owner, fresh(deal.company).owner) == (bob, bob)
    assert Event.objects.filter(verb="client.given", deal=deal).count() == 2


def test_a_client_with_other_open_deals_stays(one_manager: None, alice: User, bob: User) -> None:
    deal = make_deal(alice)
    make_deal(alice, contact=deal.contact)
    deals.assign_deal(deal, owner=bob, by=Actor.person(alice), now=NOON)
    assert fresh(deal.contact).owner == alice


def test_without_the_clause_the_client_stays(alice: User, bob: User) -> None:
    deal = make_deal(alice)
    deals.assign_deal(deal, owner=bob, by=Actor.person(alice), now=NOON)
    assert fresh(deal.contact).owner == alice


# ── Teams of several companies ─────────────────────────────────────────────────


def test_a_playbooks_deals_are_given_to_its_own_people(
    alice: User, bob: User, charlie: User
) -> None:
    from crm.intake import distribution
    from crm.models import Team

    assert distribution.candidates("manager", "axelerator") == [alice, bob, charlie]
    Team.objects.filter(pk=charlie.team_id).update(playbook="axelerator")
    below = Team.objects.create(name="Ниже", parent=charlie.team)
    dora = UserFactory(team=below, roles=["manager"])
    assert distribution.candidates("manager", "axelerator") == [charlie, dora]
    assert distribution.candidates("manager", "other") == [alice, bob, charlie, dora]
