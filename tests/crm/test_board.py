"""What the board shows, to whom, and in which portions."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import RequestFactory
from django.utils import timezone

from crm import visibility
from crm.board import cards, reading
from crm.filters import DealFilter
from crm.models import Deal, Tag
from pipelines import catalog
from pipelines.actor import Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def columns(user, query="", **kwargs):
    pipeline = catalog.by_code("leads")
    stages = visibility.stages_of(user, pipeline)
    asked = DealFilter(RequestFactory().get(f"/deals/?{query}").GET, user=user, stages=stages)
    found = reading.columns(user, stages, asked, now=kwargs.pop("now", NOON), **kwargs)
    return {column.stage.code: column for column in found}


def names(column):
    return [row.name for row in column.rows]


def test_a_manager_sees_his_own_deals_a_head_those_of_her_team_and_nobody_another_teams(
    alice, bob, olga, charlie
):
    for owner in (alice, bob, charlie):
        make_deal(owner, name=owner.first_name)
    assert names(columns(alice)["new"]) == ["Алиса"]
    assert sorted(names(columns(olga)["new"])) == ["Алиса", "Борис"]
    assert columns(olga)["new"].total.deals == 2
    assert columns(charlie)["new"].total.deals == 1


def test_the_head_of_a_column_counts_and_sums_all_its_deals_not_the_shown_ones(alice):
    for number in range(7):
        make_deal(alice, answers={"budget": "100.50"}, now=NOON + timedelta(minutes=number))
    column = columns(alice, first=3)["new"]
    assert len(column.rows) == 3
    assert column.total == (7, Decimal("703.50"))


def test_the_latest_come_first_and_portions_follow_each_other_without_gaps_or_repetitions(
    alice, monkeypatch
):
    for number in range(9):
        make_deal(alice, name=str(number), now=NOON + timedelta(minutes=number // 2))
    monkeypatch.setattr(reading, "PORTION", 2)
    first = columns(alice, first=3)["new"]
    seen, column = names(first), first
    asked = DealFilter({}, user=alice, stages=[])
    while column.after:
        column = reading.portion(alice, first.stage, asked, now=NOON, after=column.after)
        seen += names(column)
    assert seen == [str(number) for number in reversed(range(9))]


@pytest.mark.parametrize(
    "mark", ["zzz", "2026-01-01T00:00:00~1", "2026-01-01T00:00:00+00:00~", "~5"]
)
def test_a_portion_after_nonsense_is_refused_with_a_sentence(mark, alice, client):
    client.force_login(alice)
    response = client.get("/deals/column/", {"column": "new", "after": mark})
    assert response.status_code == 400
    assert "Не удалось понять" in response.content.decode()


def test_a_card_holds_contact_company_owner_and_tags(alice, olga):
    deal = make_deal(alice, tags=["VIP", "сайт"])
    (row,) = columns(olga)["new"].rows
    assert (row.contact, row.company, row.owner) == ("Алексей Лукашевич", None, "Белова А.")
    assert [name for name, color in row.tags] == ["VIP", "сайт"]
    assert row.id == deal.pk


def test_an_archived_deal_is_not_on_the_board(alice):
    deal = make_deal(alice)
    Deal.objects.filter(pk=deal.pk).update(archived_at=NOON)
    assert columns(alice)["new"].rows == []
    assert columns(alice)["new"].total.deals == 0


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ЗАКАЗ", {"Заказ стекла"}),
        ("q=петро", {"Дверь"}),
        ("q=1112233", {"Заказ стекла", "Окно"}),
        ("q=%2B375 (29) 999-00-11", {"Дверь"}),
        ("q=100%25", set()),
        ("budget_from=500", {"Дверь"}),
        ("budget_to=1 000,50", {"Заказ стекла", "Окно"}),
        ("created_from=11.03.2026", {"Окно"}),
        ("created_to=2026-03-10", {"Заказ стекла", "Дверь"}),
        ("stage=taken", set()),
        ("tag={tag}", {"Окно"}),
        ("owner={bob}", {"Дверь"}),
        ("contact={contact}", {"Дверь"}),
    ],
)
def test_a_filter_narrows_the_cards_and_the_heads_alike(query, found, alice, bob, olga):
    make_deal(alice, name="Заказ стекла")
    door = make_deal(
        bob,
        name="Дверь",
        contact_name="Иван Петров",
        phone="+375299990011",
        answers={"budget": "5000"},
    )
    make_deal(alice, name="Окно", tags=["VIP"], now=NOON + timedelta(days=1))
    tag = Tag.objects.get(name="VIP")
    shown = columns(olga, query.format(tag=tag.pk, bob=bob.pk, contact=door.contact_id))
    assert {name for column in shown.values() for name in names(column)} == found
    assert sum(column.total.deals for column in shown.values()) == len(found)


def test_a_filter_by_next_task_tells_none_overdue_and_today_apart(alice):
    made = {name: make_deal(alice, name=name) for name in ("none", "overdue", "today", "later")}
    now = NOON
    due = {
        "none": None,
        "overdue": now - timedelta(hours=1),
        "today": now + timedelta(hours=1),
        "later": now + timedelta(days=2),
    }
    for name, deal in made.items():
        Deal.objects.filter(pk=deal.pk).update(next_task_at=due[name])
    for name in ("none", "overdue", "today"):
        assert names(columns(alice, f"task={name}", now=now)["new"]) == [made[name].name]
    timezone.activate("Europe/Moscow")
    words = cards.Words(now)
    shown = {
        row.name: cards.face(row, words, needs_task=True).task for row in columns(alice)["new"].rows
    }
    assert shown == {made[name].name: name for name in due}


@pytest.mark.parametrize(
    "query",
    [
        "budget_from=NaN",
        "owner=zzz",
        "created_from=31.02.2026",
        "stage=zzz",
        "q=%00",
        "tag=-1",
        "contact=99999999999999999999999",
    ],
)
@pytest.mark.parametrize("path", ["/deals/", "/deals/table/"])
def test_a_filter_that_makes_no_sense_shows_nothing_and_says_so(path, query, alice, client):
    make_deal(alice, name="Заметная")
    client.force_login(alice)
    response = client.get(f"{path}?{query}")
    assert response.status_code == 400
    page = response.content.decode()
    assert "Заметная" not in page
    assert "invalid-feedback" in page


def test_a_head_cannot_filter_by_a_person_who_is_not_hers(olga, charlie, client):
    client.force_login(olga)
    assert client.get(f"/deals/?owner={charlie.pk}").status_code == 400


def test_a_pipeline_that_does_not_exist_is_not_found(alice, client):
    client.force_login(alice)
    assert client.get("/deals/?pipeline=zzz").status_code == 404


def test_a_name_is_escaped(alice, client):
    make_deal(alice, name="<script>alert(1)</script>", tags=["<b>"])
    client.force_login(alice)
    page = client.get("/deals/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert "<b></span>" not in page


def test_nobody_sees_the_board_without_signing_in(client):
    for path in (
        "/deals/",
        "/deals/table/",
        "/tasks/",
        "/search/?q=a",
        "/deals/column/?column=new",
    ):
        assert client.get(path)["Location"].startswith("/login/")


@pytest.mark.clause("PZ-6.2")
def test_the_board_counts_the_deals_without_a_task_that_one_sees(client, alice, charlie) -> None:
    from crm.models import Task
    from crm.planning import tasks

    def page() -> str:
        return client.get("/deals/").content.decode()

    client.force_login(alice)
    for owner in (alice, alice, charlie):
        deal = make_deal(owner)
        if owner == charlie or Deal.objects.filter(owner=alice).count() == 1:
            for task in Task.objects.filter(deal=deal):
                tasks.cancel_task(task, by=Actor(), now=NOON)
    assert 'id="forgotten"' in page()
    assert "task=none" in page()
    assert str(reading.without_task(alice, catalog.by_code("leads").stages)) == "1"
    tasks.create_task(
        text="Позвонить",
        due_at=NOON,
        owner=alice,
        deal=Deal.objects.filter(owner=alice, next_task_at=None).get(),
        by=Actor.person(alice),
        now=NOON,
    )
    assert 'id="forgotten"' not in page()


def test_the_board_opens_where_a_manager_has_open_deals_and_then_where_he_was_last(alice, client):
    client.force_login(alice)

    def opened():
        return client.get("/deals/").context["pipeline"].code

    assert opened() == "leads"
    make_deal(alice, pipeline="production")
    assert opened() == "production"
    client.get("/deals/?pipeline=leads")
    assert opened() == "leads"
