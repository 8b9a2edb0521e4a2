"""«Задачи» as a list: in groups by when they are due, asked by an address, many at once."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import timezone
from python_calamine import load_workbook

from crm.batches import verbs
from crm.batches.verbs import NewRow
from crm.models import Batch, Deal, Task
from crm.planning import listing
from crm.planning.asked import TaskFilter
from pipelines.actor import Actor
from tests.clauses.steps import at_stage, fresh, task_of
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def make_task(owner, text, due_at=NOON, **kwargs):
    return Task.objects.create(owner=owner, text=text, due_at=due_at, created_at=NOON, **kwargs)


def lines(viewer, **asked):
    found = TaskFilter(asked, user=viewer)
    return listing.read_page(viewer, found, order=listing.Order(), size=50, now=NOON).lines


def texts(viewer, **asked):
    return [line.task.text for line in lines(viewer, **asked)]


def test_tasks_are_overdue_for_today_for_tomorrow_or_later_by_the_persons_own_clock(alice):
    timezone.activate("Europe/Moscow")
    for text, hours in (("a", -30), ("b", -1), ("c", 1), ("d", 24), ("e", 72)):
        make_task(alice, text, NOON + timedelta(hours=hours))
    make_task(alice, "весь день", NOON + timedelta(hours=13), all_day=True)
    make_task(alice, "первой", NOON + timedelta(hours=5), on_top=True)
    make_task(alice, "done", state="done")
    assert [(line.heading, line.task.text) for line in lines(alice)] == [
        ("Просрочено", "a"), ("", "b"), ("Сегодня", "первой"), ("", "c"), ("", "весь день"), ("Завтра", "d"),
        ("Позже", "e"),
    ]  # fmt: skip


def test_the_filter_asks_by_each_condition_and_shows_one_only_what_is_his_to_see(
    alice, bob, olga, charlie
):
    deal = make_deal(alice, name="Ромашка")
    Task.objects.filter(deal=deal).update(state="cancelled")
    make_task(alice, "звонок", kind="call", deal=deal, created_by=olga)
    make_task(alice, "встреча", NOON + timedelta(days=9), kind="meeting")
    make_task(bob, "боб")
    make_task(charlie, "чужая")
    assert texts(alice) == ["звонок", "встреча"]
    assert texts(alice, type="meeting") == ["встреча"]
    assert texts(alice, about="deal") == texts(alice, stage="new") == ["звонок"]
    assert texts(alice, q="РОМАШ") == texts(alice, deal_pipeline="leads") == ["звонок"]
    assert texts(alice, set_by=str(olga.pk)) == []  # not one of her people: no condition holds
    assert texts(olga, owner="all", set_by="me") == ["звонок"]
    assert texts(alice, due=f"..{NOON.date()}") == ["звонок"]
    assert set(texts(olga, owner="all")) == {"звонок", "встреча", "боб"}
    assert texts(olga, owner=str(bob.pk)) == ["боб"]
    assert texts(alice, state="cancelled") == [Task.objects.get(state="cancelled").text]
    assert lines(alice, due="когда-нибудь") == []


def test_pages_go_by_key_both_ways_and_nonsense_is_answered(client, alice):
    for number in range(5):
        make_task(alice, f"т{number}", NOON + timedelta(hours=number))
    asked = TaskFilter({}, user=alice)

    def read(**marks):
        return listing.read_page(alice, asked, order=listing.Order(), size=2, now=NOON, **marks)

    first = read()
    second = read(after=first.after)
    assert [line.task.text for line in second.lines] == ["т2", "т3"]
    assert read(before=second.before).lines[0].task.text == "т0"
    client.force_login(alice)
    for address in ("?after=x", "?after=2026-01-01~99999999999999999999", "?before=%00~1"):
        assert client.get(f"/tasks/{address}").status_code == 302
    assert client.get("/tasks/?due=%00").status_code == 400
    assert client.get("/tasks/?owner=zzz").status_code == 400


def test_what_many_tasks_may_not_is_refused_one_by_one(client, alice, olga):
    free = make_task(alice, "свободная")
    asked = task_of(at_stage(alice, "kp_sent", now=timezone.now()), "objections")
    client.force_login(alice)
    page = client.post("/tasks/many/finish/", {"id": [free.pk, asked.pk]}).content.decode()
    assert 'name="result"' in page
    sent = {"id": [free.pk, asked.pk], "go": "1", "result": "готово"}
    batch = Batch.objects.get(pk=client.post("/tasks/many/finish/", sent).url.split("/")[-2])
    assert (batch.done, batch.refused) == (1, 1)
    assert (fresh(free).state, fresh(asked).state) == ("done", "open")
    other = make_task(alice, "другая")
    client.force_login(olga)
    everything = {"everything": "1", "query": f"owner={alice.pk}&q=другая", "go": "1"}
    client.post("/tasks/many/reassign/", {**everything, "owner": olga.pk})
    assert fresh(other).owner == olga


@pytest.mark.parametrize(
    ("kind", "asked", "mine"),
    [
        ("tasks.postpone", {"due_at": "2026-03-12T09:00:00+00:00"}, {"due_at": NOON}),
        ("tasks.kind", {"kind": "meeting"}, {"kind": "other"}),
        ("tasks.reassign", {"owner": "bob"}, {"owner": "alice"}),
    ],
)
def test_what_a_colleague_changed_since_is_not_put_back(
    kind, asked, mine, alice, bob, olga, administrator
):
    people = {"alice": alice, "bob": bob, "olga": olga}
    left, touched = make_task(alice, "первая"), make_task(alice, "вторая")
    asked = {name: getattr(people.get(value), "pk", value) for name, value in asked.items()}
    rows = [NewRow(record_id=task.pk, name=task.text) for task in (left, touched)]
    by = Actor.person(administrator)
    batch = verbs.start(kind, title="много", rows=rows, params=asked, by=by, now=NOON)
    Task.objects.filter(pk=touched.pk).update(
        due_at=NOON + timedelta(days=9), kind="letter", owner=olga
    )
    verbs.undo(batch, by=by, now=timezone.now())
    ((name, value),) = mine.items()
    assert getattr(fresh(left), name) == people.get(value, value)
    assert fresh(touched).owner == olga
    assert (fresh(touched).kind, fresh(touched).due_at) == ("letter", NOON + timedelta(days=9))


def test_a_list_is_exported_as_it_is_asked(client, olga, alice):
    make_task(alice, "=1+1", kind="call")
    make_task(alice, "другая", kind="letter")
    client.force_login(olga)
    answer = client.get("/export/tasks/?owner=all&type=call")
    book = load_workbook(BytesIO(b"".join(answer.streaming_content)))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == ["=1+1"]


@pytest.mark.clause("AX-5.1")
def test_deals_without_a_task_are_listed_below(alice, client):
    forgotten, planned = make_deal(alice, name="Забытая"), make_deal(alice, name="Запланированная")
    Task.objects.filter(deal=forgotten).update(state="cancelled")
    Deal.objects.filter(pk=forgotten.pk).update(next_task_at=None)
    assert Deal.objects.get(pk=planned.pk).next_task_at
    assert listing.without_task(alice, alice) == [forgotten]
    client.force_login(alice)
    assert "Забытая" in client.get("/tasks/").content.decode()


def test_a_task_offers_its_outcomes(alice, client):
    deal = make_deal(alice, answers={"platform": "site"})
    client.force_login(alice)
    task = Task.objects.get(deal=deal)
    assert f"/tasks/{task.pk}/outcome/" in client.get("/tasks/").content.decode()
