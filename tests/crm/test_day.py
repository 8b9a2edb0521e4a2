"""«My day»: one order over tasks, limits, clients who wait and deals without a task; each deal once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import contacting
from crm.day import queue, team, things
from crm.models import Deal, Task, User
from pipelines.actor import Actor
from tests.clauses.steps import fresh
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def task(owner: User, text: str, due_at: datetime, **more) -> Task:
    return Task.objects.create(owner=owner, text=text, due_at=due_at, created_at=NOON, **more)


def idle_deal(owner: User, name: str, *, pipeline: str = "leads", **columns) -> Deal:
    """A deal with no task and no limit: only what `columns` say waits on it."""
    deal = make_deal(owner, name=name, pipeline=pipeline)
    Task.objects.filter(deal=deal).delete()
    columns = {"stage_deadline": None, "next_task_at": NOON + 48 * HOUR} | columns
    Deal.objects.filter(pk=deal.pk).update(**columns)
    return fresh(deal)


def order(viewer: User, owner: User, *, now: datetime = NOON) -> list[tuple[str, list[str]]]:
    """The parts with the names of their deals, or the words of what hangs on none."""
    day = queue.read(viewer, owner, now=now)
    return [
        (
            part.code,
            [
                entry.lead.deal.name if entry.lead.deal else entry.lead.text
                for entry in part.entries
            ],
        )
        for part in day.parts
    ]


def test_what_runs_out_stands_before_what_is_overdue_and_that_before_the_hours_of_today(
    alice: User, idrive: None
) -> None:
    timezone.activate("Europe/Moscow")
    idle_deal(alice, "Без задачи", next_task_at=None)
    task(alice, "в час", NOON + 5 * HOUR)
    task(alice, "весь день", NOON + 13 * HOUR, all_day=True)
    task(alice, "завтра", NOON + 24 * HOUR)
    task(alice, "вчера", NOON - 24 * HOUR)
    task(alice, "сначала это", NOON - HOUR, on_top=True)
    idle_deal(alice, "Срок вышел", stage_deadline=NOON - 30 * HOUR)
    # The limit of a first contact is minutes: a countdown that can still be kept.
    idle_deal(alice, "Горит", pipeline="driving", stage_deadline=NOON + timedelta(minutes=9))
    idle_deal(alice, "Ждёт ответа", unanswered_since=NOON - 3 * HOUR)
    assert order(alice, alice) == [
        ("now", ["сначала это", "Горит", "Срок вышел", "вчера", "Ждёт ответа"]),
        ("today", ["в час"]),
        ("any", ["Без задачи", "весь день"]),
    ]


def test_a_deal_stands_once_with_its_most_urgent_thing_and_marks_for_the_rest(alice: User) -> None:
    deal = idle_deal(alice, "Ромашка", unanswered_since=NOON - HOUR, stage_deadline=NOON - 5 * HOUR)
    task(alice, "Позвонить", NOON + 2 * HOUR, deal=deal)
    [entry] = things.read_all(queue.ask_for(alice, alice, NOON))
    assert entry.key == f"deal-{deal.pk}"
    assert entry.lead.icon == "alarm"
    assert [other.icon for other in entry.others] == ["message-2-exclamation", "checkbox"]
    assert entry.phone == "+375291112233"


def test_an_entry_says_by_which_clause_it_is_here(alice: User) -> None:
    deal = make_deal(alice, name="Новая")
    [entry] = things.read_all(queue.ask_for(alice, alice, NOON))
    rule = fresh(deal).tasks.get().rule
    assert rule.clause in {entry.lead.clause, *(other.clause for other in entry.others)}


def test_the_day_is_that_of_the_readers_clock(alice: User) -> None:
    """22:00 UTC on the 10th is the 11th already in Novosibirsk, and still the 10th in Minsk."""
    task(alice, "ночью", NOON.replace(hour=22))
    with timezone.override("Europe/Minsk"):
        assert order(alice, alice) == []
    with timezone.override("Asia/Novosibirsk"):
        assert order(alice, alice, now=NOON.replace(hour=18)) == [("today", ["ночью"])]


def test_who_called_or_wrote_waits_until_somebody_answers_or_says_that_none_is_needed(
    alice: User,
) -> None:
    deal, by = make_deal(alice), Actor.person(alice)

    def happens(verb: str, hours: int) -> datetime | None:
        contacting.record_contact(deal, verb=verb, by=by, now=NOON + hours * HOUR, text="…")
        return fresh(deal).unanswered_since

    assert happens(contacting.MESSAGE_RECEIVED, 1) == NOON + HOUR
    # He waits since the first of them.
    assert happens(contacting.CALL_MISSED, 2) == NOON + HOUR
    assert happens(contacting.MESSAGE_SENT, 3) is None
    assert happens(contacting.CALL_MISSED, 4) == NOON + 4 * HOUR
    assert happens(contacting.CALL_ANSWERED, 5) is None
    contacting.record_letter(
        deal, subject="?", text="?", address="a@example.com", now=NOON + 6 * HOUR
    )
    assert fresh(deal).unanswered_since == NOON + 6 * HOUR
    assert contacting.waive_answer(deal, by=by, now=NOON + 7 * HOUR).verb == "answer.waived"
    assert fresh(deal).unanswered_since is None
    assert contacting.waive_answer(deal, by=by, now=NOON + 7 * HOUR) is None


def test_the_queue_costs_the_same_with_many_rows(alice: User, client: Client) -> None:
    now = timezone.now()
    client.force_login(alice)
    counts = []
    for round_ in range(2):
        for number in range(1 + 8 * round_):
            deal = make_deal(alice, name=f"Сделка {round_}-{number}", now=now)
            Deal.objects.filter(pk=deal.pk).update(unanswered_since=now)
            task(alice, f"Дело {round_}-{number}", now - HOUR)
        client.get("/day/")
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/day/").status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 6


def test_a_window_offers_all_ends_of_an_entry_and_a_refusal_is_said_in_it(
    alice: User, client: Client
) -> None:
    deal = make_deal(alice, answers={"platform": "site"}, now=timezone.now())
    contacting.record_contact(
        deal, verb="message.received", by=Actor.person(alice), now=timezone.now(), text="Вы где?"
    )
    due = Task.objects.get(deal=deal)
    client.force_login(alice)
    page = client.get(f"/day/deal/{deal.pk}/?task={due.pk}", HTTP_HX_REQUEST="true")
    shown = page.content.decode()
    for way in (
        f"/tasks/{due.pk}/outcome/",
        f"/deals/{deal.pk}/letter/",
        f"/day/deal/{deal.pk}/waive/",
    ):
        assert way in shown
    assert "Вы где?" in shown
    assert client.post(f"/day/deal/{deal.pk}/waive/", HTTP_HX_REQUEST="true").status_code == 204
    assert fresh(deal).unanswered_since is None


def test_a_head_looks_at_a_persons_day_and_changes_nothing_in_it(
    alice: User, bob: User, olga: User, charlie: User, client: Client
) -> None:
    task(alice, "Позвонить в «Ромашку»", timezone.now() - HOUR)
    client.force_login(olga)
    shown = client.get(f"/day/?who={alice.pk}").content.decode()
    assert "Позвонить в «Ромашку»" in shown
    assert "data-ask=" not in shown
    for who in (charlie.pk, "zzz", "9" * 30, "1\x00"):
        assert client.get("/day/", {"who": who}).status_code == 404
    client.force_login(bob)
    assert client.get(f"/day/?who={alice.pk}").status_code == 404


def test_exceptions_are_counted_by_person_and_the_worst_come_first(
    alice: User, bob: User, olga: User, charlie: User
) -> None:
    timezone.activate("Europe/Moscow")
    for hours in (30, 2):
        idle_deal(alice, f"{hours} ч", stage_deadline=NOON - hours * HOUR)
    idle_deal(alice, "Сегодня", stage_deadline=NOON + HOUR)
    idle_deal(bob, "Забыта", next_task_at=None)
    idle_deal(bob, "Ждёт", unanswered_since=NOON - HOUR)
    idle_deal(charlie, "Чужая", next_task_at=None, stage_deadline=NOON - HOUR)
    task(bob, "просрочена", NOON - HOUR)
    counts = {row.user: row.counts for row in team.exceptions(olga, now=NOON)}
    assert counts[alice] == {"late": 2, "ending": 1}
    assert counts[bob] == {"overdue": 1, "forgotten": 1, "unanswered": 1}
    assert charlie not in counts
    assert [row.name for row in team.worst(olga, "late", None, now=NOON)] == ["30 ч", "2 ч"]
    assert [row.name for row in team.worst(olga, "late", bob, now=NOON)] == []
    assert [row.name for row in team.worst(olga, "overdue", bob, now=NOON)] == ["просрочена"]
