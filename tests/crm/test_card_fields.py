"""Fields saved as they are filled, and two people at one field."""

import pytest

from crm import deals
from crm.card.editing import FieldsChanged, edit_seen, seal
from crm.models import Deal
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HTMX = {"HTTP_HX_REQUEST": "true"}


def save(client, deal, code, value, *, seen=None, **more):
    data = {"code": code, code: value, **more} | (
        {f"seen:{code}": seen} if seen is not None else {}
    )
    return client.post(f"/deals/{deal.pk}/field/", data, **HTMX)


def stored(deal, code):
    return Deal.objects.get(pk=deal.pk).get_value(code)


@pytest.mark.clause("AX-2.4")
def test_a_field_is_saved_when_it_is_left_and_says_so(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    response = save(client, deal, "niche", "кофейни", seen="null")
    assert response.status_code == 200
    assert stored(deal, "niche") == "кофейни"
    assert "card-field-saved" in response.content.decode()
    assert deal.events.latest("pk").data["fields"] == {"niche": [None, "кофейни"]}


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("sellers", "много"),
        ("start_wish", "31.02.2026"),
        ("contract", "договор"),
        ("product", "нет такого"),
    ],
)
def test_a_value_that_the_field_cant_hold_is_kept_in_the_form_and_nothing_is_saved(
    client, alice, code, typed
):
    deal = make_deal(alice)
    client.force_login(alice)
    response = save(client, deal, code, typed)
    assert response.status_code == 422
    assert "invalid-feedback" in response.content.decode()
    if code != "product":
        assert typed in response.content.decode()
    assert stored(deal, code) is None


@pytest.mark.parametrize("typed", ["-1", "NaN", "1e400", "9" * 20, "Infinity"])
def test_a_budget_out_of_reason_is_refused(client, alice, typed):
    deal = make_deal(alice)
    client.force_login(alice)
    assert save(client, deal, "budget", typed).status_code == 422
    assert stored(deal, "budget") == 0


def test_a_budget_is_read_as_people_write_it(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    assert save(client, deal, "budget", "1 000,50").status_code == 200
    assert str(stored(deal, "budget")) == "1000.50"


def test_a_name_of_ten_thousand_characters_is_refused_with_what_was_typed(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    response = save(client, deal, "name", "я" * 10_000)
    assert response.status_code == 422
    assert "я" * 10_000 in response.content.decode()


def test_a_field_that_a_colleague_changed_meanwhile_is_not_overwritten_unseen(client, alice, olga):
    deal = make_deal(alice)
    deals.edit_deal(deal, {"niche": "пекарни"}, by=Actor.person(olga), now=NOON)
    client.force_login(alice)
    response = save(client, deal, "niche", "кофейни", seen="null")
    page = response.content.decode()
    assert response.status_code == 409
    assert "пекарни" in page
    assert "кофейни" in page
    assert stored(deal, "niche") == "пекарни"
    assert save(client, deal, "niche", "кофейни", seen="null", overwrite="1").status_code == 200
    assert stored(deal, "niche") == "кофейни"


def test_the_same_words_from_two_people_are_no_conflict(alice, olga):
    deal = make_deal(alice)
    deals.edit_deal(deal, {"niche": "пекарни"}, by=Actor.person(olga), now=NOON)
    assert (
        edit_seen(
            deal, {"niche": "пекарни"}, seen={"niche": "null"}, by=Actor.person(alice), now=NOON
        )
        == {}
    )


def test_another_field_changed_meanwhile_does_not_stand_in_the_way(alice, olga):
    deal = make_deal(alice)
    deals.edit_deal(deal, {"city": "Минск"}, by=Actor.person(olga), now=NOON)
    edit_seen(deal, {"niche": "пекарни"}, seen={"niche": "null"}, by=Actor.person(alice), now=NOON)
    assert deal.values == {"city": "Минск", "niche": "пекарни"}


def test_budgets_that_are_equal_are_sealed_equal(alice):
    deal = make_deal(alice, answers={"budget": "6"})
    sealed = seal(deal.budget)
    deal = Deal.objects.get(pk=deal.pk)
    assert seal(deal.budget) == sealed
    deals.edit_deal(deal, {"budget": "7"}, by=Actor.person(alice), now=NOON)
    with pytest.raises(FieldsChanged):
        edit_seen(deal, {"budget": "8"}, seen={"budget": sealed}, by=Actor.person(alice), now=NOON)


@pytest.mark.clause("AX-7.1")
def test_a_control_says_who_ticked_it_and_when(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    response = save(client, deal, "payment_received", "on")
    assert "Алиса Белова" in response.content.decode()
    assert stored(deal, "payment_received")["by"] == alice.pk


def test_nothing_ticked_empties_a_list(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    client.post(
        f"/deals/{deal.pk}/field/", {"code": "channels", "channels": ["site", "calls"]}, **HTMX
    )
    assert stored(deal, "channels") == ["site", "calls"]
    client.post(f"/deals/{deal.pk}/field/", {"code": "channels"}, **HTMX)
    assert stored(deal, "channels") is None


def test_an_unknown_field_is_passed_over(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    assert save(client, deal, "stage", "7").status_code == 200
    assert save(client, deal, "owner_id", "7").status_code == 200


def test_without_javascript_a_whole_tab_is_saved_at_once(client, alice):
    deal = make_deal(alice)
    client.force_login(alice)
    data = {"code": ["niche", "city"], "niche": "пекарни", "city": "Минск"}
    assert client.post(f"/deals/{deal.pk}/field/", data).status_code == 302
    assert Deal.objects.get(pk=deal.pk).values == {"niche": "пекарни", "city": "Минск"}


def test_evidence_is_chosen_among_the_entries_that_prove_something(client, alice):
    from crm import contacting
    from crm.card import fields as card_fields
    from pipelines import catalog

    deal, by = make_deal(alice), Actor.person(alice)
    deals.write_note(deal, text="сказал, что дорого", by=by, now=NOON)
    contacting.record_contact(deal, verb="call.answered", by=by, now=NOON)
    letter = contacting.record_contact(
        deal, verb="message.received", text="дорого", by=by, now=NOON
    )
    call = contacting.record_contact(
        deal, verb="call.answered", recording="https://rec.example/1", by=by, now=NOON
    )
    field = catalog.by_code("leads").fields["refusal_evidence"]
    choices = [code for code, _label in card_fields.form_field(field, deal).choices]
    assert choices == ["", str(call.pk), str(letter.pk)]


def test_a_conflict_says_who_wrote_what_stands_there(client, alice, olga):
    deal = make_deal(alice)
    deals.edit_deal(deal, {"niche": "пекарни"}, by=Actor.person(olga), now=NOON)
    client.force_login(alice)
    assert str(olga) in save(client, deal, "niche", "кофейни", seen="null").content.decode()


def test_a_responsible_given_meanwhile_is_not_overwritten_unseen(client, alice, bob, olga):
    deal = make_deal(alice)
    client.force_login(olga)
    deals.assign_deal(deal, owner=bob, by=Actor.person(olga), now=NOON)
    url, typed = f"/deals/{deal.pk}/owner/", {"owner": olga.pk, "seen": alice.pk}
    answer = client.post(url, typed, **HTMX)
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#dialog"
    assert str(bob) in answer.content.decode()
    assert Deal.objects.get(pk=deal.pk).owner_id == bob.pk
    # Having seen both, she decides.
    assert client.post(url, {"owner": olga.pk}, **HTMX).status_code == 204
    assert Deal.objects.get(pk=deal.pk).owner_id == olga.pk
    assert client.post(url, {"owner": alice.pk, "seen": "²"}, **HTMX).status_code == 204
