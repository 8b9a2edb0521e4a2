"""Ten thousand deals changed at once, the guards asked for each: in one process and in two, as Celery's are."""

from __future__ import annotations

import multiprocessing
import time
from typing import Any

from django.db import connection

from crm.batches import running
from crm.batches.verbs import NewRow, start
from crm.models import Batch, Deal, Tag, User
from pipelines import catalog
from pipelines.actor import Actor

COUNT = 10_000
PROCESSES = 2
# The stage of refusals among those of the pipeline, as in the page's own move.
REFUSED = 9


def changes(facts: dict[str, Any]) -> None:
    """Tags put on, and deals refused with their history, guards, task and letter; each on deals of its own."""
    deals = Deal.objects.filter(pipeline__code="leads", status="open").order_by("-pk")
    # A later stage wants a proof of the refusal, and a deal refused by its guard costs less than one closed.
    fresh = list(deals.filter(stage=facts["stages"][0]).values_list("pk", "stage")[:COUNT])
    later = list(deals.exclude(stage=facts["stages"][0]).values_list("pk", "stage")[:COUNT])
    Tag.objects.get_or_create(name="Замер")
    refused = {"to": facts["stages"][REFUSED], "answers": {"refusal_reason": "wrong_address"}}
    works = [
        ("tagged", "deals.tag", {"add": ["Замер"], "remove": []}, later),
        ("refused, task and letter", "deals.close", refused, fresh),
    ]
    for words, code, params, rows in works:
        batch = start(
            code,
            title=words,
            rows=[NewRow(record_id=pk, payload={"seen": stage}) for pk, stage in rows],
            by=Actor.person(User.objects.get(email="head@bench.example")),
            now=facts["now"],
            params=params,
        )
        taken = _carry_out(batch)
        batch = Batch.objects.get(pk=batch.pk)
        print(
            f"{batch.done:,} of {batch.total:,} deals {words}: {taken:.1f} s, {PROCESSES} processes; "
            f"{batch.refused:,} refused",
            flush=True,
        )


def _carry_out(batch: Batch) -> float:
    connection.close()
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        pool.map(_warm_up, range(PROCESSES * 4))
        started = time.perf_counter()
        pool.map(_work, [batch.pk] * PROCESSES, chunksize=1)
        return time.perf_counter() - started


def _warm_up(_number: int) -> None:
    catalog.refresh()


def _work(batch_id: int) -> None:
    while not running.run(batch_id):
        pass
