"""A pipeline's editions: every saved change kept whole, compared and taken back."""

from __future__ import annotations

import difflib
import uuid
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pipelines import catalog, jobs, timers
from pipelines.compiling import vocabulary_of_all
from pipelines.errors import PlaybookError
from pipelines.models import Edition, Pipeline, Schedule

from .checking import Surroundings, check_pipeline
from .cursor import Problems
from .exporting import export
from .parsing import parse_pipeline
from .reading import Unreadable, parse
from .specs import PipelineSpec
from .writing import apply


def diff(old_text: str, new_text: str) -> list[str]:
    """The changed lines with `-` and `+` and a little around them; nothing where nothing changed."""
    return list(
        difflib.unified_diff(old_text.splitlines(), new_text.splitlines(), lineterm="", n=2)
    )[2:]


@transaction.atomic
def save_edition(
    pipeline: Pipeline, *, author: Any = None, now: datetime, note: str = ""
) -> Edition | None:
    """Keep the pipeline as it now stands as its newest edition; None where the last one says the same.

    To be called after the rows were changed, in the same transaction; running processes learn of it by the stamp.
    """
    pipeline = Pipeline.objects.select_for_update(of=("self",)).get(pk=pipeline.pk)
    text = export(pipeline)
    last = pipeline.editions.first()
    if last is not None and last.text == text:
        return None
    return keep(pipeline, text, author=author, now=now, note=note)


def keep(pipeline: Pipeline, text: str, *, author: Any, now: datetime, note: str) -> Edition:
    """Write `text` as the next edition and stamp the (locked) pipeline."""
    last = pipeline.editions.first()
    before, pipeline.edition = (
        pipeline.edition,
        max(pipeline.edition, last.number if last else 0) + 1,
    )
    if last is None or timed(last.text) == timed(text):
        # Deals whose timers were right are right by this edition too.
        if pipeline.rearmed_edition == before:
            pipeline.rearmed_edition = pipeline.edition
        restamp(pipeline)
    else:
        recount(pipeline)
    return Edition.objects.create(
        pipeline=pipeline,
        number=pipeline.edition,
        text=text,
        author=author,
        note=note[:200],
        created_at=now,
    )


def restamp(pipeline: Pipeline) -> None:
    """Have every process compile the pipeline anew."""
    pipeline.stamp = uuid.uuid4()
    pipeline.save(update_fields=["stamp", "edition", "rearmed_edition"])
    transaction.on_commit(catalog.refresh)


def recount(pipeline: Pipeline) -> None:
    """Restamp, and have the timers and deadlines of the pipeline's deals counted anew: periods, limits or hours changed."""
    if pipeline.rearmed_edition >= pipeline.edition:
        pipeline.rearmed_edition = pipeline.edition - 1 if pipeline.edition else 0
    restamp(pipeline)
    transaction.on_commit(partial(jobs.ask_to_rearm, pipeline.pk))


def timed(text: str) -> Any:
    """What of a pipeline's YAML the timers and deadlines of its deals hang on; None where it can't be read any more."""
    try:
        spec = parse_pipeline(parse(text), file="", problems=Problems())
    except Unreadable:
        return None
    return (
        spec.schedule,
        sorted((stage.code, stage.limit) for stage in spec.stages),
        sorted(
            (rule.code, rule.stage or "", rule.when, rule.period, rule.date)
            for rule in spec.rules
            if rule.active and rule.when in timers.TIMED
        ),
    )


@transaction.atomic
def rollback(edition: Edition, author: Any, now: datetime) -> Edition | None:
    """Make the pipeline what it was in that edition, as its newest one; None where it already is that.

    Errors: PlaybookError where it no longer fits (a stage that would go has deals, a template is gone).
    """
    pipeline = Pipeline.objects.select_for_update(of=("self",)).get(pk=edition.pipeline_id)
    spec = read_text(edition.text, file=str(edition))
    apply(pipeline, spec)
    note = _("back to edition %(number)s") % {"number": edition.number}
    return save_edition(pipeline, author=author, now=now, note=note)


def read_text(text: str, *, file: str) -> PipelineSpec:
    """A pipeline's YAML by itself, without its company's. Errors: PlaybookError."""
    problems = Problems()
    try:
        spec = parse_pipeline(parse(text), file=file, problems=problems)
    except Unreadable as error:
        raise PlaybookError(
            [f"{file}:{line}: {sentence}" for line, sentence in error.problems]
        ) from error
    schedules = set(Schedule.objects.values_list("code", flat=True))
    problems += check_pipeline(spec, Surroundings(vocabulary_of_all(), schedules=schedules))
    if problems:
        raise PlaybookError(problems)
    return spec
