"""A batch shared by workers, one of which is killed: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import subprocess
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from crm.batches import running, verbs
from crm.batches.verbs import NewRow
from crm.models import Batch, Deal, User
from pipelines.actor import Actor
from pipelines.models import Event
from tests.factories import make_deal
from tests.faults.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = 300


@pytest.fixture
def batch(alice: User, monkeypatch: pytest.MonkeyPatch) -> Batch:
    """A tag for many deals, left to the workers."""
    make_deal(alice)
    columns = ", ".join(
        f'"{field.column}"' for field in Deal._meta.concrete_fields if not field.primary_key
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO crm_deal ({columns}) SELECT {columns} FROM crm_deal, generate_series(2, %s)",
            [NUMBER],
        )
    monkeypatch.setattr(verbs, "FOREGROUND", 0)
    rows = [NewRow(record_id=pk) for pk in Deal.objects.order_by("pk").values_list("pk", flat=True)]
    params = {"add": ["тендер"], "remove": []}
    by, now = Actor.person(alice), timezone.now()
    return verbs.start("deals.tag", title="Теги", rows=rows, params=params, by=by, now=now)


def test_a_form_sent_twice_at_once_is_one_batch(alice: User) -> None:
    rows = [NewRow(record_id=make_deal(alice).pk)]
    asked = {"title": "Теги", "rows": rows, "params": {"add": ["x"], "remove": []}, "key": "form"}
    by, now = Actor.person(alice), timezone.now()
    once, twice = at_once(*[lambda: verbs.start("deals.tag", by=by, now=now, **asked)] * 2)
    assert once == twice
    assert Batch.objects.count() == 1


def check_done_once(batch: Batch) -> None:
    batch.reread()
    assert (batch.state, batch.done, batch.refused) == ("done", NUMBER, 0)
    told = Event.objects.filter(verb="deal.tagged").values_list("deal", flat=True)
    assert sorted(told) == sorted(Deal.objects.values_list("pk", flat=True))


def test_two_workers_share_a_batch(batch: Batch) -> None:
    results = at_once(lambda: running.run(batch.pk), lambda: running.run(batch.pk))
    assert results == [True, True]
    check_done_once(batch)


def test_what_a_killed_worker_left_is_done_by_another(
    worker: subprocess.Popen[bytes], batch: Batch
) -> None:
    while not batch.done:
        batch.reread()
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    # Whatever it was in the middle of, another worker's sweep goes on with half a minute later: as soon as the database
    # has noticed, too.
    while batch.is_active:
        running.resume(timezone.now() + timedelta(minutes=1))
        batch.reread()
    check_done_once(batch)
