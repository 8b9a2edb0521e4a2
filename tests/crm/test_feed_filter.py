"""The feed narrowed to kinds and to words, on the cards of deals, contacts and companies."""

import pytest

from crm import contacting, deals
from crm.card import feed_filter, feed_lines
from crm.card.feed_filter import Filter
from crm.clients import verbs as clients
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def deal(alice):
    """A deal with a note, a call, a field whose choice has a name of its own, and the task of its stage."""
    deal, by = make_deal(alice), Actor.person(alice)
    deals.write_note(deal, text='Просил скидку «100%» и "срочно"', by=by, now=NOON)
    contacting.record_contact(deal, verb="call.answered", text="о доставке", by=by, now=NOON)
    deals.edit_deal(deal, {"platform": "site"}, by=by, now=NOON)
    return deal


def verbs(deal, **asked):
    return {
        line.event.verb
        for line in feed_lines.read_feed(deal, asked=Filter(**asked), limit=99).lines
    }


def test_each_kind_holds_its_entries_and_all_kinds_together_the_whole_feed(deal):
    assert verbs(deal, kinds=("note",)) == {"note.written"}
    assert verbs(deal, kinds=("note", "call")) == {"note.written", "call.answered"}
    by_kind = [verbs(deal, kinds=(kind,)) for kind in feed_filter.KINDS]
    assert set.union(*by_kind) == verbs(deal)
    assert sum(map(len, by_kind)) == len(verbs(deal))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("СКИДКУ", {"note.written"}),
        ("100%", {"note.written"}),
        ('"срочно"', {"note.written"}),
        # The stored word is «site»; people read «Сайт» under «Площадка».
        ("сайт", {"field.changed"}),
        ("площадка", {"field.changed"}),
        ("доставк", {"call.answered"}),
        ("скидку доставке", set()),
        ("_" * 3, set()),
        # A key of the data is nobody's word.
        ("incoming", set()),
    ],
)
def test_words_are_found_as_the_feed_shows_them(deal, text, found):
    assert verbs(deal, text=text) == found


def test_an_author_is_found_by_name_but_not_in_what_a_rule_did(deal):
    found = verbs(deal, text="Алиса")
    assert "note.written" in found
    assert "timer.fired" not in found


def test_the_address_says_what_the_feed_shows_and_portions_keep_it(client, alice, deal):
    by = Actor.person(alice)
    for number in range(feed_lines.PORTION + 1):
        deals.write_note(deal, text=f"скидка {number}", by=by, now=NOON)
    client.force_login(alice)
    page = client.get(f"/deals/{deal.pk}/", {"kind": "note", "q": "скидка"}).content.decode()
    assert "скидка 30" in page
    assert "о доставке" not in page
    assert "&amp;kind=note&amp;q=" in page
    asked = {"kind": "note", "q": "скидка"}
    answer = client.get(f"/deals/{deal.pk}/feed/", asked, HTTP_HX_TRIGGER="feed-filter", **HTMX)
    assert answer["HX-Replace-Url"].startswith(f"/deals/{deal.pk}/?kind=note&q=")


@pytest.mark.parametrize(
    "asked", ["kind=nonsense", "q=%00", "q=" + "x" * 5000, "kind=note&kind=note"]
)
def test_an_address_by_hand_shows_what_it_can(client, alice, deal, asked):
    client.force_login(alice)
    assert client.get(f"/deals/{deal.pk}/?{asked}").status_code == 200


def test_the_feed_of_a_contact_is_narrowed_over_all_its_deals(client, alice, deal):
    clients.note_on_client(deal.contact, text="любит чай", by=Actor.person(alice), now=NOON)
    client.force_login(alice)
    url = f"/contacts/{deal.contact_id}/"
    notes = client.get(url, {"kind": "note"}).context["portion"].lines
    assert {line.text for line in notes} == {"любит чай", 'Просил скидку «100%» и "срочно"'}
    found = client.get(url, {"q": "сайт"}).context["portion"].lines
    assert [line.event.verb for line in found] == ["field.changed"]


@pytest.mark.parametrize("kind", ["contact", "company"])
def test_a_call_is_put_on_record_on_a_card_without_a_deal(client, alice, kind):
    from crm.clients import people

    make = people.create_contact if kind == "contact" else people.create_company
    record = make(
        name="ООО Ромашка", phone="+375291112233", email="", owner=alice,
        by=Actor.person(alice), now=NOON,
    )  # fmt: skip
    client.force_login(alice)
    typed = {"verb": "call.answered", "minutes": "3", "text": "спросили цену"}
    answer = client.post(f"{record.get_absolute_url()}contacted/", typed, **HTMX)
    assert answer.status_code == 204
    entry = record.events.get(verb="call.answered")
    assert (entry.deal_id, entry.data["seconds"]) == (None, 180)
    assert "спросили цену" in client.get(record.get_absolute_url()).content.decode()
    assert client.post(f"{record.get_absolute_url()}contacted/", {}, **HTMX).status_code == 422
