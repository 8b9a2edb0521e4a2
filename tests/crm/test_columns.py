"""Columns and fields of cards: chosen, ordered, remembered; sorted by any; what is gone is forgotten."""

import re

import pytest
from django.core.exceptions import PermissionDenied

from crm import columns, deals, preferences, visibility
from crm.board import deal_columns, table
from crm.filters import DealFilter
from crm.models import Deal
from pipelines import catalog
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def headings(client, path="/deals/table/?pipeline=leads"):
    return re.findall(r'data-column="([^"]+)"', client.get(path).content.decode())


@pytest.mark.clause("PZ-4.2c")
def test_columns_are_kept_in_their_order_by_those_who_may(alice, bob, client):
    code = next(
        c
        for c, f in catalog.by_code("leads").fields.items()
        if f.type == "choice" and not f.built_in
    )
    make_deal(alice)
    make_deal(bob)
    client.force_login(alice)
    wished = [f"f-{code}", "name", "owner", "created_at"]
    client.post("/columns/deals/leads/", {"column": [*wished, "zzz", "name"]})
    assert headings(client) == wished
    client.force_login(bob)
    usual = headings(client)
    assert usual[0] == "name"
    assert f"f-{code}" not in usual
    client.force_login(alice)
    client.post("/columns/deals/leads/", {"usual": "1"})
    assert headings(client) == usual


@pytest.mark.clause("PZ-4.2c")
def test_without_the_right_the_table_is_as_usual(alice, client):
    client.force_login(alice)
    make_deal(alice)
    client.post("/columns/deals/leads/", {"column": ["created_at", "name"]})
    group = alice.groups.get()
    group.permissions.remove(*group.permissions.filter(codename="arrange_columns"))
    assert headings(client)[0] == "name"
    assert client.get("/columns/deals/leads/").status_code == 403
    assert client.post("/columns/deals/leads/", {"column": ["name"]}).status_code == 403
    assert "columns-button" not in client.get("/deals/table/").content.decode()


def test_the_fields_of_board_cards_stand_in_the_order_of_who_looks(alice, bob, client):
    for who in (alice, bob):
        deals.edit_deal(make_deal(who), {"budget": 5000}, by=Actor.person(who), now=NOON)
    client.force_login(alice)

    def order():
        card = client.get("/deals/?pipeline=leads").content.decode().partition("<article")[2]
        return re.findall(
            r'class="deal-(name|sum|who|task|foot)\b', card.partition("</article>")[0]
        )

    usual = order()
    assert usual[:2] == ["name", "sum"]
    # The name cannot be left out, and keeps the place it was given.
    client.post("/columns/card/leads/", {"column": ["task", "sum", "name", "days", "contact"]})
    assert order() == ["foot", "task", "sum", "name", "foot", "who"]
    client.force_login(bob)
    assert order() == usual
    client.force_login(alice)
    client.post("/columns/card/leads/", {"usual": "1"})
    assert order() == usual


def test_what_a_table_no_longer_has_is_left_out_and_its_fixed_column_stays(alice):
    known = deal_columns.known(alice, "leads")
    preferences.put(alice, "columns.deals.leads", ["f-gone", "budget", 7, "budget"])
    assert [item.code for item in columns.chosen(alice, "deals", "leads", known).columns] == [
        "name",
        "budget",
    ]
    for junk in ({"a": 1}, "name", [["name"]], ["f-gone"]):
        preferences.put(alice, "columns.deals.leads", junk)
        assert not columns.chosen(alice, "deals", "leads", known).is_own
    with pytest.raises(LookupError):
        columns.choose(alice, "deals", "zzz", ["name"])


@pytest.mark.parametrize("down", ["", "-"])
def test_every_column_is_sorted_by_and_walked_both_ways_with_the_empty_ones_last(down, alice):
    pipeline = catalog.by_code("leads")
    own = {
        code: one
        for code, one in pipeline.fields.items()
        if not one.built_in and one.record == "deal"
    }
    for number in range(6):
        deal = make_deal(alice, name=f"{number // 2}")
        # Half of them hold a value of each field, some the same one.
        held = {code: _value(one, number // 2) for code, one in own.items()} if number % 2 else {}
        Deal.objects.filter(pk=deal.pk).update(
            values=held, next_task_at=NOON if number > 3 else None
        )
    asked = DealFilter({}, user=alice, stages=visibility.stages_of(alice, pipeline))
    for column in deal_columns.known(alice, "leads"):
        if not column.is_sortable:
            continue
        order = table.Order.parse(down + column.code, [pipeline])
        assert str(order) == down + column.code

        def read(order=order, **marks):
            return table.read_page(alice, pipeline, asked, order=order, size=2, now=NOON, **marks)

        pages = [read()]
        while pages[-1].after:
            pages.append(read(after=pages[-1].after))
        lines = [line for page in pages for line in page.lines]
        assert len({line.id for line in lines}) == len(lines) == 6, column.code
        empty = [line.key is None for line in lines]
        assert empty == sorted(empty), column.code
        back = [pages[-1]]
        while back[0].before:
            back.insert(0, read(before=back[0].before))
        assert [line.id for page in back for line in page.lines] == [line.id for line in lines], (
            column.code
        )


def _value(one, number):
    match one.type:
        case "number" | "money":
            return str(number * 7)
        case "choice":
            return list(one.choices)[number % len(one.choices)]
        case "choices":
            return [list(one.choices)[number % len(one.choices)]]
        case "date":
            return f"2026-03-0{number + 1}"
        case "datetime":
            return f"2026-03-0{number + 1}T00:00:00+00:00"
        case "control":
            return {"by": 1, "name": "Я", "at": f"2026-03-0{number + 1}T00:00:00+00:00"}
        case "yes_no":
            return True
        case _:
            return f"Слово {number}"


def test_everybody_chooses_what_the_cards_of_his_board_show(alice, client):
    make_deal(alice, answers={"budget": "7777"}, tags=["VIP"])
    client.force_login(alice)
    group = alice.groups.get()
    group.permissions.clear()

    def page():
        return client.get("/deals/?pipeline=leads").content.decode()

    assert "deal-sum" in page()
    assert "VIP" in page()
    client.post("/columns/card/leads/", {"column": ["name", "tags"]})
    assert "deal-sum" not in page()
    assert "deal-task" not in page()
    assert "VIP" in page()
    client.post("/columns/card/leads/", {"usual": "1"})
    assert "deal-sum" in page()


def test_a_stranger_to_a_pipeline_has_no_columns_of_it(alice, client):
    client.force_login(alice)
    for path in ("/columns/deals/zzz/", "/columns/zzz/all/", "/columns/card/all/"):
        assert client.get(path).status_code in (403, 404)
    alice.groups.clear()
    with pytest.raises(PermissionDenied):
        columns.choose(alice, "deals", "leads", ["name"])
