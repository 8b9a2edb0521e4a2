"""The search box finds by whatever one remembers, and only what one may see."""

import pytest

from crm import search
from crm.clients import people
from crm.models import Contact
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(alice):
    by = Actor.person(alice)
    company = people.create_company(
        name="ООО «Северный ветер»", tax_id="7701234567", owner=alice, by=by, now=NOON
    )
    return make_deal(
        alice,
        name="Поставка Оборудования 100%",
        contact_name="Иван Петров",
        phone="8 (029) 555-44-33",
        email="Ivan@Example.com",
        company=company,
    )


@pytest.mark.parametrize(
    "text",
    [
        "оборуд", "ОБОРУДОВАНИЯ", "  поставка   оборудования ", "100%", "по", "о", "иван", "петр", "северн",
        "+375 29 555 44 33", "80295554433", "555-44-33", "5554433", "ivan@", "IVAN@example.com",
        "bdfy", "gjcnfdrf",
    ],
)  # fmt: skip
def test_a_deal_is_found_by_its_name_its_client_a_phone_an_email_and_the_wrong_layout(
    text, deal, alice
):
    assert [found.id for found in search.find(alice, text).deals] == [deal.pk]


def test_a_deal_is_found_by_its_number(deal, alice):
    for text in (f"#{deal.pk}", f"№ {deal.pk}", str(deal.pk)):
        assert deal.pk in [found.id for found in search.find(alice, text).deals]


def test_a_company_is_found_by_its_tax_number_and_a_contact_by_a_part_of_a_phone(deal, alice):
    assert [found.name for found in search.find(alice, "7701234567").companies] == [
        "ООО «Северный ветер»"
    ]
    (contact,) = search.find(alice, "55544").contacts
    assert contact == (deal.contact_id, "Иван Петров", "+375295554433")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\x00", "%", "_", "\\", "'; DROP", "#", "#999999999999999999999", "🙂", "+", "()"],
)
def test_signs_of_patterns_and_nonsense_find_nothing_and_break_nothing(text, alice, client):
    make_deal(alice, name="Обычная сделка")
    assert not search.find(alice, text)
    client.force_login(alice)
    assert client.get("/search/", {"q": text}).status_code == 200


@pytest.mark.parametrize(
    "text", ["оборуд", "иван", "северн", "+375295554433", "ivan@", "7701234567"]
)
def test_a_stranger_finds_nothing_and_a_head_what_her_people_have(text, deal, charlie, olga):
    assert not search.find(charlie, text)
    assert not search.find(charlie, f"#{deal.pk}")
    assert search.find(olga, text)


def test_the_deals_of_ones_own_client_are_found_however_many_namesakes_others_have(
    alice, charlie, monkeypatch
):
    monkeypatch.setattr(search, "LOOKED_AT", 3)
    for number in range(5):
        make_deal(alice, name=f"Сделка {number}", contact_name="Иван Петров")
    mine = make_deal(charlie, name="Моя", contact_name="Иван Петров")
    assert [found.id for found in search.find(charlie, "петров").deals] == [mine.pk]


def test_as_one_types_a_list_comes_and_on_enter_a_page(deal, alice, client):
    client.force_login(alice)
    part = client.get(
        "/search/", {"q": "поставка"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "<html" not in part
    assert f"/deals/{deal.pk}/" in part
    assert "<html" in client.get("/search/", {"q": "поставка"}).content.decode()


def test_a_search_of_10000_letters_is_refused_with_a_sentence(alice, client):
    client.force_login(alice)
    response = client.get("/search/", {"q": "а" * 10_000})
    assert response.status_code == 200
    assert "100" in response.content.decode()


def test_ones_own_client_is_found_among_many_namesakes_of_others(alice, charlie):
    Contact.objects.bulk_create(
        Contact(name="Иван Петров", owner=charlie, created_at=NOON)
        for _number in range(3 * search.LOOKED_AT)
    )
    mine = make_deal(alice, contact_name="Иван Петров")
    found = search.find(alice, "Иван Петров")
    assert [person.id for person in found.contacts] == [mine.contact_id]
    assert [deal.id for deal in found.deals] == [mine.pk]


@pytest.mark.parametrize("text", ["Петрав", "петрв", "севернный", "оборудавание", "gtnhjdd"])
def test_a_name_typed_with_an_error_is_found_and_the_page_says_that_it_is_only_like_it(
    text, deal, alice, client
):
    found = search.find(alice, text)
    assert found.is_similar
    assert deal.name in [row.name for row in found.deals] or found.contacts or found.companies
    client.force_login(alice)
    assert "похоже" in client.get("/search/", {"q": text}).content.decode().lower()


def test_names_like_it_are_shown_within_ones_rights(deal, charlie):
    assert not search.find(charlie, "Петрав")
