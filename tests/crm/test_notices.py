"""Notices: who is told of what, once, by which channel, and never of what he may not see."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from crm import contacting, deals, preferences
from crm.intake import taking
from crm.models import Deal, Notice, Task, User
from crm.notices import forget_old, kinds, notify
from crm.notices.hearing import gathering
from crm.planning import tasks
from notifications.models import Message
from pipelines import engine
from pipelines.actor import SYSTEM, Actor
from tests.factories import NOON, make_deal

pytestmark = pytest.mark.django_db


def told(user: User) -> list[tuple[str, str]]:
    return list(user.notices.order_by("pk").values_list("kind", "text"))


def test_a_deal_given_by_a_colleague_is_told_to_its_new_responsible_alone(
    alice: User, bob: User
) -> None:
    deal = make_deal(alice)
    deals.assign_deal(deal, owner=bob, by=Actor.person(alice), now=NOON)
    assert told(bob) == [
        (kinds.DEAL_ASSIGNED, "Вам передана сделка «Базовое внедрение» (Алиса Белова)")
    ]
    assert bob.notices.get().url == f"/deals/{deal.pk}/"
    assert told(alice) == []


def test_a_task_of_a_colleague_is_told_and_ones_own_is_not(alice: User, bob: User) -> None:
    deal = make_deal(alice)
    for owner in (alice, bob):
        tasks.create_task(
            text="Позвонить",
            due_at=NOON + timedelta(days=1),
            owner=owner,
            deal=deal,
            by=Actor.person(alice),
            now=NOON,
        )
    assert told(alice) == []
    assert [kind for kind, _text in told(bob)] == [kinds.TASK_ASSIGNED]
    task = Task.objects.get(owner=bob)
    tasks.edit_task(
        task,
        text="Позвонить завтра",
        due_at=task.due_at,
        kind=task.kind,
        owner=bob,
        by=Actor.person(alice),
        now=NOON,
        revision=task.revision,
    )
    assert bob.notices.count() == 1, "whose task it is did not change"


def test_one_request_is_one_notice_and_a_second_message_another(
    alice: User, bob: User, olga: User, charlie: User
) -> None:
    for user in (bob, olga, charlie):
        user.is_active = user == olga
        user.save()
    arrived = taking.message("telegram", "@lead", "Сколько стоит?", now=NOON, playbook="axelerator")
    deal = arrived.deal
    assert isinstance(deal, Deal)
    owner = deal.owner
    assert [kind for kind, _text in told(owner)] == [kinds.DEAL_ASSIGNED]
    later = NOON + timedelta(minutes=5)
    taking.message("telegram", "@lead", "Ау?", now=later, playbook="axelerator")
    assert told(owner)[1] == (kinds.MESSAGE_INCOMING, f"{deal.name}: Ау?")
    # PZ-3.4: his head, who may be told of requests, and nobody else of another's.
    assert owner == alice
    assert [kind for kind, _text in told(olga)] == [kinds.REQUEST_NEW]
    assert told(charlie) == told(bob) == []


def test_a_head_whose_role_lost_the_right_is_not_told_of_requests(alice: User, olga: User) -> None:
    olga.groups.get(name="head").permissions.all().delete()
    taking.message("telegram", "@lead", "Сколько стоит?", now=NOON, playbook="axelerator")
    assert kinds.REQUEST_NEW not in dict(told(olga))


def test_what_is_switched_off_gives_none_and_what_is_wanted_by_mail_a_letter(alice: User) -> None:
    kinds.choose(alice, {kinds.WARNING: {"bell": False, "mail": False}})
    assert notify(alice, kinds.WARNING, text="Скоро срок", now=NOON) is None
    kinds.choose(alice, {kinds.WARNING: {"bell": True, "mail": True}})
    for _twice in range(2):
        notify(alice, kinds.WARNING, text="Скоро срок", url="/deals/1/", now=NOON, key="limit:1")
    assert alice.notices.count() == 1
    letter = Message.objects.get(to=alice.email)
    assert "Скоро срок" in letter.text
    assert "/deals/1/" in letter.text
    assert preferences.get(alice, kinds.PREFERENCE) == {kinds.WARNING: {"mail": True}}


def test_a_preference_nobody_understands_is_the_default(alice: User) -> None:
    given: list[Any] = [[], "x", {kinds.WARNING: 5}, {kinds.WARNING: {"bell": "no"}}]
    for nonsense in given:
        alice.chosen = {kinds.PREFERENCE: nonsense}
        assert kinds.wants(alice, kinds.WARNING, "bell")


def test_many_deals_given_by_a_batch_are_one_notice_and_what_it_took_back_is_none(
    alice: User, bob: User, charlie: User
) -> None:
    given = [make_deal(alice, phone="", email="", name=f"Сделка {n}") for n in range(7)]
    with transaction.atomic(), gathering("batch:1"):
        for deal in given:
            deals.assign_deal(deal, owner=bob, by=SYSTEM, now=NOON)
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            deals.assign_deal(given[0], owner=charlie, by=SYSTEM, now=NOON)
            raise ZeroDivisionError
    assert [text for _kind, text in told(bob)] == ["Мне передали сделку: сразу много"]
    assert told(charlie) == []


def test_a_deed_taken_back_tells_nobody(alice: User, bob: User) -> None:
    deal = make_deal(alice)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        deals.assign_deal(deal, owner=bob, by=SYSTEM, now=NOON)
        raise ZeroDivisionError
    assert Notice.objects.count() == 0


def test_notices_older_than_ninety_days_are_forgotten(alice: User) -> None:
    notify(alice, kinds.WARNING, text="старое", now=NOON - timedelta(days=91))
    notify(alice, kinds.WARNING, text="новое", now=NOON)
    assert forget_old(NOON) == 1
    assert [text for _kind, text in told(alice)] == ["новое"]


def test_a_client_who_writes_outside_a_deal_is_told_of_to_who_answers_for_him(
    alice: User, bob: User
) -> None:
    contact = make_deal(alice).contact
    assert contact is not None
    engine.record(contacting.CALL_MISSED, contact=contact, by=Actor.person(bob), now=NOON, data={})
    assert alice.notices.get().url == f"/contacts/{contact.pk}/"
    contact.owner = None
    contact.save()
    engine.record(contacting.CALL_MISSED, contact=contact, by=SYSTEM, now=NOON, data={})
    assert alice.notices.count() == 1
