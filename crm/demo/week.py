"""What the people of the demo planned besides their deals: a few tasks of each kind, and a leave with its deputy."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from crm.leaves.verbs import enter_leave
from crm.models import Task, User
from crm.planning import tasks
from crm.planning.times import zone_of
from pipelines.actor import Actor

# Days from today, the hour (none: all day), kind, minutes, words.
PLANS = (
    (0, None, Task.Kind.DOCUMENT, None, "Сверить счета за месяц"),
    (0, 16, Task.Kind.MEETING, 45, "Планёрка отдела"),
    (1, 9, Task.Kind.MEETING, 30, "Разбор звонков с наставником"),
    (1, 15, Task.Kind.CALL, 30, "Перезвонить тем, кто не ответил на прошлой неделе"),
    (2, None, Task.Kind.OTHER, None, "Обновить прайс-лист в рассылках"),
    (3, 11, Task.Kind.LETTER, 60, "Письмо спящим клиентам"),
)


def plan_week(managers: list[User], *, now: datetime) -> None:
    """The same week for each manager; the last of them is away, and the one before him stands in."""
    for manager in managers:
        local = timezone.localtime(now, zone_of(manager))
        for days, hour, kind, minutes, text in PLANS:
            day = local + timedelta(days=days)
            tasks.create_task(
                text=text,
                kind=kind,
                due_at=day.replace(hour=hour or 12, minute=0, second=0, microsecond=0),
                all_day=hour is None,
                minutes=minutes,
                owner=manager,
                by=Actor.person(manager),
                now=now,
            )
    deputy, away = managers[-2:]
    today = timezone.localdate(now, zone_of(away))
    enter_leave(
        user=away,
        deputy=deputy,
        first_day=today,
        last_day=today + timedelta(days=9),
        by=Actor.person(away),
        now=now,
    )
