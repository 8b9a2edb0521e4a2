"""Filling in the fields of a locked deal: by its rules, into its feed, with the timers that count from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction

from pipelines import asking, catalog, timers
from pipelines.actor import Actor
from pipelines.context import Context
from pipelines.errors import RegulationError
from pipelines.recording import record
from pipelines.verbs import FIELD_CHANGED


def change_fields(
    deal: Any, answers: dict[str, Any], *, by: Actor, now: datetime
) -> dict[str, list[Any]]:
    """Fill fields of a locked deal, save and record; returns {code: [before, after]}. Errors: BadAnswer."""
    with keeping_to_the_rules(deal, by=by, now=now):
        changes = deal.fill(answers, by=by, now=now)
    if changes:
        deal.save(update_fields=deal.filled_columns)
        date_changed(deal, changes, now=now)
        record(FIELD_CHANGED, deal=deal, by=by, now=now, data={"fields": changes})
    return changes


@contextmanager
def keeping_to_the_rules(deal: Any, *, by: Actor, now: datetime) -> Iterator[None]:
    """Values filled in inside must keep to the requirements under `on: field.changed`. Errors: MoveRefused.

    What was against them before may stay so: a deal with one bad value can be edited everywhere else.
    """
    pipeline = catalog.pipeline(deal.pipeline_id)
    if FIELD_CHANGED not in pipeline.asked_before:
        yield
        return
    context = Context(deal=deal, pipeline=pipeline, by=by, now=now)
    standing, before = asking.before(context, FIELD_CHANGED), deal.snapshot()
    # The values of a contact or a company are rows of their own: they go back with the savepoint.
    try:
        with transaction.atomic():
            yield
            found = asking.before(context, FIELD_CHANGED)
            asking.refuse_if([refusal for refusal in found if refusal not in standing])
    except RegulationError:
        deal.restore(before)
        raise


def date_changed(deal: Any, dates: Iterable[str], *, now: datetime) -> None:
    """A date that timers may count from has changed on a locked deal."""
    timers.rearm(deal, catalog.pipeline(deal.pipeline_id), dates, now=now)
