"""The morning letter about overdue tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.models import Deal, User
from crm.notices import digest, kinds
from crm.planning import tasks
from notifications.models import Message
from pipelines.actor import Actor
from tests.factories import make_deal

pytestmark = pytest.mark.django_db

# A Tuesday.
NINE_IN_MOSCOW = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)


@pytest.fixture
def late(alice: User) -> User:
    """Alice with two overdue tasks and one that is not."""
    now = NINE_IN_MOSCOW - timedelta(days=3)
    deal = make_deal(alice, now=now, name="Ромашка <ООО>")
    for text, due in (("Позвонить", 1), ("Отправить счёт", 2), ("Спросить", 9)):
        due_at = now + timedelta(days=due)
        by = Actor.person(alice)
        tasks.create_task(text=text, due_at=due_at, owner=alice, deal=deal, by=by, now=now)
    return alice


def letters(user: User) -> list[Message]:
    return list(Message.objects.filter(to=user.email).order_by("pk"))


def test_overdue_tasks_are_written_of_once_a_day(late: User, bob: User) -> None:
    for minutes in (0, 5, 90):
        digest.send_due(NINE_IN_MOSCOW + timedelta(minutes=minutes))
    [letter] = letters(late)
    # With that of the regulation: the first call.
    assert letter.subject == "3 просроченные задачи"
    assert "Позвонить" in letter.text
    assert "Спросить" not in letter.text
    assert "Ромашка &lt;ООО&gt;" in letter.html
    assert f"/deals/{Deal.objects.get(owner=late).pk}/" in letter.html
    digest.send_due(NINE_IN_MOSCOW + timedelta(days=1))
    assert len(letters(late)) == 2
    assert letters(bob) == [], "who has nothing overdue gets nothing"


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/Moscow", NINE_IN_MOSCOW - timedelta(minutes=5)),
        ("Europe/Moscow", NINE_IN_MOSCOW + timedelta(hours=3)),
        # A Saturday, and the state's holiday.
        ("Europe/Moscow", NINE_IN_MOSCOW + timedelta(days=4)),
        ("Europe/Moscow", datetime(2026, 5, 1, 6, 0, tzinfo=UTC)),
        # Nine in Moscow is late in Vladivostok.
        ("Asia/Vladivostok", NINE_IN_MOSCOW),
    ],
)
def test_it_comes_in_the_morning_of_a_working_day_of_ones_own(
    late: User, zone: str, at: datetime
) -> None:
    late.time_zone = zone
    late.save()
    digest.send_due(at)
    assert letters(late) == []


def test_who_does_not_want_it_gets_none(late: User) -> None:
    kinds.choose(late, {kinds.DIGEST: {"mail": False}})
    digest.send_due(NINE_IN_MOSCOW)
    assert letters(late) == []
