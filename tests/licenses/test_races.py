"""Several at once, in real threads on PostgreSQL: a countdown by two workers, a payment during a tick, two renewals."""

from __future__ import annotations

from collections import Counter
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from crm.models import Deal, Task, User
from licenses import verbs
from licenses.models import Licence, Period
from notifications.models import Message
from pipelines import engine
from pipelines.actor import SYSTEM, Actor
from pipelines.models import RuleRun, Timer
from tests.clauses.steps import DAY, fresh
from tests.factories import NOON
from tests.faults.threads import PATIENCE, at_once, unlocked
from tests.licenses.steps import (
    END,
    before_end,
    licence_of,
    make_licence,
    midnight,
    reminders,
    renew,
    stage_of,
    tick,
    type_expiry,
)

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(results: list[Any]) -> Counter:
    return Counter(type(result).__name__ for result in results)


@pytest.mark.clause("AX-LIC8b")
def test_two_workers_end_the_countdown_of_the_same_licence_once(alice: User) -> None:
    deal = make_licence(alice)
    results = at_once(*[lambda: tick(before_end(30), limit=1)] * 4)
    assert kinds(results) == {"int": 4}
    tick(before_end(30))
    assert (stage_of(deal), reminders(deal)) == ("days_30", ["ask_renewal", "licence_30_days"])
    assert Timer.objects.filter(deal=deal, state="fired").count() == 1


@pytest.mark.clause("AX-LIC8b")
def test_two_workers_share_many_licences_and_both_thresholds(alice: User) -> None:
    found = [make_licence(alice, email=f"c{n}@example.com", phone="") for n in range(12)]
    at_once(*[lambda: tick(before_end(5), limit=3)] * 3)
    tick(before_end(5))
    for deal in found:
        assert reminders(deal) == ["ask_renewal", "send_invoice", "licence_7_days"]
        assert stage_of(deal) == "days_7"
    assert not RuleRun.objects.filter(status__in=("failed", "looped")).exists()


@pytest.mark.clause("AX-LIC8b")
def test_a_countdown_without_its_locks_is_still_one_reminder(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The unique run of a rule holds where the lock does not: each worker is handed the same due timer."""
    from pipelines import firing, timers

    deal, both_have_read = make_licence(alice), Barrier(2)

    def claim(now: Any, limit: int, deal: Any = None) -> list[Timer]:
        due = list(
            Timer.objects.filter(state="armed", due_at__lte=now).select_related(
                "deal__owner", "deal__contact", "deal__licence"
            )
        )
        both_have_read.wait(PATIENCE)
        return due

    with monkeypatch.context() as patch:
        patch.setattr(timers, "claim", claim)
        results = at_once(*[lambda: firing.fire_due(before_end(30))] * 2)
    assert "int" in kinds(results)
    assert reminders(deal) == ["ask_renewal", "licence_30_days"]


@pytest.mark.clause("AX-LIC12")
def test_a_renewal_during_the_countdown_leaves_one_truth(alice: User) -> None:
    for _time in range(4):
        deal = make_licence(alice, email="", phone="")
        results = at_once(
            lambda deal=deal: tick(before_end(7)),
            lambda deal=deal: renew(fresh(deal), now=before_end(7)),
        )
        assert kinds(results) == {"int": 1, "Licence": 1}, results
        tick(before_end(7))
        licence = licence_of(deal)
        assert (stage_of(deal), licence.state) == ("running", "renewed")
        assert str(licence.expires_on) == "2028-03-10"
        assert not Task.objects.open().filter(deal=deal).exists()
        armed = Timer.objects.filter(deal=deal, state="armed")
        assert all("2028-03-10" in timer.occasion for timer in armed)
        assert armed.count() == 3


def two_renewals(deal: Deal, olga: User) -> list[Any]:
    revision = licence_of(deal).revision
    mine, hers = fresh(deal), fresh(deal)
    return at_once(
        lambda: renew(mine, now=before_end(5), revision=revision),
        lambda: verbs.renew_licence(
            hers,
            paid_on=before_end(5).date(),
            months=12,
            by=Actor.person(olga),
            now=before_end(5),
            revision=revision,
        ),
    )


@pytest.mark.clause("AX-LIC12")
def test_two_renewals_at_once_are_one(
    alice: User, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without the lock both find the same last period; the database lets one of them follow it.
    deal, both_have_read = make_licence(alice), Barrier(2)
    with monkeypatch.context() as patch:
        patch.setattr(engine, "lock", unlocked(lambda: both_have_read.wait(PATIENCE)))
        assert kinds(two_renewals(deal, olga)) == {"Licence": 1, "IntegrityError": 1}
    assert Period.objects.filter(licence__deal=deal).count() == 2

    # With it the second is told that the licence was changed.
    deal = make_licence(alice, email="", phone="")
    assert kinds(two_renewals(deal, olga)) == {"Licence": 1, "LicenceChanged": 1}
    assert Period.objects.filter(licence__deal=deal).count() == 2
    assert str(licence_of(deal).expires_on) == "2028-03-10"


@pytest.mark.clause("AX-LIC2")
def test_a_licence_opened_by_several_at_once_is_one(alice: User) -> None:
    deal = make_licence(alice, ends=None)
    Period.objects.all().delete()
    Licence.objects.all().delete()
    results = at_once(*[lambda: verbs.open_licence(fresh(deal), by=SYSTEM, now=NOON)] * 3)
    assert kinds(results) == {"Licence": 3}
    assert (Licence.objects.count(), Period.objects.count()) == (1, 1)


@pytest.mark.clause("AX-LIC8b")
def test_an_end_changed_during_the_tick_is_reminded_of_once(alice: User) -> None:
    """The tick passes over a deal that somebody holds; whichever comes first, the reminder goes once a date."""
    for _time in range(4):
        deal = make_licence(alice, email="", phone="")
        at_once(
            lambda deal=deal: tick(before_end(30)),
            lambda deal=deal: type_expiry(fresh(deal), END.replace(month=9), now=before_end(30)),
        )
        tick(before_end(30))
        assert stage_of(deal) == "running"
        assert reminders(deal) in ([], ["ask_renewal"])
        tick(midnight(END.replace(month=9)) - 30 * DAY)
        assert stage_of(deal) == "days_30"


def test_a_tick_costs_few_statements_a_licence(alice: User) -> None:
    from django.test.utils import CaptureQueriesContext

    def statements(number: int) -> int:
        for n in range(number):
            make_licence(alice, email=f"q{number}-{n}@example.com", phone="")
        with CaptureQueriesContext(connection) as seen:
            assert engine.fire_due(before_end(30), limit=100) == number
        return len(seen)

    one, eleven = statements(1), statements(11)
    each = (eleven - one) / 10
    assert each <= 11
    assert Message.objects.count() == 12
