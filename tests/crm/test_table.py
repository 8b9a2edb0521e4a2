"""The table: pages by key in both directions, sorting, counting, and moving many deals at once."""

import re
from datetime import timedelta

import pytest
from django.test import RequestFactory

from crm import visibility
from crm.board import table
from crm.clients import people
from crm.filters import DealFilter
from crm.models import Deal
from pipelines import catalog
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def read(user, *, order="-created_at", size=3, pipeline="leads", **marks):
    chosen = catalog.by_code(pipeline)
    asked = DealFilter(
        RequestFactory().get("/").GET, user=user, stages=visibility.stages_of(user, chosen)
    )
    return table.read_page(
        user, chosen, asked, order=table.Order.parse(order, [chosen]), size=size, now=NOON, **marks
    )


def names(page):
    return [line.name for line in page.lines]


@pytest.fixture
def ten(alice):
    """Ten deals of which many have the same moment, sum and name: what a key must tell apart."""
    for number in range(10):
        make_deal(
            alice,
            name=f"Сделка {number // 3}",
            answers={"budget": str(number // 4 * 100)},
            now=NOON + timedelta(minutes=number // 2),
        )


@pytest.mark.parametrize(
    "order", ["-created_at", "created_at", "-budget", "budget", "name", "-name", "stage_since"]
)
def test_pages_forward_and_back_hold_every_deal_once_and_in_order(order, ten, alice):
    page, forward = read(alice, order=order), []
    while True:
        forward.append([line.id for line in page.lines])
        if not page.after:
            break
        page = read(alice, order=order, after=page.after)
    everything = [pk for ids in forward for pk in ids]
    assert sorted(everything) == sorted(Deal.objects.values_list("pk", flat=True))
    column, down = order.removeprefix("-"), order.startswith("-")
    keys = [
        (getattr(deal, column), deal.pk) for deal in map(Deal.objects.in_bulk().get, everything)
    ]
    assert keys == sorted(keys, reverse=down)
    back = [[line.id for line in page.lines]]
    while page.before:
        page = read(alice, order=order, before=page.before)
        back.insert(0, [line.id for line in page.lines])
    assert [pk for ids in back for pk in ids] == everything


def test_a_head_sees_her_people_and_a_stranger_nothing_of_theirs(alice, bob, olga, charlie):
    make_deal(alice, name="А")
    make_deal(bob, name="Б")
    assert sorted(names(read(olga))) == ["А", "Б"]
    assert names(read(bob)) == ["Б"]
    assert names(read(charlie)) == []


@pytest.mark.parametrize(
    "query",
    [
        "after=zzz", "after=~", "before=2026-01-01~1", "sort=budget&after=NaN~1", "sort=budget&after=1e99~1",
        "sort=budget&after=abc~1", "after=2026-01-01T00:00:00%2B00:00~99999999999999999999", "sort=name&after=%00~1",
    ],
)  # fmt: skip
def test_a_mark_that_no_page_gave_out_leads_to_the_beginning_with_a_sentence(query, alice, client):
    client.force_login(alice)
    response = client.get(f"/deals/table/?{query}", follow=True)
    assert response.status_code == 200
    assert "after" not in response.redirect_chain[0][0]
    assert "alert-warning" in response.content.decode()


def test_an_unknown_sort_or_size_means_the_usual_one(alice, client):
    make_deal(alice)
    client.force_login(alice)
    assert client.get("/deals/table/?sort=password&size=100000").status_code == 200


def test_the_count_is_exact_or_says_that_there_are_more(ten, alice, client, monkeypatch):
    client.force_login(alice)
    assert "10" in total(client.get("/deals/table/"))
    assert "3" in total(client.get("/deals/table/?q=Сделка 1"))
    monkeypatch.setattr(table, "COUNT_CAP", 5)
    assert "5" in total(client.get("/deals/table/?q=Сделка"))
    assert "10" in total(client.get("/deals/table/?q=Сделка&count=exact"))


def total(response):
    return re.search(r'id="total">([^<]*)<', response.content.decode())[1]


def test_the_links_of_a_page_keep_filter_sort_and_size(ten, alice, client):
    client.force_login(alice)
    for number in range(60):
        make_deal(alice, name=f"Много {number}", email=f"{number}@example.com")
    page = client.get("/deals/table/?q=Много&sort=name&size=50").content.decode()
    link = re.search(r'href="(\?[^"]+)" rel="next"', page)[1].replace("&amp;", "&")
    further = client.get(f"/deals/table/{link}").content.decode()
    assert further.count('name="deal"') == 10
    assert 'rel="prev"' in further


def test_deals_of_all_pipelines_are_listed_together(alice, olga, client):
    make_deal(alice, name="Продажа")
    client.force_login(olga)
    assert "Продажа" in client.get("/deals/table/?pipeline=all").content.decode()
    assert client.get("/deals/?pipeline=all").status_code == 200


def test_a_column_that_says_nothing_on_the_page_leaves_its_room_to_the_others(alice, olga, client):
    make_deal(alice)

    def headings(user):
        client.force_login(user)
        return re.findall(
            r"<th.*?>(?:<a.*?>)?([^<]+)<", client.get("/deals/table/").content.decode()
        )

    assert not {"Компания", "Ответственный", "Нарушения"} & set(headings(alice))
    assert "Ответственный" in headings(olga)
    make_deal(
        alice,
        company=people.create_company(
            name="ООО «Лад»", owner=alice, by=Actor.person(alice), now=NOON
        ),
    )
    assert "Компания" in headings(alice)
