"""Two at once at one violation: one excuse stands, one breach is recorded."""

from __future__ import annotations

import pytest
from django.utils import timezone

from crm.models import Deal, User
from crm.registers import violations
from pipelines.actor import SYSTEM, Actor
from pipelines.models import Event, Violation
from pipelines.violations import AlreadyExcused, record
from tests.factories import make_deal
from tests.faults.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def breach(deal: Deal, culprit: User) -> Violation | None:
    return record(
        deal,
        clause="AX-2.1",
        culprit=culprit,
        occasion="test",
        text="Не перезвонили",
        by=SYSTEM,
        now=timezone.now(),
    )


def test_two_heads_who_excuse_at_once_excuse_once(
    alice: User, olga: User, administrator: User
) -> None:
    found = breach(make_deal(alice), alice)
    assert found is not None

    def excuse(user: User) -> str:
        try:
            violations.excuse(
                Violation.objects.get(pk=found.pk),
                text=f"Сняла {user}",
                by=Actor.person(User.objects.get(pk=user.pk)),
                now=timezone.now(),
            )
        except AlreadyExcused:
            return "already"
        return "excused"

    results = at_once(lambda: excuse(olga), lambda: excuse(administrator))
    assert sorted(results) == ["already", "excused"]
    [told] = Event.objects.filter(verb="violation.excused")
    kept = Violation.objects.get()
    assert kept.excuse == told.data["text"]
    assert kept.excused_by_id == told.actor_id


def test_a_breach_found_by_two_at_once_is_one(alice: User) -> None:
    deal = make_deal(alice)

    def find() -> bool:
        return breach(Deal.objects.get(pk=deal.pk), alice) is not None

    assert sorted(at_once(find, find)) == [False, True]
    assert Violation.objects.count() == 1
    assert Event.objects.filter(verb="violation.recorded").count() == 1
