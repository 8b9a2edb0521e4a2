"""Many deals from the table: one dialog, each deal by the verbs and guards that it has by hand, and a way back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from crm import rights
from crm.batches import running, verbs
from crm.models import Batch, Deal, Task, User
from pipelines import catalog
from pipelines.models import RuleRun
from tests.clauses.steps import fresh
from tests.factories import allow, make_deal

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def stage(code: str) -> int:
    return catalog.by_code("leads").stage_by_code[code].id


def ticks(*deals: Deal) -> list[str]:
    return [f"{deal.pk}~{deal.stage_id}" for deal in deals]


def change(client: Client, what: str, *deals: Deal, **answers: Any) -> str:
    """What the confirmed dialog answers; the number is the one that the dialog spoke of."""
    typed = {"deal": ticks(*deals), "confirm": len(deals), "back": "/deals/table/"} | answers
    return client.post(f"/deals/bulk/{what}/", typed, headers=HTMX).content.decode()


@pytest.mark.clause("PZ-5.5")
def test_many_deals_are_moved_each_by_the_engine_and_each_is_reported(
    alice: User, client: Client
) -> None:
    ready = make_deal(alice, name="Готовая", answers={"platform": "site"})
    missing = make_deal(alice, name="Неготовая")
    client.force_login(alice)
    page = change(client, "move", ready, missing, to=stage("taken"))
    assert fresh(ready).stage_id == stage("taken")
    assert fresh(missing).stage_id == stage("new")
    assert "Неготовая" in page
    assert "AX-1.2a" in page
    # What entering brings came, too: the guards and the rules are those of a move by hand.
    assert RuleRun.objects.filter(deal=ready, status="ok").exists()
    assert Task.objects.open().filter(deal=ready).exists()


def test_what_the_stage_asks_for_is_asked_once_and_replaces_nothing(
    alice: User, client: Client
) -> None:
    full = make_deal(alice, answers={"platform": "site"})
    empty = make_deal(alice)
    client.force_login(alice)
    asked = client.post(
        "/deals/bulk/move/", {"deal": ticks(full, empty), "to": stage("taken")}, headers=HTMX
    ).content.decode()
    assert 'name="f-platform"' in asked
    known = [code for code in catalog.by_code("leads").fields["platform"].choices if code != "site"]
    change(client, "move", full, empty, to=stage("taken"), **{"f-platform": known[0]})
    assert [fresh(deal).values["platform"] for deal in (full, empty)] == ["site", known[0]]
    assert {fresh(deal).stage_id for deal in (full, empty)} == {stage("taken")}


def test_a_deal_moved_meanwhile_is_not_moved_again(alice: User, client: Client) -> None:
    deal = make_deal(alice, answers={"platform": "site"})
    client.force_login(alice)
    change(client, "move", deal, to=stage("taken"))
    # Ticked in another window, where it still stood on its first stage.
    typed = {"deal": f"{deal.pk}~{stage('new')}", "confirm": 1, "to": stage("qualified")}
    client.post("/deals/bulk/move/", typed, headers=HTMX)
    row = Batch.objects.latest("pk").rows.get()
    assert (row.state, fresh(deal).stage_id) == ("refused", stage("taken"))


def test_a_dialog_confirmed_twice_begins_one_batch(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    client.force_login(alice)
    task = {"text": "Позвонить", "kind_of_task": "call", "due_at": "2027-12-01T10:00"}
    for _click in range(2):
        change(client, "task", deal, csrfmiddlewaretoken="drawn", **task)
    assert Batch.objects.count() == 1
    assert deal.tasks.filter(text="Позвонить").count() == 1
    # The same once more, from a dialog drawn anew, is meant.
    change(client, "task", deal, csrfmiddlewaretoken="drawn anew", **task)
    assert Batch.objects.count() == 2


def test_a_strangers_deal_among_many_is_left_alone(
    alice: User, charlie: User, client: Client
) -> None:
    hers, his = make_deal(alice, name="Чужая"), make_deal(charlie, name="Своя")
    client.force_login(charlie)
    typed = {"deal": [*ticks(hers, his), "x~y", "~"], "confirm": 1, "add": "срочно"}
    page = client.post("/deals/bulk/tags/", typed, headers=HTMX).content.decode()
    assert "Чужая" not in page
    assert (hers.tags.count(), his.tags.count()) == (0, 1)


@pytest.mark.clause("PZ-5.7")
def test_tags_go_on_and_off_many_deals_at_once(alice: User, client: Client) -> None:
    deals = [make_deal(alice, name=f"Сделка {number}") for number in range(3)]
    client.force_login(alice)
    bar = client.get("/deals/table/").content.decode()
    assert "/deals/bulk/tags/" in bar
    change(client, "tags", *deals, add="Тендер, срочно")
    assert [set(deal.tags.values_list("name", flat=True)) for deal in deals] == [
        {"Тендер", "срочно"}
    ] * 3
    change(client, "tags", *deals[:2], remove="срочно")
    assert [deal.tags.count() for deal in deals] == [1, 1, 2]


def test_a_batch_of_each_kind_is_put_back(
    alice: User, bob: User, olga: User, client: Client
) -> None:
    deal = make_deal(alice, answers={"platform": "site", "budget": "100"})
    task = Task.objects.open().filter(deal=deal).first()
    client.force_login(olga)
    before = (deal.owner_id, deal.stage_id, deal.budget, deal.next_task_at)
    change(client, "owner", deal, owner=bob.pk)
    change(client, "tags", deal, add="тендер")
    change(client, "field", fresh(deal), field="budget", value="900")
    change(
        client,
        "task",
        fresh(deal),
        text="Позвонить",
        kind_of_task="call",
        due_at="2026-12-01T10:00",
    )
    change(client, "move", fresh(deal), to=stage("taken"))
    moved = fresh(deal)
    assert (moved.owner, moved.stage_id, moved.budget) == (bob, stage("taken"), 900)
    if task:
        assert fresh(task).owner == bob
    for batch in Batch.objects.order_by("-pk"):
        client.post(f"/batches/{batch.pk}/undo/")
        assert fresh(batch).state == "undone", batch
        assert not fresh(batch).kept, list(batch.rows.values_list("text", flat=True))
    back = fresh(deal)
    assert (back.owner_id, back.stage_id, back.budget, back.next_task_at) == before
    assert not back.tags.exists()
    if task:
        assert fresh(task).owner == alice


def test_everything_the_filter_finds_is_taken_as_it_is_now(
    alice: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    deals = [make_deal(alice, name=f"Партия {number}") for number in range(3)]
    make_deal(alice, name="Другая")
    client.force_login(alice)
    typed = {"everything": "1", "query": "pipeline=leads&q=Партия", "add": "партия"}
    asked = client.post("/deals/bulk/tags/", typed, headers=HTMX).content.decode()
    assert 'name="confirm" value="3"' in asked
    # Somebody opens one more before the dialog is confirmed: it is asked again, not changed unseen.
    deals.append(make_deal(alice, name="Партия 4"))
    assert client.post("/deals/bulk/tags/", typed | {"confirm": 3}, headers=HTMX).status_code == 422
    monkeypatch.setattr(verbs, "FOREGROUND", 2)
    monkeypatch.setattr(verbs, "ask", lambda batch_id: None)
    client.post("/deals/bulk/tags/", typed | {"confirm": 4}, headers=HTMX)
    batch = Batch.objects.get()
    late = make_deal(alice, name="Партия 5")
    assert client.get(f"/batches/{batch.pk}/progress/").status_code == 200
    running.run(batch.pk)
    assert all(deal.tags.filter(name="партия").exists() for deal in deals)
    assert not late.tags.exists()


def test_batches_are_seen_by_their_author_and_his_head_and_undone_with_the_right(
    alice: User, bob: User, olga: User, client: Client
) -> None:
    deal = make_deal(alice)
    client.force_login(alice)
    change(client, "tags", deal, add="тендер")
    batch = Batch.objects.get()
    for user, status in ((alice, 200), (olga, 200), (bob, 404)):
        allow(user, rights.EXPORT)
        client.force_login(user)
        assert client.get(f"/batches/{batch.pk}/").status_code == status
        assert (batch.title in client.get("/batches/").content.decode()) is (status == 200)
        assert client.get(f"/batches/{batch.pk}/xlsx/").status_code == status
    client.force_login(bob)
    assert client.post(f"/batches/{batch.pk}/undo/").status_code == 404
    assert deal.tags.exists()


def test_without_the_right_nothing_is_changed_in_bulk(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    alice.groups.get().permissions.clear()
    client.force_login(alice)
    typed = {"deal": ticks(deal), "confirm": 1, "add": "тендер"}
    assert client.post("/deals/bulk/tags/", typed).status_code == 403
    assert client.post("/deals/bulk/export/", typed).status_code == 403
    assert not deal.tags.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"deal": "x"},
        {"deal": f"{10**30}~1"},
        {"everything": "1", "query": "created=%00&q=\x00"},
    ],
)
def test_nonsense_is_answered_with_a_sentence(
    alice: User, client: Client, typed: dict[str, str]
) -> None:
    client.force_login(alice)
    response = client.post("/deals/bulk/tags/", typed, headers=HTMX)
    assert response.status_code == 422
    assert client.post("/deals/bulk/nonsense/", typed).status_code == 404


def test_the_way_back_never_leads_to_a_foreign_site(alice: User, client: Client) -> None:
    deal = make_deal(alice)
    client.force_login(alice)
    for back in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        page = change(client, "tags", deal, add="тендер", back=back)
        assert "evil" not in page
        assert "alert(1)" not in page
