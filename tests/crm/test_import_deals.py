"""Deals of an import are placed by the one door, chunk by chunk: the same as one by one, in a fraction of the statements."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm import deals
from crm.batches import verbs as batches
from crm.clients import people
from crm.guards.client import _channels
from crm.imports.kind import ImportKind
from crm.models import Batch, Contact, ContactPoint, Deal, Passage, Tag, Task
from pipelines import feed, reads, rules, writes
from pipelines.actor import SYSTEM, Actor
from pipelines.catalog import by_code
from pipelines.models import RuleRun, StageChange, Timer
from pipelines.transactions import remembering
from pipelines.verbs import DEAL_MOVED
from tests.crm.test_import import check, run, take
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db

HEADINGS = "Название;Контакт;Телефон;Компания;Бюджет;Теги\n"


def table(count: int) -> str:
    rows = [
        f"Сделка {n};Клиент {n};+79161{n:06};ООО «Завод {n // 3}»;{1000 + n};{'опт' if n % 2 else ''}"
        for n in range(count)
    ]
    # A second deal of a client made above, one without a client, and one whose tag is written otherwise.
    return HEADINGS + "\n".join([*rows, "Ещё;;+79161000000;;7;", "Одна;;;;;", "Метка;;;;;ОПТ, опт"])


def all_that_came_of(batch: Batch) -> list[Any]:
    """The batch's deals with everything that hangs on them, without numbers and moments."""
    found = []
    for deal in Deal.objects.filter(pk__in=batch.rows.values("record_id")).order_by("name"):
        found.append(
            [
                (
                    deal.name,
                    deal.stage.code,
                    deal.status,
                    deal.budget,
                    deal.owner.email,
                    deal.values,
                ),
                (str(deal.contact), str(deal.company), deal.stage_deadline is None),
                sorted(deal.tags.values_list("name", flat=True)),
                [(row.text, row.kind, row.owner.email) for row in Task.objects.filter(deal=deal)],
                deal.next_task_at is None,
                list(deal.events.order_by("pk").values_list("verb", "rule__code", "cause__verb")),
                sorted(RuleRun.objects.filter(deal=deal).values_list("rule__code", "status")),
                sorted(Timer.objects.filter(deal=deal).values_list("rule__code", "state")),
                StageChange.objects.filter(deal=deal).values_list("to_stage", "event__verb").get(),
                Passage.objects.filter(deal=deal).values_list("to_stage", "first", "owner").get(),
            ]
        )
    return found


def test_deals_placed_together_are_what_they_are_placed_one_by_one(olga, monkeypatch) -> None:
    def carry_out() -> list[Any]:
        batch = run(check(take(olga, table(6), into="deal-leads", name="x.csv")))
        assert (batch.state, batch.refused) == ("done", 0)
        return all_that_came_of(batch)

    with monkeypatch.context() as one_by_one:
        one_by_one.setattr(ImportKind, "gathers", False)
        with transaction.atomic():
            apart = carry_out()
            transaction.set_rollback(True)
    assert len(apart) == 9
    assert carry_out() == apart


def test_a_hundred_deals_cost_less_than_a_statement_each(olga) -> None:
    job = check(take(olga, table(97), into="deal-leads", name="x.csv"))
    with CaptureQueriesContext(connection) as captured:
        batch = run(job)
    assert (batch.done, batch.refused) == (100, 0)
    assert len(captured) < 100
    with CaptureQueriesContext(connection) as captured:
        batches.undo(batch, by=Actor.person(olga), now=timezone.now())
    assert batch.state == "undone"
    assert not Deal.objects.visible_to(olga).exists()
    assert not Task.objects.filter(state="open").exists()
    assert len(captured) < 100


def test_a_refused_deal_leaves_nothing_and_stops_no_other(olga) -> None:
    text = HEADINGS + "Хорошая;Анна;+79161000001;;5;\nХудая;Пётр;+79161000002;;5;\n"
    leads = by_code("leads")
    # A stage that asks for fields which no column gives.
    stage = next(item for item in leads.stages if leads.rules_of("enter", "require", stage_id=item.id))  # fmt: skip
    batch = run(check(take(olga, text, into="deal-leads", name="x.csv", stage=stage.id)))
    assert (batch.done, batch.refused) == (0, 2)
    assert not Deal.objects.exists()
    # The clients, made before their deals were refused, went with them.
    assert not Contact.objects.exists()


def test_a_passage_of_a_deal_placed_after_another_has_moved_is_kept_too(olga) -> None:
    moved = make_deal(olga)
    leads = by_code("leads")
    with transaction.atomic(), writes.gathering():
        event = feed.write(DEAL_MOVED, deal=moved, by=SYSTEM, now=NOON)
        again = StageChange(deal=moved, to_stage_id=leads.stages[1].id, event=event, at=NOON)
        writes.insert(again)
        new = deals.open_deal(pipeline=leads, name="Новая", owner=olga, by=SYSTEM, now=NOON)
    assert Passage.objects.filter(deal=new).count() == 1


def test_a_deal_begun_in_a_batch_is_asked_for_with_the_others_and_a_new_phone_is_seen(olga) -> None:
    leads, by = by_code("leads"), Actor.person(olga)
    with transaction.atomic(), writes.gathering(), reads.together([]), rules.hearing_together():
        made = []
        for n in range(3):
            who = people.create_contact(name=f"Кл {n}", email=f"c{n}@example.com", owner=olga, by=by, now=NOON)  # fmt: skip
            made.append(deals.open_deal(pipeline=leads, name=f"{n}", owner=olga, contact=who, by=SYSTEM, now=NOON))  # fmt: skip
        _channels(made[0])
        with CaptureQueriesContext(connection) as captured:
            assert [_channels(deal) for deal in made] == [["email"]] * 3
        assert not captured.captured_queries
        writes.insert(ContactPoint(contact=made[1].contact, kind="phone", value="+79160000001"))
        assert [_channels(deal) for deal in made] == [["email"], ["email", "phone"], ["email"]]


def test_a_tag_made_in_a_savepoint_that_is_taken_back_is_made_again(olga) -> None:
    leads, now = by_code("leads"), timezone.now()

    def open_tagged(fail: bool) -> Deal:
        deal = deals.open_deal(pipeline=leads, name="С меткой", owner=olga, tags=["новая"], by=SYSTEM, now=now)  # fmt: skip
        if fail:
            raise ZeroDivisionError
        return deal

    with transaction.atomic(), writes.gathering(), remembering():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            open_tagged(fail=True)
        deal = open_tagged(fail=False)
    assert deal.tags.get() == Tag.objects.get(name="новая")
