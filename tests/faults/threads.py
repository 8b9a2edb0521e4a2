"""Several people at once: threads with connections of their own, let go at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.apps import apps
from django.db import connections

from pipelines import catalog
from pipelines.transactions import is_held

PATIENCE = 30


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """What each job returned, or the exception it raised."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        try:
            start.wait(PATIENCE)
            return job()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def unlocked(after_reading: Callable[[], Any]) -> Callable[..., Any]:
    """`engine.lock` or `lock_to_edit` as it would be without the lock: it reads the row, then lets the others read it."""

    def read_only(deal: Any, *_by: Any) -> Any:
        if is_held(deal):
            return catalog.pipeline(deal.pipeline_id)
        deal.become(apps.get_model("crm.Deal").objects.get(pk=deal.pk))
        after_reading()
        return catalog.pipeline(deal.pipeline_id)

    return read_only
