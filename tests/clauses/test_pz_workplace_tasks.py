"""PZ-4.3: tasks as a list and as a calendar by day, week and month; created, filtered, dragged to another time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Task
from tests.clauses.steps import at_stage, call_task, fresh

pytestmark = [pytest.mark.django_db, pytest.mark.clause("PZ-4.3")]


def test_tasks_are_listed_filtered_made_and_dragged(client, alice, bob, olga) -> None:
    client.force_login(alice)
    now = timezone.localtime()
    tomorrow = (now + timedelta(days=1)).replace(hour=15, minute=0, second=0, microsecond=0)
    at = tomorrow.strftime("%Y-%m-%dT%H:%M")
    # A click into the calendar says the time.
    assert at in client.get(f"/tasks/new/?at={at}").content.decode()
    new = {"text": "Показать демо", "kind": "meeting", "due_at": at, "remind_minutes": "30"}
    assert client.post("/tasks/new/", new).status_code == 302
    task = Task.objects.get(text="Показать демо")
    assert "Показать демо" in client.get("/tasks/?type=meeting&due=tomorrow").content.decode()
    assert "Показать демо" not in client.get("/tasks/?type=call").content.decode()

    def feed(days: int) -> dict:
        """What the calendar draws of as many days from today."""
        first = f"{now:%Y-%m-%d}T00:00"
        last = f"{now + timedelta(days=days):%Y-%m-%d}T00:00"
        answer = client.get("/tasks/calendar/feed/", {"start": first, "end": last})
        return {event["id"]: event for event in answer.json()["events"] if "id" in event}

    assert client.get("/tasks/calendar/?view=month").status_code == 200
    assert str(task.pk) not in feed(1)
    assert feed(7)[str(task.pk)]["start"] == feed(31)[str(task.pk)]["start"] == at
    drag = f"/tasks/{task.pk}/drag/"
    later = at.replace("T15:00", "T17:30")
    put = {"start": later, "end": at.replace("T15:00", "T19:00"), "revision": task.revision}
    assert client.post(drag, put).status_code == 200
    event = feed(7)[str(task.pk)]
    assert (event["start"], event["end"]) == (later, put["end"])
    assert client.post(drag, put).status_code == 422  # seen before it was moved
    day = later[:10]
    assert client.post(drag, {"start": day}).status_code == 200
    assert feed(7)[str(task.pk)]["allDay"]
    task = fresh(task)
    assert (task.all_day, str(task.due_day)) == (True, day)
    assert task.remind_at == tomorrow.replace(hour=9)
    for nonsense in ("", "вчера", "\x00", "99999-01-01", "2026-13-45T10:00"):
        assert client.post(drag, {"start": nonsense}).status_code == 422
    client.force_login(bob)
    assert client.post(drag, {"start": later}).status_code == 404
    assert feed(7) == {}
    client.force_login(olga)
    assert "Показать демо" in client.get(f"/tasks/?owner={alice.pk}").content.decode()


def test_what_the_regulation_keeps_stays_where_it_is(client, alice) -> None:
    deal = at_stage(alice, "kp_sent", now=timezone.now())
    task = call_task(deal, now=timezone.now())
    client.force_login(alice)
    Task.objects.filter(pk=task.pk).update(state="done")
    answer = client.post(f"/tasks/{task.pk}/drag/", {"start": "2030-01-01"})
    assert (answer.status_code, bool(answer.json()["said"])) == (409, True)
    assert fresh(task).due_at == task.due_at


def test_the_calendar_alone_may_write_styles_and_asks_for_no_more_than_it_can_draw(
    client, alice
) -> None:
    client.force_login(alice)
    page = client.get("/tasks/calendar/")
    nonce = page.headers["Content-Security-Policy"].split("'nonce-")[1].split("'")[0]
    assert f'<meta name="csp-nonce" content="{nonce}">' in page.content.decode()
    assert "nonce-" not in client.get("/tasks/").headers["Content-Security-Policy"]
    for start, end in (("2026-01-01T00:00", "2027-01-01T00:00"), ("x", "y"), ("2026-01-02T00:00", "2026-01-01T00:00")):  # fmt: skip
        assert client.get("/tasks/calendar/feed/", {"start": start, "end": end}).status_code == 400
    # New Year's holidays and nights are shaded by the schedule.
    week = {"start": "2026-12-28T00:00", "end": "2027-01-04T00:00"}
    off = [
        event
        for event in client.get("/tasks/calendar/feed/", week).json()["events"]
        if "id" not in event
    ]
    assert any(event["allDay"] and event["start"] == "2027-01-01" for event in off)
    assert any(event["end"] == "2026-12-29T09:00" for event in off)
