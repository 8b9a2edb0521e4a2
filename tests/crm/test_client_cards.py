"""The cards of contacts and companies: who sees them, what they show, and the verbs on them."""

from __future__ import annotations

import uuid

import pytest

from crm import deals
from crm.clients import people
from crm.clients import verbs as clients
from crm.models import Contact, ContactPoint, Deal, Task
from notifications.models import Message, Template
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.models import Event, Field, Pipeline
from tests.clauses.steps import fresh
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def of_1c(axelerator) -> None:
    """The codes of 1С as a regulation adds them."""
    pipeline = Pipeline.objects.get(code="leads")
    for record in ("contact", "company"):
        Field.objects.create(
            pipeline=pipeline, code="code_1c", label="Код в 1С", type="text", record=record
        )
    Pipeline.objects.filter(pk=pipeline.pk).update(stamp=uuid.uuid4())
    catalog.refresh()
    yield
    catalog.forget()


def page_of(client, user, record) -> str:
    client.force_login(user)
    response = client.get(record.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


def test_a_card_shows_how_to_reach_the_deals_and_the_tasks(client, alice, contact, company) -> None:
    deal = make_deal(
        alice, contact=contact, company=company, name="Вывоз стружки", answers={"budget": "1500"}
    )
    page = page_of(client, alice, contact)
    for shown in (
        "Пётр Ломов",
        'href="tel:+375295551122"',
        'href="mailto:petr@example.com"',
        company.get_absolute_url(),
        "Вывоз стружки",
        Task.objects.get(deal=deal).text,
    ):
        assert shown in page
    page = page_of(client, alice, company)
    for shown in ("7700000001", contact.get_absolute_url(), "Вывоз стружки"):
        assert shown in page


@pytest.mark.parametrize(
    "path", ["", "feed/", "field/", "name/", "owner/", "note/", "points/", "task/", "letter/"]
)
@pytest.mark.parametrize("kind", ["contact", "company"])
def test_a_card_is_closed_to_a_stranger_in_every_way(
    client, charlie, contact, company, kind, path
) -> None:
    record = contact if kind == "contact" else company
    client.force_login(charlie)
    address = f"{record.get_absolute_url()}{path}"
    data = {"code": "name", "name": "Чужой", "text": "x", "kind": "phone", "value": "80291112233"}
    if path in ("", "feed/", "points/", "task/", "letter/"):
        assert client.get(address).status_code == 404
    if path not in ("", "feed/"):
        assert client.post(address, data).status_code == 404
    point = contact.points.first()
    assert client.post(f"/points/{point.pk}/remove/").status_code == 404
    assert fresh(record).name == record.name


def test_a_better_name_is_taken_with_one_click_unless_it_was_changed_meanwhile(
    client, alice, contact
) -> None:
    make_deal(alice, contact=contact)
    people.rename(contact, name="Лукашевич Алексей", by=Actor.person(alice), now=NOON)
    address = f"{contact.get_absolute_url()}name/"
    assert address in page_of(client, alice, contact)
    assert client.post(address, {"name": "Злой Умысел"}, **HTMX).status_code == 422
    assert fresh(contact).name == "Лукашевич Алексей"
    assert client.post(address, {"name": "Алексей Лукашевич"})["Location"] == (
        contact.get_absolute_url()
    )
    assert fresh(contact).name == "Алексей Лукашевич"
    assert address not in page_of(client, alice, contact)
    # The page was drawn before: what it offers is no longer true.
    assert client.post(address, {"name": "Алексей Лукашевич"}, **HTMX).status_code == 422


def test_an_sms_or_a_chat_message_is_written_on_a_contacts_card(
    client, alice, contact, company
) -> None:
    address = f"/contacts/{contact.pk}/message/"
    assert f'hx-get="{address}"' in page_of(client, alice, contact)
    assert f'hx-get="/companies/{company.pk}/message/"' in page_of(client, alice, company)
    sent = {"channel": "sms", "text": "Ждём вас завтра"}
    assert client.post(address, sent, **HTMX).status_code == 204
    assert "Ждём вас завтра" in page_of(client, alice, contact)


def test_only_the_deals_that_one_sees_are_on_the_card_and_in_its_feed(
    client, alice, charlie, contact
) -> None:
    make_deal(alice, contact=contact, name="Своя сделка")
    other = make_deal(charlie, contact=contact, name="Чужая сделка")
    deals.write_note(other, text="секрет Карла", by=Actor.person(charlie), now=NOON)
    page = page_of(client, alice, contact)
    assert "Своя сделка" in page
    assert "Чужая сделка" not in page
    assert "секрет Карла" not in page
    assert "секрет Карла" in page_of(client, charlie, contact)


def test_a_field_is_saved_when_it_is_left_and_the_feed_keeps_it(client, alice, contact) -> None:
    client.force_login(alice)
    data = {"code": "position", "position": "директор", "seen:position": '""'}
    response = client.post(f"/contacts/{contact.pk}/field/", data, **HTMX)
    assert response.status_code == 200
    assert fresh(contact).position == "директор"
    entry = Event.objects.get(verb="contact.changed", contact=contact)
    assert (entry.actor, entry.data["fields"]) == (alice, {"position": ["", "директор"]})
    assert "директор" in page_of(client, alice, contact)


def test_a_field_that_a_colleague_changed_meanwhile_is_not_overwritten_unseen(
    client, alice, contact
) -> None:
    client.force_login(alice)
    Contact.objects.filter(pk=contact.pk).update(position="главный инженер")
    data = {"code": "position", "position": "директор", "seen:position": '""'}
    address = f"/contacts/{contact.pk}/field/"
    response = client.post(address, data, **HTMX)
    assert response.status_code == 409
    assert "главный инженер" in response.content.decode()
    assert client.post(address, data | {"overwrite": "1"}, **HTMX).status_code == 200
    assert fresh(contact).position == "директор"


@pytest.mark.parametrize(
    ("code", "raw"), [("name", " "), ("name", "я" * 301), ("site", "не сайт"), ("tax_id", "1" * 21)]
)
def test_a_value_that_the_column_cant_hold_is_refused_at_its_field(
    client, alice, company, code, raw
) -> None:
    client.force_login(alice)
    response = client.post(f"/companies/{company.pk}/field/", {"code": code, code: raw}, **HTMX)
    assert response.status_code == 422
    assert "invalid-feedback" in response.content.decode()
    assert getattr(fresh(company), code) == getattr(company, code)


@pytest.mark.clause("PZ-1.1")
def test_the_codes_of_1c_are_shown_and_edited_on_both_cards_and_on_the_deals(
    client, alice, contact, company, of_1c
) -> None:
    deal = make_deal(alice, contact=contact, company=company)
    for record, kind in ((contact, "contact"), (company, "company")):
        code = f"{kind}.code_1c"
        assert "Код в 1С" in page_of(client, alice, record)
        response = client.post(
            f"{record.get_absolute_url()}field/", {"code": code, code: f"000-{kind}"}, **HTMX
        )
        assert response.status_code == 200
        assert fresh(record).values == {"code_1c": f"000-{kind}"}
        assert Deal.objects.get(pk=deal.pk).get_value(code) == f"000-{kind}"
        assert f"000-{kind}" in client.get(f"/deals/{deal.pk}/").content.decode()
        data = {"code": code, code: f"111-{kind}"}
        assert client.post(f"/deals/{deal.pk}/field/", data, **HTMX).status_code == 200
        assert fresh(record).values == {"code_1c": f"111-{kind}"}


@pytest.mark.clause("PZ-II.1b")
def test_a_field_of_a_company_that_the_deal_has_not_is_refused_with_a_sentence(
    client, alice, of_1c
) -> None:
    deal = make_deal(alice)
    client.force_login(alice)
    code = "company.code_1c"
    response = client.post(f"/deals/{deal.pk}/field/", {"code": code, code: "000-7"}, **HTMX)
    assert response.status_code == 422
    assert "invalid-feedback" in response.content.decode()


def test_several_phones_and_messengers_are_added_and_taken_off(client, alice, contact) -> None:
    client.force_login(alice)
    address = f"/contacts/{contact.pk}/points/"
    for kind, typed, stored in (
        ("phone", "8 029 777-00-11", "+375297770011"),
        ("telegram", "https://t.me/petr_lom", "@petr_lom"),
        ("whatsapp", "+7 916 111-22-33", "+79161112233"),
        ("email", "Second@Example.com", "second@example.com"),
    ):
        data = {"kind": kind, "value": typed}
        assert client.post(address, data, **HTMX).status_code == 204
        assert client.post(address, data, **HTMX).status_code == 204
        assert contact.points.filter(kind=kind, value=stored).count() == 1
    assert contact.points.count() == 6
    for wrong in (
        {"kind": "phone", "value": "нет"},
        {"kind": "email", "value": "a@b"},
        {"kind": "telegram", "value": "!"},
        {"kind": "phone", "value": ""},
        {"kind": "fax", "value": "1"},
    ):
        response = client.post(address, wrong, **HTMX)
        assert response.status_code == 422, wrong
        assert "invalid-feedback" in response.content.decode()
    point = contact.points.get(value="+375297770011")
    assert client.post(f"/points/{point.pk}/remove/", **HTMX).status_code == 204
    assert not ContactPoint.objects.filter(pk=point.pk).exists()
    assert Event.objects.filter(verb="contact.changed", contact=contact).count() == 5


def test_a_note_stands_in_the_feed_of_the_client(client, alice, company) -> None:
    client.force_login(alice)
    address = f"/companies/{company.pk}/note/"
    assert client.post(address, {"text": "платят по пятницам"}, **HTMX).status_code == 204
    assert client.post(address, {"text": " "}, **HTMX).status_code == 422
    assert "платят по пятницам" in page_of(client, alice, company)


def test_the_feed_comes_in_portions_without_a_gap_or_a_repetition(client, alice, contact) -> None:
    deal = make_deal(alice, contact=contact)
    by = Actor.person(alice)
    for number in range(40):
        clients.note_on_client(contact, text=f"заметка {number:02}", by=by, now=NOON)
        deals.write_note(deal, text=f"о сделке {number:02}", by=by, now=NOON)
    client.force_login(alice)
    seen, before = "", ""
    for _portion in range(6):
        query = {"before": before} if before else {}
        part = client.get(f"/contacts/{contact.pk}/feed/", query, **HTMX).content.decode()
        seen += part
        before = part.rpartition("?before=")[2].partition('"')[0] if "?before=" in part else ""
        if not before:
            break
    for number in range(40):
        assert seen.count(f"заметка {number:02}") == 1
        assert seen.count(f"о сделке {number:02}") == 1


def test_a_head_gives_a_client_to_her_people(client, alice, bob, olga, contact) -> None:
    client.force_login(olga)
    address = f"/contacts/{contact.pk}/owner/"
    assert client.post(address, {"owner": bob.pk}, **HTMX).status_code == 204
    assert fresh(contact).owner == bob
    client.force_login(bob)
    assert client.post(address, {"owner": alice.pk}, **HTMX).status_code == 422
    assert fresh(contact).owner == bob


def test_a_contact_is_put_into_a_company_and_taken_out(client, alice, contact, company) -> None:
    client.force_login(alice)
    address = f"/contacts/{contact.pk}/company/"
    assert client.get(address, **HTMX).status_code == 200
    assert client.post(address, {"detach": "1"}, **HTMX).status_code == 204
    assert fresh(contact).company is None
    assert client.post(address, {"name": "ООО «Новая»"}, **HTMX).status_code == 204
    assert fresh(contact).company.name == "ООО «Новая»"
    assert client.post(address, {"name": " "}, **HTMX).status_code == 422
    other = f"/companies/{company.pk}/contact/"
    assert client.post(other, {"chosen": contact.pk}, **HTMX).status_code == 204
    assert fresh(contact).company == company
    data = {"name": "Анна Ломова", "phone": "80291234567"}
    assert client.post(other, data, **HTMX).status_code == 204
    assert Contact.objects.get(name="Анна Ломова").company == company


@pytest.mark.clause("PZ-4.5b")
@pytest.mark.parametrize("kind", ["deal", "contact", "company"])
def test_a_quick_answer_goes_out_from_a_template_of_each_card(
    client, alice, contact, company, kind
) -> None:
    Template.objects.create(
        code="quick",
        playbook="axelerator",
        name="Ответ",
        subject="Цены",
        body="Здравствуйте, {contact}!",
    )
    clients.add_point(
        company, kind="email", value="info@lom.example", by=Actor.person(alice), now=NOON
    )
    deal = make_deal(alice, contact=contact, company=company)
    address = {
        "deal": f"/deals/{deal.pk}/letter/",
        "contact": f"/contacts/{contact.pk}/letter/",
        "company": f"/companies/{company.pk}/letter/",
    }[kind]
    client.force_login(alice)
    assert "Ответ" in client.get(address, **HTMX).content.decode()
    form = client.get(address, {"template": "quick"}, **HTMX).content.decode()
    to = "info@lom.example" if kind == "company" else "petr@example.com"
    assert to in form
    assert "Цены" in form
    data = {"template": "quick", "to": to, "subject": "Цены", "body": "Здравствуйте!"}
    assert client.post(address, data, **HTMX).status_code == 204
    message = Message.objects.get()
    assert (message.to, message.template.code, message.author) == (to, "quick", alice)
    assert (message.deal_id is not None) == (kind == "deal")
    record = {"deal": deal, "contact": contact, "company": company}[kind]
    page = client.get(f"/deals/{deal.pk}/" if kind == "deal" else record.get_absolute_url())
    assert f"/letters/{message.pk}/" in page.content.decode()
    assert client.get(f"/letters/{message.pk}/", **HTMX).status_code == 200


def test_a_letter_to_a_client_is_nobody_elses(client, alice, charlie, company) -> None:
    client.force_login(alice)
    data = {"to": "info@lom.example", "subject": "Цены", "body": "Здравствуйте!"}
    address = f"/companies/{company.pk}/letter/"
    assert client.post(address, data, **HTMX).status_code == 204
    message = Message.objects.get()
    assert message.company == company
    client.force_login(charlie)
    assert client.get(f"/letters/{message.pk}/", **HTMX).status_code == 404


def test_a_new_deal_can_be_begun_from_the_card(client, alice, contact) -> None:
    page = page_of(client, alice, contact)
    assert f"/deals/new/?contact={contact.pk}" in page
    form = client.get("/deals/new/", {"contact": contact.pk}, **HTMX).content.decode()
    assert "Пётр Ломов" in form
