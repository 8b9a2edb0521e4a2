"""Reminders: at their minute by the owner's clock, once, whoever looks and however late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm import preferences
from crm.models import Leave, Notice, Task, User
from crm.planning import reminding, tasks, times
from crm.planning.zones import change_zone
from pipelines.actor import Actor
from tests.clauses.steps import fresh
from tests.factories import NOON, UserFactory, make_deal
from tests.faults.threads import at_once

HOUR = timedelta(hours=1)


def plan(owner, *, due_at=NOON + HOUR, **kwargs) -> Task:
    by = Actor.person(owner)
    return tasks.create_task(
        text="Позвонить", due_at=due_at, owner=owner, by=by, now=NOON, **kwargs
    )


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "due", "all_day", "minutes", "expected"),
    [
        # An hour before across the change to summer time (29 March 2026, 02:00 → 03:00 in Berlin) is an hour of time.
        ("Europe/Berlin", "2026-03-29 01:30", False, 60, "2026-03-29 00:30"),
        # «A day before» is a day of time too: 08:30 by the clock where it is due at 09:30.
        ("Europe/Berlin", "2026-03-29 07:30", False, 1440, "2026-03-28 07:30"),
        # A whole day: nine in the morning by the clock, winter and summer; the evening before counts by its own day.
        ("Europe/Berlin", "2026-03-28 22:59", True, 15, "2026-03-28 08:00"),
        ("Europe/Berlin", "2026-03-29 21:59", True, 15, "2026-03-29 07:00"),
        ("Europe/Berlin", "2026-03-29 21:59", True, 1440, "2026-03-28 08:00"),
        # The clocks go back on 25 October: the day lasts an hour longer.
        ("Europe/Berlin", "2026-10-25 22:59", True, 0, "2026-10-25 08:00"),
        ("Europe/Moscow", "2026-03-29 20:59", True, 0, "2026-03-29 06:00"),
        # A leap day by which one counts back, and the last evening of a year.
        ("Europe/Moscow", "2028-03-01 20:59", True, 1440, "2028-02-29 06:00"),
        ("Asia/Vladivostok", "2027-01-01 13:59", True, 1440, "2026-12-30 23:00"),
        # Its minutes have begun when it is set: at its own hour then; nothing where all of it is past.
        ("Europe/Moscow", "2026-03-10 07:10", False, 15, "2026-03-10 07:10"),
        ("Europe/Moscow", "2026-03-10 06:59", False, 0, None),
        ("Europe/Moscow", "2026-03-10 20:59", True, 0, None),
        ("Europe/Moscow", "2026-03-11 07:00", False, None, None),
    ],
)
def test_when_a_reminder_is_due(zone, due, all_day, minutes, expected) -> None:
    owner = UserFactory.build(time_zone=zone)
    found = times.reminder_at(
        at(due), all_day=all_day, minutes=minutes, owner=owner, now=min(at(due), NOON)
        if at(due) < NOON else NOON,
    )  # fmt: skip
    assert found == (at(expected) if expected else None)


def test_a_whole_day_ends_with_its_last_minute_also_where_the_clock_turns_at_midnight() -> None:
    # In Beirut the clocks go back at midnight of 25 October 2026: 23:59 comes twice.
    ends = times.end_of_day(datetime(2026, 10, 24).date(), times.ZoneInfo("Asia/Beirut"))
    assert ends == at("2026-10-24 21:59")


@pytest.mark.django_db
def test_a_reminder_follows_its_task_and_ends_with_it(alice) -> None:
    task = plan(alice, deal=make_deal(alice, name="Ромашка"))
    Task.objects.exclude(pk=task.pk).update(remind_at=None)  # what the regulation planned itself
    assert task.remind_at == NOON + HOUR - timedelta(minutes=15)  # as everybody is used to
    assert reminding.remind_due(task.remind_at - timedelta(minutes=1)) == 0
    assert reminding.remind_due(task.remind_at) == reminding.remind_due(NOON + HOUR) + 1
    notice = Notice.objects.get(user=alice, kind="task.reminder")
    assert notice.text == "11:00 Позвонить (Ромашка)"
    by = Actor.person(alice)
    task = tasks.postpone_task(fresh(task), due_at=NOON + 5 * HOUR, by=by, now=NOON + HOUR)
    assert reminding.remind_due(NOON + 5 * HOUR) == 1
    assert Notice.objects.filter(user=alice, kind="task.reminder").count() == 2
    task = tasks.postpone_task(fresh(task), due_at=NOON + 9 * HOUR, by=by, now=NOON + HOUR)
    tasks.cancel_task(task, by=by, now=NOON + HOUR)
    assert fresh(task).remind_at is None
    assert reminding.remind_due(NOON + 9 * HOUR) == 0


@pytest.mark.django_db
def test_after_an_outage_it_comes_once_and_says_that_it_is_late(alice) -> None:
    plan(alice)
    assert reminding.remind_due(NOON + 6 * HOUR) == 1
    assert reminding.remind_due(NOON + 7 * HOUR) == 0
    said = Notice.objects.get(user=alice, kind="task.reminder").text
    assert "10.03.2026 10:45" in said
    assert "11:00 Позвонить" in said
    assert said != "11:00 Позвонить"


@pytest.mark.django_db
def test_who_wants_no_reminders_gets_none_and_a_deputy_hears_too(alice, bob) -> None:
    preferences.put(alice, "tasks.remind", "none")
    assert plan(alice).remind_at is None
    plan(alice, remind_minutes=5)
    Leave.objects.create(
        user=alice, deputy=bob, starts_at=NOON, ends_at=NOON + 24 * HOUR, created_by=alice,
        created_at=NOON,
    )  # fmt: skip
    reminding.remind_due(NOON + HOUR)
    told = {notice.user: notice.text for notice in Notice.objects.filter(kind="task.reminder")}
    assert set(told) == {alice, bob}
    assert str(alice) in told[bob]


@pytest.mark.django_db(transaction=True)
def test_two_workers_give_one_notice(axelerator, alice) -> None:
    task = plan(alice)
    due = task.remind_at

    # What the claim prevents: both read the task before either has written. The key of the notice holds even so.
    def without_the_claim() -> int:
        seen = list(Task.objects.filter(remind_at__lte=due).select_related("owner", "deal"))
        for row in seen:
            reminding.tell(row, alice, due)
        return len(seen)

    assert at_once(without_the_claim, without_the_claim) == [1, 1]
    assert Notice.objects.filter(kind="task.reminder").count() == 1
    Notice.objects.all().delete()
    found = at_once(*[lambda: reminding.remind_due(due)] * 3)
    assert sorted(found) == [0, 0, 1]
    assert Notice.objects.filter(kind="task.reminder").count() == 1


@pytest.mark.django_db
def test_who_moves_to_another_zone_keeps_his_days_and_the_hours_of_his_calls(alice) -> None:
    User.objects.filter(pk=alice.pk).update(time_zone="Europe/Moscow")
    alice.refresh_from_db()
    deal = make_deal(alice)
    deal.tasks.all().delete()
    day = plan(alice, due_at=at("2026-03-12 20:59"), all_day=True, deal=deal, remind_minutes=15)
    call = plan(alice, due_at=at("2026-03-12 10:00"), remind_minutes=15)
    change_zone(alice, "Asia/Omsk", now=NOON)
    assert (fresh(day).due_at, fresh(day).remind_at) == (
        at("2026-03-12 17:59"),
        at("2026-03-12 03:00"),
    )
    assert fresh(deal).next_task_at == at("2026-03-12 17:59")
    assert (fresh(call).due_at, fresh(call).remind_at) == (call.due_at, call.remind_at)
    # What has been reminded of already is not reminded of again.
    Task.objects.filter(pk=day.pk).update(remind_at=None)
    change_zone(alice, "America/New_York", now=NOON)
    assert fresh(day).remind_at is None
