"""Colleagues called by «@» in a note."""

import pytest

from crm import deals
from crm.card import mentions
from crm.clients import verbs as clients
from crm.models import Notice
from pipelines.actor import Actor
from tests.factories import NOON, UserFactory, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def test_who_is_named_and_sees_the_deal_is_told_with_a_link_to_the_note(client, alice, olga):
    deal = make_deal(alice)
    client.force_login(alice)
    text = f"@{olga} <b>посмотри</b>, пожалуйста"
    assert client.post(f"/deals/{deal.pk}/note/", {"text": text}, **HTMX).status_code == 204
    note = deal.events.get(verb="note.written")
    notice = Notice.objects.get(user=olga, kind="mention")
    assert notice.url == f"/deals/{deal.pk}/#event-{note.pk}"
    assert deal.name in notice.text
    page = client.get(f"/deals/{deal.pk}/").content.decode()
    assert f'<span class="feed-mention">@{olga}</span> &lt;b&gt;' in page


def test_who_does_not_see_the_deal_is_not_told_and_the_author_hears_so(client, alice, charlie):
    deal = make_deal(alice)
    client.force_login(alice)
    answer = client.post(f"/deals/{deal.pk}/note/", {"text": f"спроси @{charlie}"}, **HTMX)
    assert answer.status_code == 204
    assert not Notice.objects.filter(kind="mention").exists()
    assert "warning" in answer["HX-Trigger"]
    assert deal.events.filter(verb="note.written").exists()


def test_nobody_is_told_of_what_he_wrote_himself(alice):
    deal = make_deal(alice)
    deals.write_note(deal, text=f"@{alice} не забыть", by=Actor.person(alice), now=NOON)
    assert not Notice.objects.filter(kind="mention").exists()


def test_a_note_on_a_contact_calls_too(alice, olga):
    contact = make_deal(alice).contact
    clients.note_on_client(contact, text=f"@{olga}", by=Actor.person(alice), now=NOON)
    assert Notice.objects.get(user=olga, kind="mention").url.startswith(f"/contacts/{contact.pk}/#")


def test_the_longest_name_is_meant_and_namesakes_are_told_apart_by_the_choice(alice):
    short = UserFactory(first_name="Ян", last_name="Коваль")
    long = UserFactory(first_name="Ян", last_name="Ковальский")
    twin = UserFactory(first_name="Ян", last_name="Ковальский")

    def ids(text, chosen=()):
        return {item["id"] for item in mentions.named(text, chosen).get("mentions", ())}

    assert ids("@Ян Ковальский, привет") == {long.pk, twin.pk}
    assert ids("@Ян Ковальский, привет", {twin.pk}) == {twin.pk}
    assert ids("@Ян Коваль. И всё") == {short.pk}
    assert ids("пишите на ян@example.com и @Янка") == set()


def test_only_those_who_see_the_card_are_offered_and_never_to_a_stranger(
    client, alice, bob, olga, charlie
):
    deal = make_deal(alice)
    client.force_login(alice)
    found = client.get(f"/deals/{deal.pk}/people/", {"q": olga.first_name[:3].lower()}).json()
    assert [person["id"] for person in found["people"]] == [olga.pk]
    everybody = client.get(f"/deals/{deal.pk}/people/").json()["people"]
    assert {alice.pk, bob.pk, charlie.pk}.isdisjoint({person["id"] for person in everybody})
    client.force_login(charlie)
    assert client.get(f"/deals/{deal.pk}/people/").status_code == 404
