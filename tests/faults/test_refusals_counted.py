"""Refusals are counted though the refused transaction is rolled back, with real commits and rollbacks."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.test import Client

from crm.models import User
from crm.planning import tasks
from pipelines import engine
from pipelines.actor import Actor
from pipelines.errors import MoveRefused
from pipelines.models import LoggedRefusal, Reading, Regulation
from tests.clauses.steps import at_stage
from tests.factories import NOON, make_deal
from tests.faults.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def counted(clause: str) -> int:
    return LoggedRefusal.objects.filter(clause=clause).count()


def test_a_refused_move_leaves_its_count_and_nothing_else(alice: User) -> None:
    deal = make_deal(alice)
    with pytest.raises(MoveRefused):
        engine.move(deal, to="taken", by=Actor.person(alice), now=NOON)
    assert counted("AX-1.2a") == 1
    row = LoggedRefusal.objects.get()
    assert (row.deal_id, row.by, row.at) == (deal.pk, alice, NOON)


def test_an_outcome_refused_inside_is_counted_once(alice: User, olga: User) -> None:
    task = at_stage(alice, "refused").tasks.get(kind="control", state="open")
    with pytest.raises(MoveRefused):
        tasks.choose_outcome(
            task, "closing_confirmed", by=Actor.person(alice), now=NOON, answers={}
        )
    assert counted("AX-9.9") == 1


def test_a_request_counts_what_its_own_transaction_lost(alice: User, olga: User) -> None:
    task = at_stage(alice, "refused").tasks.get(kind="control", state="open")
    client = Client()
    client.force_login(alice)
    for times in (1, 2):
        client.post(f"/tasks/{task.pk}/outcome/closing_confirmed/", {"revision": task.revision})
        assert counted("AX-9.9") == times


def test_code_with_a_transaction_of_its_own_around_it_is_not_counted(alice: User) -> None:
    deal = make_deal(alice)
    with pytest.raises(MoveRefused), transaction.atomic():
        engine.move(deal, to="taken", by=Actor.person(alice), now=NOON)
    assert counted("AX-1.2a") == 0


def test_said_twice_at_once_an_edition_is_read_once(alice: User) -> None:
    from crm.registers import regulations

    regulation = Regulation.objects.get(playbook="axelerator")

    def confirm() -> None:
        regulations.confirm_reading(regulation, user=alice, edition=regulation.edition, now=NOON)

    assert at_once(confirm, confirm) == [None, None]
    assert Reading.objects.filter(user=alice).count() == 1
