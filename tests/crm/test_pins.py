"""Entries pinned on top of a card: who may, how many, and that nobody reads by them what he may not see."""

import pytest

from crm import contacting, deals
from crm.card import page as card
from crm.card import pins
from crm.clients import people
from crm.clients import verbs as clients
from crm.models import Pin
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.models import Event
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def note(deal, by, text="Звонить после обеда"):
    return deals.write_note(deal, text=text, by=Actor.person(by), now=NOON)


def test_a_pinned_note_stands_on_top_with_who_pinned_it_and_the_feed_tells_it(client, alice, olga):
    deal = make_deal(alice)
    written = note(deal, alice)
    client.force_login(olga)
    url = f"/deals/{deal.pk}/"
    answer = client.post(f"{url}pin/", {"entry": written.pk}, **HTMX)
    assert "feed:changed" in answer["HX-Trigger"]
    # Twice is once.
    client.post(f"{url}pin/", {"entry": written.pk}, **HTMX)
    assert Event.objects.filter(deal=deal, verb=pins.PINNED).count() == 1
    page = client.get(url).content.decode()
    on_top = page[
        page.index("feed-pins") : page.index('<ol class="feed">', page.index("feed-pins") + 400)
    ]
    assert "Звонить после обеда" in on_top
    assert str(olga) in on_top
    # What is sought is shown alone.
    assert "feed-pins" not in client.get(f"{url}?q=обеда").content.decode()

    client.post(f"{url}pin/", {"off": written.pk}, **HTMX)
    assert "feed-pins" not in client.get(f"{url}feed/", **HTMX).content.decode()
    assert Event.objects.filter(deal=deal, verb=pins.UNPINNED).exists()


def test_only_so_many_are_pinned_and_only_words(alice):
    deal, by = make_deal(alice), Actor.person(alice)
    for number in range(pins.LIMIT):
        pins.pin(deal, note(deal, alice, f"Заметка {number}"), by=by, now=NOON)
    with pytest.raises(RegulationError):
        pins.pin(deal, note(deal, alice, "Лишняя"), by=by, now=NOON)
    pins.unpin(deal, Pin.objects.first().event, by=by, now=NOON)
    with pytest.raises(RegulationError):
        pins.pin(deal, Event.objects.filter(verb="deal.opened").get(), by=by, now=NOON)
    call = contacting.record_contact(
        deal, verb=contacting.CALL_ANSWERED, text="Ждёт договор", by=by, now=NOON
    )
    pins.pin(deal, call, by=by, now=NOON)
    assert card.pins_of(deal).shown[0].line.event == call


def test_a_stranger_and_an_entry_of_another_card_are_not_found(client, alice, charlie):
    deal, other = make_deal(alice), make_deal(charlie)
    mine, theirs = note(deal, alice), note(other, charlie)
    client.force_login(alice)
    for url, entry in [
        (f"/deals/{other.pk}/pin/", theirs.pk),
        (f"/deals/{deal.pk}/pin/", theirs.pk),
        (f"/deals/{deal.pk}/pin/", "9" * 30),
        (f"/deals/{deal.pk}/pin/", "\x00"),
        (f"/contacts/{deal.contact_id}/pin/", theirs.pk),
    ]:
        assert client.post(url, {"entry": entry}, **HTMX).status_code == 404
    assert not Pin.objects.exists()
    assert client.post(f"/deals/{deal.pk}/pin/", {"entry": mine.pk}).status_code == 302


def test_who_may_not_edit_the_deal_is_offered_no_pins(client, alice, monkeypatch):
    deal = make_deal(alice)
    written = note(deal, alice)
    client.force_login(alice)
    assert "feed-pin-button" in client.get(f"/deals/{deal.pk}/").content.decode()
    monkeypatch.setattr(
        type(card.catalog.stage(deal.stage_id)),
        "lets",
        lambda it, ability, roles: ability != "edit",
    )
    assert "feed-pin-button" not in client.get(f"/deals/{deal.pk}/feed/", **HTMX).content.decode()
    assert client.post(f"/deals/{deal.pk}/pin/", {"entry": written.pk}, **HTMX).status_code == 422


def test_a_company_shows_a_pinned_entry_of_a_deal_only_to_who_sees_the_deal(client, alice, bob):
    firm = people.create_company(
        name="ООО «Ромашка»", owner=bob, by=Actor.person(bob), now=NOON, pipeline=None
    )
    deal = make_deal(alice, company=firm)
    secret = note(deal, alice, "Скидка двадцать процентов")
    client.force_login(alice)
    assert (
        client.post(f"/companies/{firm.pk}/pin/", {"entry": secret.pk}, **HTMX).status_code == 204
    )
    own = clients.note_on_client(firm, text="Платят в срок", by=Actor.person(alice), now=NOON)
    client.post(f"/companies/{firm.pk}/pin/", {"entry": own.pk}, **HTMX)
    assert "Скидка двадцать" in client.get(f"/companies/{firm.pk}/").content.decode()
    client.force_login(bob)
    page = client.get(f"/companies/{firm.pk}/feed/", **HTMX).content.decode()
    assert "Платят в срок" in page
    assert "feed-pins" in page
    # Nor does the entry of its pinning repeat what it says.
    assert "Скидка двадцать" not in page
