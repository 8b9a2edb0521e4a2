"""Requests and managers at the same moment: one contact, one deal, one manager."""

from __future__ import annotations

from typing import Any

import pytest

from crm.clients import verbs as clients
from crm.intake import distribution, duplicates
from crm.intake import taking as intake
from crm.models import ClientRule, Contact, Deal, IntakeRule, IntakeSource, User
from pipelines import catalog
from pipelines.actor import Actor
from pipelines.models import Event
from tests.factories import NOON, make_deal
from tests.faults.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+375291112233"


def call(**kwargs: Any) -> intake.Arrived:
    return intake.call(NUMBER, **{"answered": False, "now": NOON} | kwargs)


def counts() -> tuple[int, int]:
    return Contact.objects.count(), Deal.objects.count()


def without_locks(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    """Both look for the client before either has written him."""
    from threading import Barrier

    looked, find = Barrier(threads), duplicates.find

    def slow(keys: duplicates.Keys) -> duplicates.Known:
        found = find(keys)
        looked.wait(30)
        return found

    monkeypatch.setattr(duplicates, "lock", lambda *keys: None)
    monkeypatch.setattr(duplicates, "find", slow)


def test_without_the_lock_two_calls_of_a_stranger_make_two_deals(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch, 2)
    at_once(lambda: call(outside_id="1"), lambda: call(outside_id="2"))
    assert counts() == (2, 2)


def test_two_calls_of_a_stranger_at_once_make_one_contact_and_one_deal(alice: User) -> None:
    results = at_once(*[lambda number=n: call(outside_id=str(number)) for n in range(4)])
    assert {arrived.deal.pk for arrived in results} == {Deal.objects.get().pk}
    assert sum(arrived.is_new for arrived in results) == 1
    assert counts() == (1, 1)
    assert Event.objects.filter(verb="call.missed").count() == 4


def test_one_call_delivered_by_several_workers_at_once_is_one_call(alice: User) -> None:
    results = at_once(*[lambda: call(outside_id="1")] * 4)
    assert sorted(arrived.is_repeated for arrived in results) == [False, True, True, True]
    assert counts() == (1, 1)
    assert Event.objects.filter(verb="call.missed").count() == 1


def test_without_the_lock_the_constraint_still_keeps_one(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch, 2)
    results = at_once(lambda: call(outside_id="1"), lambda: call(outside_id="1"))
    assert sorted(arrived.is_repeated for arrived in results) == [False, True]
    assert counts() == (1, 1)


def test_a_call_and_a_form_of_one_client_at_once_make_one_deal(alice: User) -> None:
    site = IntakeSource.objects.create(
        code="site", name="Сайт", playbook="axelerator", kinds=["forms"]
    )
    results = at_once(
        lambda: call(outside_id="1"),
        lambda: intake.form(
            phone=NUMBER, email="ira@example.com", outside_id="1", source=site, now=NOON
        ),
        lambda: intake.message("whatsapp", NUMBER, "Здравствуйте", outside_id="1", now=NOON),
    )
    assert not [found for found in results if isinstance(found, Exception)]
    assert counts() == (1, 1)


def test_in_turn_many_at_once_give_everybody_the_same(
    alice: User, bob: User, charlie: User
) -> None:
    IntakeRule.objects.filter(kind="calls").update(distribute="in_turn")
    at_once(
        *[
            lambda digit=n: intake.call(f"+37529111220{digit}", answered=False, now=NOON)
            for n in range(6)
        ]
    )
    shares = [Deal.objects.filter(owner=person).count() for person in (alice, bob, charlie)]
    assert shares == [2, 2, 2]


def test_the_turn_is_taken_by_two_at_once_one_after_the_other(alice: User, bob: User) -> None:
    from django.db import transaction

    def pick() -> User:
        with transaction.atomic():
            return distribution.pick("manager", playbook="axelerator", now=NOON, way="in_turn")

    assert set(at_once(pick, pick)) == {alice, bob}


def test_of_two_managers_with_one_new_client_at_once_one_is_told(alice: User, bob: User) -> None:
    from django.db import transaction

    ClientRule.objects.create(playbook="axelerator", one_manager="AX-L6")
    catalog.refresh()

    def open_deal(owner: User) -> Deal:
        with transaction.atomic():
            return make_deal(owner)

    results = at_once(lambda: open_deal(alice), lambda: open_deal(bob))
    told = [found for found in results if isinstance(found, duplicates.ClientTaken)]
    opened = [found for found in results if isinstance(found, Deal)]
    assert (len(told), len(opened)) == (1, 1)
    assert str(opened[0].owner) in str(told[0])
    assert counts() == (1, 1)


def test_a_phone_added_by_hand_and_the_same_phone_arriving_do_not_wait_for_each_other(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take the phone before the contact: whoever has the contact never waits for the phone."""
    ClientRule.objects.create(playbook="axelerator", one_manager="AX-L6")
    catalog.forget()
    contact = make_deal(alice, phone="+375 29 000-00-00").contact
    by = Actor.person(alice)

    def added() -> Any:
        return clients.add_point(contact, kind="phone", value=NUMBER, by=by, now=NOON)

    def arrived() -> Any:
        return intake.form(phone=NUMBER, email="lead@example.com", now=NOON, outside_id="1")

    found = at_once(added, arrived, added, arrived)
    assert [result for result in found if isinstance(result, Exception)] == []
    assert contact.points.filter(value=NUMBER).count() == 1
    assert counts() == (1, 1)


def test_the_phone_is_taken_before_the_contact(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = make_deal(alice).contact
    taken: list[str] = []
    row, keys = clients.lock, duplicates.lock
    monkeypatch.setattr(clients, "lock", lambda record: (taken.append("row"), row(record)))
    monkeypatch.setattr(duplicates, "lock", lambda *what: (taken.append("keys"), keys(*what)))
    clients.add_point(contact, kind="phone", value=NUMBER, by=Actor.person(alice), now=NOON)
    assert taken[:2] == ["keys", "row"]
