"""Writes of a batch wait for one another, and nobody can tell by what he reads."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from crm.models import Deal, Tag, Task, User
from pipelines import writes
from pipelines.door import WrongDoor
from tests.clauses.steps import DAY, fresh
from tests.factories import NOON, make_deal


def task(deal: Deal, text: str = "Позвонить") -> Task:
    return Task(text=text, due_at=NOON + DAY, owner=deal.owner, deal=deal, created_at=NOON)


def _insert_and_fail(row: Task) -> None:
    writes.insert(row)
    assert row.deal
    row.deal.attempts = 9
    writes.update(row.deal, "attempts")
    raise ZeroDivisionError


def test_new_rows_of_a_batch_are_one_statement_and_have_their_numbers_at_once(alice: User) -> None:
    deal = make_deal(alice)
    rows = [task(deal, f"Дело {number}") for number in range(5)]
    with CaptureQueriesContext(connection) as captured, transaction.atomic(), writes.gathering():
        for row in rows:
            writes.insert(row)
        numbers = [row.pk for row in rows]
        assert numbers == sorted(numbers)
        assert None not in numbers
    assert sum("INSERT" in query["sql"] for query in captured) == 1
    assert [fresh(row).text for row in rows] == [f"Дело {number}" for number in range(5)]


def test_changes_of_a_row_are_merged_and_rows_changed_alike_are_one_statement(alice: User) -> None:
    deals = [make_deal(alice, name=f"Сделка {n}", phone="", email="") for n in range(3)]
    with CaptureQueriesContext(connection) as captured, transaction.atomic(), writes.gathering():
        for number, deal in enumerate(deals):
            deal.attempts = number + 1
            writes.update(deal, "attempts")
            deal.values = {"niche": f"ниша {number}"}
            deal.last_contact_at = NOON if number else None
            writes.update(deal, "values", "last_contact_at")
    assert sum("UPDATE" in query["sql"] for query in captured) == 1
    found = [
        (fresh(deal).attempts, fresh(deal).values, fresh(deal).last_contact_at) for deal in deals
    ]
    assert found == [
        (1, {"niche": "ниша 0"}, None),
        (2, {"niche": "ниша 1"}, NOON),
        (3, {"niche": "ниша 2"}, NOON),
    ]


def test_whoever_reads_inside_sees_what_waits(alice: User) -> None:
    deal = make_deal(alice)
    with transaction.atomic(), writes.gathering():
        row = task(deal)
        writes.insert(row)
        assert Task.objects.filter(pk=row.pk).exists()


def test_a_savepoint_rolled_back_takes_along_what_waited_in_it_and_nothing_else(
    alice: User,
) -> None:
    deal = make_deal(alice)
    kept, dropped = task(deal, "До"), task(deal, "Внутри")
    with transaction.atomic(), writes.gathering():
        writes.insert(kept)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            _insert_and_fail(dropped)
    assert Task.objects.filter(pk=kept.pk).exists()
    assert not Task.objects.filter(pk=dropped.pk).exists()
    assert fresh(deal).attempts == 0


def test_what_the_database_refuses_is_refused_inside_the_savepoint(db: None) -> None:
    Tag.objects.create(name="важно")
    with transaction.atomic(), writes.gathering():
        with pytest.raises(DatabaseError), transaction.atomic():
            writes.insert(Tag(name="Важно"))
        # The transaction lives on.
        writes.insert(Tag(name="срочно"))
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["важно", "срочно"]


def test_a_transaction_that_was_lost_before_stays_lost(alice: User) -> None:
    deal = make_deal(alice)
    with transaction.atomic(), writes.gathering():
        with transaction.atomic():
            writes.insert(task(deal))
            connection.needs_rollback = True
            with pytest.raises(TransactionManagementError):
                Task.objects.count()
            assert connection.needs_rollback
        assert not Task.objects.filter(deal=deal, text="Позвонить").exists()


def test_a_batch_that_fails_writes_nothing_more(alice: User) -> None:
    deal = make_deal(alice)
    row = task(deal, "Не будет")
    with pytest.raises(ZeroDivisionError), transaction.atomic(), writes.gathering():
        _insert_and_fail(row)
    assert not Task.objects.filter(text="Не будет").exists()


def test_what_is_asked_for_one_deal_is_done_in_its_order(db: None) -> None:
    done: list[tuple[str, list[int]]] = []

    def cancel(items: list[int]) -> None:
        done.append(("cancel", items))

    def arm(items: list[int]) -> None:
        done.append(("arm", items))

    with transaction.atomic(), writes.gathering():
        for deal in (1, 2):
            writes.later(cancel, deal, of=deal)
            writes.later(arm, deal, of=deal)
        # The first deal moves on: its new timers must outlive the cancelling of the old ones.
        writes.later(cancel, 1, of=1)
        writes.later(arm, 1, of=1)
    assert done == [("cancel", [1, 2]), ("arm", [1, 2]), ("cancel", [1]), ("arm", [1])]


def test_the_door_of_a_deal_is_as_shut_in_a_batch(alice: User) -> None:
    deal = make_deal(alice)
    with pytest.raises(WrongDoor), transaction.atomic(), writes.gathering():
        writes.update(deal, "stage")


def test_outside_a_batch_everything_is_written_at_once(alice: User) -> None:
    deal = make_deal(alice)
    done: list[int] = []
    row = task(deal)
    writes.insert(row)
    deal.attempts = 4
    writes.update(deal, "attempts")
    writes.later(done.extend, 7, of=deal.pk)
    assert (fresh(row).text, fresh(deal).attempts, done) == ("Позвонить", 4, [7])
