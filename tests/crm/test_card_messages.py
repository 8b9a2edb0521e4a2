"""SMS and chat messages written from the card of a deal, a contact or a company."""

import pytest

from crm.clients import people
from crm.clients import verbs as clients
from crm.models import ContactPoint
from notifications.models import Message, Template
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}
PHONE = "+375291112233"


@pytest.fixture
def deal(alice):
    return make_deal(alice)


@pytest.fixture
def contact(alice):
    return people.create_contact(
        name="Ольга Сидоренко", phone=PHONE, email="", owner=alice, by=Actor.person(alice), now=NOON
    )


@pytest.fixture(autouse=True)
def templates(axelerator):
    Template.objects.create(
        code="x-sms",
        kind="sms",
        playbook="axelerator",
        name="Сообщение о встрече",
        body="Это {manager}",
    )
    Template.objects.create(
        code="x-chat", kind="chat", playbook="axelerator", name="Привет в чате", body="{contact}!"
    )
    Template.objects.create(code="x-other", kind="sms", playbook="other", name="Чужое", body="т")


def test_only_channels_with_a_known_address_are_offered(client, alice, deal):
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/message/", **HTMX)
    assert [item[0] for item in page.context["channels"]] == ["whatsapp", "sms"]
    ContactPoint.objects.create(contact=deal.contact, kind="telegram", value="@lukashevich")
    page = client.get(f"/deals/{deal.pk}/message/", **HTMX)
    assert [item[0] for item in page.context["channels"]] == ["telegram", "whatsapp", "sms"]
    assert "@lukashevich" in page.content.decode()


def test_without_any_address_the_form_says_what_to_do(client, alice):
    deal = make_deal(alice, phone="")
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/message/", **HTMX).content.decode()
    assert f"/contacts/{deal.contact_id}/edit/" in page
    assert "<textarea" not in page
    alone = make_deal(alice, contact=None)
    assert client.get(f"/deals/{alone.pk}/message/", **HTMX).status_code == 200
    refused = client.post(f"/deals/{alone.pk}/message/", {"channel": "sms", "text": "т"}, **HTMX)
    assert refused.status_code == 422
    assert not Message.objects.exists()


def test_templates_are_those_of_the_channel_and_of_the_playbook(client, alice, deal):
    client.force_login(alice)
    url = f"/deals/{deal.pk}/message/"
    sms = client.get(url, {"channel": "sms"}, **HTMX).context["templates"]
    assert {"x-sms"} <= {item.code for item in sms}
    assert not {"x-chat", "x-other"} & {item.code for item in sms}
    filled = client.get(url, {"channel": "sms", "template": "x-sms", "text": "старое"}, **HTMX)
    assert filled.context["form"].initial["text"] == "Это Алиса Белова"
    # Of another channel: what was typed stays.
    kept = client.get(url, {"channel": "whatsapp", "template": "x-sms", "text": "старое"}, **HTMX)
    assert kept.context["template"] is None
    assert kept.context["form"].initial["text"] == "старое"


def test_a_message_goes_to_the_outbox_and_stands_in_the_feed_with_its_channel_and_state(
    client, alice, deal
):
    client.force_login(alice)
    data = {"channel": "sms", "template": "x-sms", "text": "Ждём вас в десять"}
    assert client.post(f"/deals/{deal.pk}/message/", data, **HTMX).status_code == 204
    message = Message.objects.get()
    assert (message.channel, message.to, message.text) == ("sms", PHONE, "Ждём вас в десять")
    assert (message.author, message.template.code) == (alice, "x-sms")
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert "(SMS)" in page
    assert "Ждём вас в десять" in page
    assert "в очереди" in page
    assert PHONE in page


def test_a_failed_message_is_sent_again_with_one_click(client, alice, deal):
    client.force_login(alice)
    client.post(f"/deals/{deal.pk}/message/", {"channel": "sms", "text": "т"}, **HTMX)
    message = Message.objects.get()
    Message.objects.filter(pk=message.pk).update(status="failed", error="Шлюз ответил: 400")
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert f"/letters/{message.pk}/retry/" in page
    assert client.post(f"/letters/{message.pk}/retry/", **HTMX).status_code == 204
    message.refresh_from_db()
    assert message.status == "queued"


def test_without_javascript_one_comes_back_to_the_card(client, alice, deal):
    client.force_login(alice)
    url = f"/deals/{deal.pk}/message/"
    assert b"<html" in client.get(url).content
    assert client.post(url, {"channel": "sms", "text": "т"}).url == f"/deals/{deal.pk}/"


@pytest.mark.parametrize("data", [{"channel": "sms", "text": " "}, {"channel": "fax", "text": "т"}, {"text": "т"}, {"channel": "telegram", "text": "т"}, {"channel": "email", "text": "т"}, {"channel": "sms", "text": "ж" * 700}])  # fmt: skip
def test_what_can_not_be_sent_is_said_in_the_form(client, alice, deal, data):
    client.force_login(alice)
    answer = client.post(f"/deals/{deal.pk}/message/", data, **HTMX)
    assert answer.status_code == 422
    assert not Message.objects.exists()
    if data["text"].strip():
        assert data["text"] in answer.content.decode()


def test_the_form_says_how_long_an_sms_is(client, alice, deal):
    client.force_login(alice)
    url = f"/deals/{deal.pk}/message/"
    page = client.get(url, {"channel": "sms", "text": "ж" * 71}, **HTMX).content.decode()
    assert "знаков: 71 из 134, SMS: 2" in page
    assert (
        "SMS: 2"
        not in client.get(url, {"channel": "whatsapp", "text": "ж" * 71}, **HTMX).content.decode()
    )


def test_a_stranger_writes_to_nobody(client, charlie, deal, contact):
    client.force_login(charlie)
    for url in (f"/deals/{deal.pk}/message/", f"/contacts/{contact.pk}/message/"):
        assert client.get(url).status_code == 404
        assert client.post(url, {"channel": "sms", "text": "т"}).status_code == 404
    assert not Message.objects.exists()


def test_a_contact_without_a_deal_is_written_to_and_only_his_people_see_it(
    client, alice, bob, olga, contact
):
    client.force_login(alice)
    url = f"/contacts/{contact.pk}/message/"
    assert client.get(url, {"channel": "sms"}, **HTMX).status_code == 200
    assert client.post(url, {"channel": "sms", "text": "т"}, **HTMX).status_code == 204
    message = Message.objects.get()
    assert (message.deal, message.contact) == (None, contact)
    for user, status in ((alice, 200), (olga, 200), (bob, 404)):
        client.force_login(user)
        assert client.get(f"/letters/{message.pk}/").status_code == status


def test_from_a_companys_card_one_writes_to_those_of_its_people_who_can_be_reached(
    client, alice, charlie
):
    by = {"by": Actor.person(alice), "now": NOON, "owner": alice}
    firm = people.create_company(name="ООО «Ромашка»", **by)
    url = f"/companies/{firm.pk}/message/"
    client.force_login(alice)
    nobody = client.get(url, **HTMX)
    assert f"/companies/{firm.pk}/contact/" in nobody.content.decode()
    assert client.post(url, {"channel": "sms", "text": "т"}, **HTMX).status_code == 422

    mute = people.create_contact(name="Анна Немая", phone="", email="", **by)
    reached = [
        people.create_contact(name=name, phone=phone, email="", **by)
        for name, phone in [("Борис Первый", "+375291112201"), ("Вера Вторая", "+375291112202")]
    ]
    for person in (mute, *reached):
        clients.employ(person, firm, by=Actor.person(alice), now=NOON)
    form = client.get(url, **HTMX)
    assert {person.name for person in form.context["people"]} == {"Борис Первый", "Вера Вторая"}
    sent = client.post(
        url, {"contact": reached[1].pk, "channel": "sms", "text": "Добрый день"}, **HTMX
    )
    assert sent.status_code == 204
    message = Message.objects.get()
    assert (message.contact, message.to) == (reached[1], "+375291112202")
    assert "Добрый день" in client.get(f"/companies/{firm.pk}/feed/", **HTMX).content.decode()
    # A stranger's number in the form is nobody here.
    stranger = people.create_contact(
        name="Чужой",
        phone="+375291112203",
        email="",
        by=Actor.person(charlie),
        now=NOON,
        owner=charlie,
    )
    client.post(url, {"contact": stranger.pk, "channel": "sms", "text": "т"}, **HTMX)
    assert not Message.objects.filter(contact=stranger).exists()
    client.force_login(charlie)
    assert client.get(url, **HTMX).status_code == 404
