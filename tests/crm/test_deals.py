"""The verbs of deals besides moving, and what may be typed into them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm import deals
from crm.models import Deal, Tag, User
from pipelines.actor import SYSTEM, Actor
from pipelines.errors import BadAnswer
from tests.clauses.steps import at_stage, call_task, fresh, refused
from tests.factories import NOON, make_deal


def edit(deal: Deal, **answers) -> dict:
    return deals.edit_deal(deal, answers, by=Actor.person(deal.owner), now=NOON)


@pytest.mark.parametrize("name", ["", "   ", "\x00", "я" * 256, "я" * 10_000])
def test_a_deal_needs_a_name_of_bearable_length(alice: User, name: str) -> None:
    with refused(BadAnswer) as caught:
        make_deal(alice, name=name)
    assert list(caught.value.errors) == ["name"]
    assert not Deal.objects.exists()
    deal = make_deal(alice, name="Я" * 255)
    with refused(BadAnswer):
        edit(deal, name=name)
    assert fresh(deal).name == "Я" * 255


@pytest.mark.parametrize(
    ("typed", "stored"), [("1 000,50", "1000.50"), ("", "0"), ("0", "0"), (7, "7"), ("-0", "0")]
)
def test_a_budget_as_people_write_it(alice: User, typed, stored: str) -> None:
    deal = make_deal(alice, answers={"budget": typed})
    assert fresh(deal).budget == Decimal(stored)


@pytest.mark.parametrize(
    "typed",
    ["-1", "NaN", "1e999", "Infinity", "сто", "1000000000000", "999999999999.995", "1" * 400],
)
def test_a_budget_that_is_no_sum_is_refused_by_a_sentence_and_nothing_changes(
    alice: User, typed: str
) -> None:
    deal = make_deal(alice, answers={"budget": "100"})
    with refused(BadAnswer) as caught:
        edit(deal, budget=typed, niche="Пекарни")
    assert list(caught.value.errors) == ["budget"]
    assert (fresh(deal).budget, fresh(deal).values, deal.values) == (100, {}, {})


def test_an_unknown_field_is_refused_by_a_sentence(alice: User) -> None:
    deal = make_deal(alice)
    for code in ("nonsense", "stage", "status", "pipeline_id", "owner", "contact.", "я" * 10_000):
        with refused(BadAnswer) as caught:
            edit(deal, **{code: "x"})
        assert len(str(caught.value)) < 200


def test_a_change_is_told_with_before_and_after(alice: User) -> None:
    deal = make_deal(alice)
    assert edit(deal, niche="Пекарни", budget="5") == {
        "niche": [None, "Пекарни"],
        "budget": ["0.00", "5.00"],
    }
    edit(deal, niche="")
    changed = [
        entry.data["fields"] for entry in deal.events.filter(verb="field.changed").order_by("pk")
    ]
    assert changed[1] == {"niche": ["Пекарни", None]}
    assert fresh(deal).values == {}


def test_changing_nothing_is_told_to_nobody(alice: User) -> None:
    deal = make_deal(alice)
    assert edit(deal, name=deal.name, niche="") == {}
    assert not deal.events.filter(verb="field.changed").exists()


def test_a_new_responsible_gets_the_open_tasks_of_the_old_one_only(
    alice: User, bob: User, olga: User
) -> None:
    deal = make_deal(alice)
    own, heads = call_task(deal), call_task(deal)
    type(heads).objects.filter(pk=heads.pk).update(owner=olga)
    deals.assign_deal(deal, owner=bob, by=Actor.person(olga), now=NOON)
    assert (fresh(deal).owner, fresh(own).owner, fresh(heads).owner) == (bob, bob, olga)
    entry = deal.events.get(verb="deal.assigned")
    names = {name: entry.data[name] for name in ("from", "to")}
    assert (names, entry.actor) == ({"from": "Алиса Белова", "to": "Борис Громов"}, olga)
    deals.assign_deal(deal, owner=bob, by=Actor.person(olga), now=NOON)
    assert deal.events.filter(verb="deal.assigned").count() == 1


def test_a_tag_is_one_whatever_its_case(alice: User) -> None:
    deal, by = make_deal(alice), Actor.person(alice)
    deals.tag_deal(deal, add=["Срочно", "срочно", "  Долгая   оплата "], by=by, now=NOON)
    deals.tag_deal(deal, add=["СРОЧНО"], by=by, now=NOON)
    deals.tag_deal(make_deal(alice), add=["срочно"], by=by, now=NOON)
    assert Tag.objects.count() == 2
    assert sorted(deal.tags.values_list("name", flat=True))[0] == "Долгая оплата"
    assert deal.events.filter(verb="deal.tagged").count() == 1
    deals.tag_deal(deal, remove=["сРочно", "нет такой"], by=by, now=NOON)
    assert list(deal.tags.values_list("name", flat=True)) == ["Долгая оплата"]


@pytest.mark.parametrize("name", ["", "  ", "\x00", "a\x00b\ud800", "я" * 10_000])
def test_a_tag_of_any_text_breaks_nothing(alice: User, name: str) -> None:
    deal = make_deal(alice)
    deals.tag_deal(deal, add=[name], by=Actor.person(alice), now=NOON)
    assert all(0 < len(tag.name) <= 60 for tag in deal.tags.all())


@pytest.mark.parametrize("text", ["", " \n ", "\x00", "я" * 20_001])
def test_an_empty_or_endless_note_is_refused(alice: User, text: str) -> None:
    deal = make_deal(alice)
    with refused(BadAnswer) as caught:
        deals.write_note(deal, text=text, by=Actor.person(alice), now=NOON)
    assert list(caught.value.errors) == ["text"]
    entry = deals.write_note(deal, text="да\x00\ud800", by=Actor.person(alice), now=NOON)
    assert entry.data == {"text": "да"}


def test_a_link_to_people_is_told_once(alice: User) -> None:
    from crm.clients import people

    deal, by = make_deal(alice), Actor.person(alice)
    company = people.create_company(name="ООО «Хлеб»", by=by, now=NOON, owner=alice)
    for _time in range(2):
        deals.link_people(deal, contact=None, company=company, by=by, now=NOON)
    assert (fresh(deal).contact, fresh(deal).company) == (None, company)
    assert deal.events.get(verb="deal.linked").data == {
        "from": ["Алексей Лукашевич", ""],
        "to": ["", "ООО «Хлеб»"],
    }


def test_an_archived_deal_is_archived_once(alice: User) -> None:
    deal = at_stage(alice, "taken")
    deals.archive_deal(deal, by=SYSTEM, now=NOON)
    with refused():
        deals.archive_deal(fresh(deal), by=SYSTEM, now=NOON)
    assert deal.events.filter(verb="deal.archived").count() == 1
