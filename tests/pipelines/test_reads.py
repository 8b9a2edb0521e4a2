"""What a batch asks of all its deals at once is never older than what was written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from crm.models import Deal, Task, User
from crm.planning import keeping, tasks
from pipelines import reads, writes
from pipelines.actor import SYSTEM
from pipelines.transactions import holding
from tests.clauses.steps import DAY
from tests.factories import NOON, make_deal


@pytest.fixture
def deals(alice: User) -> list[Deal]:
    made = [make_deal(alice, name=f"Сделка {n}", phone="", email="") for n in range(3)]
    Task.objects.all().delete()
    Task.objects.bulk_create(task(deal) for deal in made)
    return made


@pytest.fixture
def batch(deals: list[Deal]) -> Iterator[CaptureQueriesContext]:
    """The deals are held in a batch; what is asked of the database is captured."""
    with (
        transaction.atomic(),
        writes.gathering(),
        reads.together([deal.pk for deal in deals]),
        holding(*deals),
        CaptureQueriesContext(connection) as captured,
    ):
        yield captured


def task(deal: Deal, text: str = "Позвонить") -> Task:
    return Task(text=text, due_at=NOON + DAY, owner=deal.owner, deal=deal, created_at=NOON)


def texts(deal: Deal) -> list[str]:
    return [item.text for item in keeping.open_tasks(deal)]


def test_the_same_question_about_all_deals_is_one_statement(
    deals: list[Deal], batch: CaptureQueriesContext
) -> None:
    assert [texts(deal) for deal in deals] == [["Позвонить"]] * 3
    for deal in deals:
        for found in keeping.open_tasks(deal):
            with holding(found):
                tasks.cancel_task(found, by=SYSTEM, now=NOON)
        assert (texts(deal), deal.next_task_at) == ([], None)
    assert sum('FROM "crm_task"' in query["sql"] for query in batch) == 1


def test_a_new_row_is_seen_and_the_other_deals_are_not_asked_again(
    deals: list[Deal], batch: CaptureQueriesContext
) -> None:
    assert texts(deals[0]) == ["Позвонить"]
    writes.insert(task(deals[0], "Написать"))
    assert [texts(deal) for deal in deals] == [
        ["Позвонить", "Написать"],
        ["Позвонить"],
        ["Позвонить"],
    ]
    assert sum('FROM "crm_task"' in query["sql"] for query in batch) == 2


def test_a_change_by_another_instance_or_by_a_bare_statement_is_seen(
    deals: list[Deal], batch: CaptureQueriesContext
) -> None:
    assert texts(deals[0]) == ["Позвонить"]
    other = Task.objects.get(deal=deals[0])
    other.text = "Зайти"
    writes.update(other, "text")
    assert texts(deals[0]) == ["Зайти"]
    Task.objects.filter(deal=deals[1]).update(text="Ждать")
    assert texts(deals[1]) == ["Ждать"]


def test_what_was_rolled_back_is_not_remembered(
    deals: list[Deal], batch: CaptureQueriesContext
) -> None:
    def go_wrong() -> None:
        writes.insert(task(deals[0], "Лишнее"))
        assert texts(deals[0]) == ["Позвонить", "Лишнее"]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        go_wrong()
    assert texts(deals[0]) == ["Позвонить"]
