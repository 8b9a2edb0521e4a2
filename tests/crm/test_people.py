"""Contacts and companies: phones and e-mails are written one way, and nothing typed breaks a page."""

from __future__ import annotations

import pytest
from django.utils import translation

from crm.clients import people, points
from crm.models import Company, Contact, User
from pipelines.actor import Actor
from pipelines.errors import BadAnswer
from tests.clauses.steps import fresh, refused
from tests.factories import NOON


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("+375 29 111-22-33", "+375291112233"),
        ("8 029 111-22-33", "+375291112233"),
        ("8 (916) 123-45-67", "+79161234567"),
        ("+7 916 123 45 67", "+79161234567"),
        ("916 123-45-67", "+79161234567"),
        ("+48 22 123 45 67", "+48221234567"),
    ],
)
def test_a_phone_is_known_in_every_usual_notation(typed: str, stored: str) -> None:
    assert points.normalize_phone(typed) == stored


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("+375291112233", "+375 29 111-22-33"),
        ("+79161234567", "+7 916 123-45-67"),
        ("+375291112233, +79161234567", "+375 29 111-22-33, +7 916 123-45-67"),
        ("ivan@example.com", "ivan@example.com"),
        ("+", "+"),
        ("ООО «Лом»", "ООО «Лом»"),
        ("", ""),
    ],
)
def test_a_phone_is_read_in_groups_and_what_is_none_stays(stored: str, read: str) -> None:
    assert points.phone_words(stored) == read


@pytest.mark.parametrize("typed", ["12", "телефон", "+", "1" * 40, "+375 29 1", "\x00"])
def test_what_is_no_phone_is_refused_by_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError) as caught:
        points.normalize_phone(typed)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize(
    "typed",
    [
        "a@",
        "a@b",
        "a b@c.com",
        "a@b.com, c@d.com",
        "Имя <a@b.com>",
        "a@b.com\nBcc: x@y.z",
        "я" * 300,
    ],
)
def test_what_is_no_address_is_refused_by_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError) as caught:
        points.normalize_email(typed)
    assert len(str(caught.value)) < 150


def make(user: User, **kwargs) -> Contact:
    facts = {"name": "Пётр", "by": Actor.person(user), "now": NOON, "owner": user}
    return people.create_contact(**(facts | kwargs))


def test_all_that_is_wrong_with_a_contact_is_said_at_once(alice: User) -> None:
    with refused(BadAnswer) as caught:
        make(alice, phone="12", email="почта")
    assert set(caught.value.errors) == {"phone", "email"}
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("", "Без имени"), (" \x00 ", "Без имени"), (" Пётр   Первый ", "Пётр Первый")],
)
def test_a_contacts_name_is_tidied_and_never_empty(alice: User, typed: str, stored: str) -> None:
    assert make(alice, name=typed).name == stored


def test_a_nameless_contact_is_called_so_in_the_language_of_the_installation(
    alice: User, settings
) -> None:
    with translation.override("en"):
        assert make(alice, name="").name == "Без имени"
    settings.LANGUAGE_CODE = "en"
    assert make(alice, name="").name == "No name"


def test_an_endless_name_is_refused(alice: User) -> None:
    with refused(BadAnswer):
        make(alice, name="я" * 10_000)
    with refused(BadAnswer):
        people.create_company(name="я" * 10_000, by=Actor.person(alice), now=NOON, owner=alice)
    with refused(BadAnswer):
        people.create_company(name=" ", by=Actor.person(alice), now=NOON, owner=alice)


def test_a_companys_tax_number_of_any_text_breaks_nothing(alice: User) -> None:
    company = people.create_company(
        name="ООО", by=Actor.person(alice), now=NOON, owner=alice, tax_id="\x00123\ud800" + "4" * 50
    )
    assert Company.objects.get().tax_id == company.tax_id == "123" + "4" * 17


def test_a_changed_contact_is_told_with_before_and_after_and_keeps_its_other_points(
    alice: User,
) -> None:
    contact = make(alice, phone="+375291112233", email="a@example.com")
    contact.points.create(kind="phone", value="+375291112244")
    facts = {"by": Actor.person(alice), "now": NOON}
    changes = people.edit_contact(
        fresh(contact), name="Павел", phone="8 029 111 22 55", email="A@example.com", **facts
    )
    assert changes == {"name": ["Пётр", "Павел"], "phone": ["+375291112233", "+375291112255"]}
    values = set(contact.points.values_list("value", flat=True))
    assert values == {"+375291112244", "+375291112255", "a@example.com"}
    assert contact.events.get(verb="contact.changed").actor == alice
    first = fresh(contact).point("phone")
    people.edit_contact(fresh(contact), name="", phone=first, email="a@example.com", **facts)
    assert contact.events.filter(verb="contact.changed").count() == 1


# ── A company changed ──────────────────────────────────────────────────────────


@pytest.fixture
def company(alice: User) -> Company:
    return people.create_company(
        name="ООО «Мазур»", phone="+375291112233", by=Actor.person(alice), now=NOON, owner=alice
    )


def edit(company: Company, user: User, **kwargs) -> dict:
    facts = {
        "name": company.name, "tax_id": "", "site": "", "phone": "+375291112233", "email": "",
        "name_is_statutory": False, "by": Actor.person(user), "now": NOON,
    }  # fmt: skip
    return people.edit_company(fresh(company), **(facts | kwargs))


def test_a_changed_company_is_told_with_before_and_after(alice: User, company: Company) -> None:
    changes = edit(
        company,
        alice,
        name="ООО  «МАЗУР»",
        tax_id=" 193456789 ",
        site="mazur.by",
        email="Info@Mazur.by",
        name_is_statutory=True,
    )
    assert changes == {
        "name": ["ООО «Мазур»", "ООО «МАЗУР»"],
        "tax_id": ["", "193456789"],
        "site": ["", "https://mazur.by"],
        "name_is_statutory": [False, True],
        "email": ["", "info@mazur.by"],
    }
    again = fresh(company)
    assert (again.name, again.tax_id, again.site) == (
        "ООО «МАЗУР»",
        "193456789",
        "https://mazur.by",
    )
    assert (again.point("phone"), again.point("email")) == ("+375291112233", "info@mazur.by")
    entry = company.events.get(verb="company.changed")
    assert (entry.actor, entry.data["fields"]) == (alice, changes)


def test_a_company_saved_unchanged_writes_nothing(alice: User, company: Company) -> None:
    assert edit(company, alice) == {}
    assert not company.events.filter(verb="company.changed").exists()


def test_all_that_is_wrong_with_a_company_is_said_at_once(alice: User, company: Company) -> None:
    with refused(BadAnswer) as caught:
        edit(
            company,
            alice,
            name=" ",
            tax_id="1" * 21,
            site="javascript://x%0aalert(1)",
            phone="12",
            email="x",
        )
    assert set(caught.value.errors) == {"company", "tax_id", "site", "phone", "email"}
    assert fresh(company).name == "ООО «Мазур»"


def test_a_company_is_changed_in_its_window(client, alice: User, company: Company) -> None:
    client.force_login(alice)
    address = f"/companies/{company.pk}/edit/"
    page = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert 'value="+375291112233"' in page
    good = {"name": "ООО «Мазур и Ко»", "site": "mazur.by", "name_is_statutory": "on"}
    assert client.post(address, good, headers={"HX-Request": "true"}).status_code == 204
    assert fresh(company).name_is_statutory
    bad = client.post(address, {"name": "", "site": "нет"}, headers={"HX-Request": "true"})
    assert bad.status_code == 422
    assert bad.content.decode().count("invalid-feedback") == 2
    assert fresh(company).site == "https://mazur.by"


def test_a_company_is_closed_to_a_stranger(client, charlie: User, company: Company) -> None:
    client.force_login(charlie)
    address = f"/companies/{company.pk}/edit/"
    assert client.get(address).status_code == 404
    assert client.post(address, {"name": "Чужое"}).status_code == 404
    assert fresh(company).name == "ООО «Мазур»"
