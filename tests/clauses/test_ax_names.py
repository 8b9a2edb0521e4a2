"""Axelerator: how deals, contacts and companies are called. No rule about names ever costs a lead."""

from __future__ import annotations

from typing import Any

import pytest

from crm.clients import people
from crm.models import Company, Contact, Deal, User
from crm.names import naming_rules
from pipelines import catalog
from pipelines.actor import SYSTEM, Actor
from tests.clauses.steps import fresh
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def page(client, alice: User):
    """Alice's browser."""
    client.force_login(alice)
    return client


def open_deal(page, **typed: str) -> Deal:
    response = page.post("/deals/new/", {"pipeline": "leads", "name": "Аудит"} | typed)
    assert response.status_code == 302, response.content.decode()
    return Deal.objects.latest("pk")


def said(deal: Deal, record: str) -> tuple[list[str], list[str]]:
    """What is offered, and the clauses of what is only said."""
    found = naming_rules.hints_of(fresh(deal), catalog.pipeline(deal.pipeline_id))[record]
    if found is None:
        return [], []
    offered = [item.name for item in found.checked.suggestions]
    return offered, [item.clause for item in found.checked.complaints]


def accept(page, deal: Deal, record: str, name: str, **headers: Any):
    return page.post(f"/deals/{deal.pk}/names/{record}/", {"name": name}, **headers)


# ── AX-N1: the deal ──────────────────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-N1")
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("  базовое   внедрение. ", "Базовое внедрение"),
        ("Базовое внедрение", "Базовое внедрение"),
        ("Внедрение воронки. Бизнес-анализ", "Внедрение воронки. Бизнес-анализ"),
        ("amoCRM под ключ", "amoCRM под ключ"),
    ],
)
def test_a_deals_name_is_put_right_where_that_is_safe(page, typed: str, stored: str) -> None:
    deal = open_deal(page, name=typed)
    assert (deal.name, said(deal, "deal")) == (stored, ([], []))


@pytest.mark.clause("AX-N1")
@pytest.mark.parametrize("name", ["Один два три четыре пять", "Аудит и т.д."])
def test_a_name_that_only_a_person_can_mend_is_saved_and_said_with_its_clause(page, name) -> None:
    deal = open_deal(page, name=name)
    assert (deal.name, said(deal, "deal")) == (name, ([], ["AX-N1"]))
    card = page.get(f"/deals/{deal.pk}/").content.decode()
    assert card.count('class="name-hint"') == 1
    assert "AX-N1" in card


@pytest.mark.clause("AX-N1")
def test_the_name_is_put_right_on_the_card_too_and_what_is_left_is_said_beside_it(page, alice):
    deal = make_deal(alice)
    answer = page.post(f"/deals/{deal.pk}/field/", {"code": "name", "name": "аудит."}, **HTMX)
    assert fresh(deal).name == "Аудит"
    assert "\nАудит</textarea>" in answer.content.decode()
    assert 'name-hint"' not in answer.content.decode()
    answer = page.post(f"/deals/{deal.pk}/field/", {"code": "name", "name": "а б в г д"}, **HTMX)
    assert (answer.status_code, fresh(deal).name) == (200, "А б в г д")
    assert "Не больше 4 слов" in answer.content.decode()


def test_the_name_of_a_deal_that_came_by_itself_is_left_and_a_better_one_offered(alice) -> None:
    deal = make_deal(alice, name="заявка с сайта.", arrival=Deal.Arrival.FORM, by=SYSTEM)
    assert (deal.name, said(deal, "deal")) == ("заявка с сайта.", (["Заявка с сайта"], []))


# ── AX-N2, AX-N2.5: the contact ──────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-N2")
def test_each_word_of_a_contacts_name_begins_with_a_capital(page) -> None:
    deal = open_deal(page, contact_name="алексей   лукашевич")
    assert (deal.contact.name, said(deal, "contact")) == ("Алексей Лукашевич", ([], []))


@pytest.mark.clause("AX-N2")
def test_more_than_three_words_are_questioned_and_saved(page) -> None:
    deal = open_deal(page, contact_name="Анна Мария Луиза Фернанда")
    assert deal.contact.name == "Анна Мария Луиза Фернанда"
    assert said(deal, "contact") == ([], ["AX-N2"])


@pytest.mark.clause("AX-N2.5")
@pytest.mark.parametrize(
    ("typed", "better"),
    [
        ("Лукашевич Алексей Николаевич", "Алексей Николаевич Лукашевич"),
        ("Лукашевич Алексей", "Алексей Лукашевич"),
        ("Ёлкина Анна Петровна", "Анна Петровна Ёлкина"),
    ],
)
def test_the_right_order_is_offered_and_taken_with_one_click(page, typed: str, better: str) -> None:
    deal = open_deal(page, contact_name=typed)
    assert deal.contact.name == typed
    assert said(deal, "contact") == ([better], [])
    assert better in page.get(f"/deals/{deal.pk}/").content.decode()
    assert accept(page, deal, "contact", better)["Location"] == f"/deals/{deal.pk}/"
    assert (fresh(deal).contact.name, said(deal, "contact")) == (better, ([], []))
    assert fresh(deal).contact.events.filter(verb="contact.changed").count() == 1


@pytest.mark.clause("AX-N2.5")
@pytest.mark.parametrize(
    "name",
    [
        "Алексей", "Алексей Николаевич", "Алексей Николаевич Лукашевич", "Алексей Лукашевич", "Николаевич Лукашевич",
        "Кузьма Петров-Водкин", "Джон Смит", "Бхагат Сингх",
    ],
)  # fmt: skip
def test_the_five_combinations_and_names_unknown_to_the_dictionary_stand(page, name: str) -> None:
    deal = open_deal(page, contact_name=name)
    assert (deal.contact.name, said(deal, "contact")) == (name, ([], []))


# ── AX-N2.3: no name, an automatic name ──────────────────────────────────────────────────────


@pytest.mark.clause("AX-N2.3")
def test_a_contact_made_by_hand_without_a_name_is_called_so(page) -> None:
    deal = open_deal(page, phone="+375 29 111-22-33")
    assert (deal.contact.name, said(deal, "contact")) == ("Без имени", ([], []))


@pytest.mark.clause("AX-N2.3")
@pytest.mark.parametrize("name", ["заявка с сайта example.com 12", "client@example.com"])
def test_an_automatic_contact_keeps_its_automatic_name(page, alice: User, name: str) -> None:
    contact = people.create_contact(name=name, by=SYSTEM, now=NOON, owner=alice)
    deal = make_deal(alice, contact=contact, arrival=Deal.Arrival.FORM, by=SYSTEM)
    assert (contact.name, said(deal, "contact")) == (name, ([], []))
    page.post(f"/contacts/{contact.pk}/edit/", {"name": name, "phone": "", "email": "a@b.com"})
    contact.refresh_from_db()
    assert (contact.name, contact.point("email")) == (name, "a@b.com")
    page.post(f"/contacts/{contact.pk}/edit/", {"name": "пётр иванов", "phone": "", "email": ""})
    contact.refresh_from_db()
    assert contact.name == "Пётр Иванов"


# ── AX-N3.1, AX-N3.2: the company ────────────────────────────────────────────────────────────


@pytest.mark.clause("AX-N3.1")
def test_a_company_without_a_legal_form_is_questioned_and_saved(page) -> None:
    deal = open_deal(page, company_name="Цифра")
    assert (deal.company.name, said(deal, "company")) == ("Цифра", ([], ["AX-N3.1"]))


@pytest.mark.clause("AX-N3.1")
@pytest.mark.parametrize(
    "name", ["ИП Лукашевич", "ООО «Айти Технологии»", "ЧУП «Веб технологии»", "Digit LLC"]
)
def test_a_company_with_a_legal_form_stands(page, name: str) -> None:
    deal = open_deal(page, company_name=name)
    assert (deal.company.name, said(deal, "company")) == (name, ([], []))


@pytest.mark.clause("AX-N3.2")
@pytest.mark.parametrize("typed", ["ООО ЦИФРА", "ООО «ЦИФРА»", 'ООО "ЦИФРА"'])
def test_a_name_in_capitals_is_offered_in_small_letters(page, typed: str) -> None:
    deal = open_deal(page, company_name=typed)
    assert said(deal, "company") == (["ООО «Цифра»"], [])
    accept(page, deal, "company", "ООО «Цифра»")
    assert fresh(deal).company.name == "ООО «Цифра»"


@pytest.mark.clause("AX-N3.2")
def test_capitals_stand_where_they_are_as_in_the_statutes(page) -> None:
    deal = open_deal(page, company_name="ООО «ЦИФРА»")
    answer = page.post(
        f"/companies/{deal.company_id}/edit/",
        {"name": 'ООО "ЦИФРА"', "name_is_statutory": "on", "phone": "", "email": ""},
    )
    assert answer.status_code == 302
    assert Company.objects.get().name == 'ООО "ЦИФРА"'
    assert said(deal, "company") == ([], [])


# ── While it is typed; what may go wrong ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/names/contact/?field=contact_name&pipeline=leads&contact_name=Лукашевич Алексей", "Алексей Лукашевич"),
        ("/names/deal/?pipeline=leads&name=а б в г д", "AX-N1"),
        ("/names/company/?field=company_name&pipeline=leads&company_name=ООО ЦИФРА", "ООО «Цифра»"),
    ],
)  # fmt: skip
def test_while_a_name_is_typed_the_better_one_is_shown(page, url: str, expected: str) -> None:
    assert expected in page.get(url).content.decode()


@pytest.mark.parametrize(
    "url",
    [
        "/names/company/?pipeline=leads&name=ООО ЦИФРА&name_is_statutory=on", "/names/deal/?pipeline=nowhere&name=а.",
        "/names/deal/", "/names/deal/?pipeline=leads&name=%00", "/names/contact/?pipeline=leads&name=Анна",
    ],
)  # fmt: skip
def test_where_all_is_well_or_nobody_asks_nothing_is_shown(page, url: str) -> None:
    response = page.get(url)
    assert (response.status_code, response.content.strip()) == (200, b"")


def test_a_stranger_learns_and_changes_nothing(client, alice: User, charlie: User) -> None:
    deal = make_deal(alice, contact_name="Лукашевич Алексей")
    client.force_login(charlie)
    assert accept(client, deal, "contact", "Алексей Лукашевич").status_code == 404
    assert client.get(f"/names/contact/?of={deal.contact_id}&name=А").status_code == 404
    assert client.get("/names/planet/?name=А").status_code == 404
    client.logout()
    assert accept(client, deal, "contact", "Алексей Лукашевич").status_code == 302
    assert fresh(deal).contact.name == "Лукашевич Алексей"


def test_only_what_is_offered_is_taken(page, alice: User) -> None:
    deal = make_deal(alice, contact_name="Лукашевич Алексей")
    assert accept(page, deal, "contact", "Кто-то Другой", **HTMX).status_code == 422
    Contact.objects.update(name="Пётр")
    assert accept(page, deal, "contact", "Алексей Лукашевич", **HTMX).status_code == 422
    assert accept(page, deal, "company", "ООО «Цифра»", **HTMX).status_code == 404
    assert accept(page, deal, "planet", "Марс", **HTMX).status_code == 404
    assert fresh(deal).contact.name == "Пётр"


def test_another_window_edits_by_the_rules_of_the_contacts_own_deal(page, alice: User) -> None:
    deal = make_deal(alice)
    typed = {"name": "анна ёлкина", "phone": "", "email": ""}
    page.post(f"/contacts/{deal.contact_id}/edit/", typed)
    assert fresh(deal).contact.name == "Анна Ёлкина"
    page.post(f"/deals/{deal.pk}/company/attach/", {"name": 'ООО "Ёлка"', "phone": "", "email": ""})
    assert fresh(deal).company.name == "ООО «Ёлка»"


def test_a_company_that_asks_nothing_is_left_in_peace(page, alice: User) -> None:
    from crm.models import NamingRule

    for rule in NamingRule.objects.all():
        rule.delete()
    catalog.refresh()
    deal = open_deal(page, name="аудит.", contact_name="лукашевич алексей", company_name="ЦИФРА")
    assert (deal.name, deal.contact.name) == ("аудит.", "лукашевич алексей")
    assert deal.company.name == "ЦИФРА"
    assert [said(deal, record) for record in ("deal", "contact", "company")] == [([], [])] * 3


def test_a_deal_renamed_by_the_system_keeps_the_systems_name(alice: User) -> None:
    deal = make_deal(alice)
    deal.fill({"name": "строка."}, by=SYSTEM, now=NOON)
    assert deal.name == "строка."
    deal.fill({"name": "другая."}, by=Actor.person(alice), now=NOON)
    assert deal.name == "Другая"
