"""Asking and running rules: requirements collect refusals, actions run one by one, each in a savepoint."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import feed, refusing, registry
from pipelines.compiled import CompiledCondition, CompiledRule
from pipelines.context import Context, cause, caused_by
from pipelines.errors import MoveRefused, Refusal
from pipelines.models import RuleRun
from pipelines.transactions import holding

log = logging.getLogger(__name__)

# Rules that set off rules stop here: deeper than any honest regulation, shallow enough to stop at once.
DEPTH_LIMIT = 8

RULE_FAILED = registry.event(
    "rule.failed", label=gettext_lazy("a rule could not run"), icon="alert-triangle"
)


def refusals(rules: Iterable[CompiledRule], context: Context) -> list[Refusal]:
    """What stands against it: the refusal of every requirement that applies and does not hold."""
    found = []
    for rule in rules:
        asked = context.under(rule)
        # A requirement asks who moves, not in whose name the rule speaks.
        asked.by = context.by
        try:
            no = None if unmet(rule.conditions, asked) else rule.entry.check(asked, rule.params)
        except DatabaseError:
            raise
        except Exception:
            # A requirement that can't be asked (its field is gone, say) is not met, and is no broken page.
            log.exception("requirement %s failed on deal %s", rule.code, context.deal.pk)
            words = _("The rule “%(rule)s” can't be checked: tell the administrator.")
            found.append(_refusal(rule, words % {"rule": rule.code}, (), context))
            continue
        if no:
            found.append(_refusal(rule, rule.message or no.message, no.fields, context))
    return found


def _refusal(
    rule: CompiledRule, message: str, fields: tuple[str, ...], context: Context
) -> Refusal:
    return Refusal(
        rule.clause, message, fields, rule.id, refusing.tried(context), rule.overridable_by
    )


def unmet(conditions: Iterable[CompiledCondition], context: Context) -> str:
    """The sentence of the first condition that is not met; empty when all are."""
    for condition in conditions:
        no = condition.guard.check(context, condition.params)
        if condition.negated and no is None:
            return _("not: %(words)s") % {
                "words": condition.guard.words(dict(condition.raw), context.pipeline.vocabulary)
            }
        if no is not None and not condition.negated:
            return no.message
    return ""


@dataclass(frozen=True)
class Job:
    """The rules of one occasion on one deal."""

    rules: list[CompiledRule]
    context: Context
    occasion: str


def run(
    rules: Iterable[CompiledRule], context: Context, occasion: str, *, strict: bool = False
) -> list[RuleRun]:
    """Run the rules for one occasion, each at most once, and keep a row of each; returns the rows.

    A failed rule is kept with its error and blocks nothing. With `strict`, a move that the regulation refuses
    is the caller's to answer: `MoveRefused` passes through (a person chose the scenario and can fill the form).
    """
    return run_all([Job(list(rules), context, occasion)], strict=strict)


_unheard: ContextVar[list[Job] | None] = ContextVar("jobs_unheard", default=None)


@contextmanager
def hearing_together() -> Iterator[None]:
    """What the rules of a batch bring about is heard when all have run, for all its deals at once.

    A hundred deals of a tick that each set off rules cost one savepoint and one insert of runs, not a hundred.
    """
    token = _unheard.set([])
    try:
        yield
        waiting = _unheard.get() or []
    finally:
        _unheard.reset(token)
    run_all(waiting)


def hear(job: Job) -> None:
    """Run the rules that an event sets off: now, or with the others of the batch."""
    waiting = _unheard.get()
    # What is set off by what was heard is heard at once: the depth at which loops stop is counted there.
    if waiting is None or cause().depth > 1:
        run_all([job])
    elif job.rules:
        waiting.append(job)


def follow(jobs: list[Job]) -> None:
    """Run what a move brings: now, or for all the deals that a batch moves at once.

    A rule that moves the deal on runs now: what comes after it asks where the deal stands.
    """
    waiting = _unheard.get()
    is_first = waiting is not None and cause().depth == 0
    if not is_first or any(rule.entry.moves for job in jobs for rule in job.rules):
        run_all(jobs)
    elif waiting is not None:
        waiting.extend(job for job in jobs if job.rules)


@contextmanager
def _hearing_only_if_done() -> Iterator[None]:
    """What a failed rule had set off is not heard: it never happened."""
    waiting = _unheard.get()
    before = len(waiting or ())
    try:
        yield
    except BaseException:
        if waiting is not None:
            del waiting[before:]
        raise


def run_all(jobs: list[Job], *, strict: bool = False) -> list[RuleRun]:
    """`run` for several deals at once (of different deals: each has its own instance)."""
    jobs = [job for job in jobs if job.rules]
    if not jobs:
        return []
    tasks = [dict(vars(job.context.task)) if job.context.task else {} for job in jobs]
    try:
        return _run_together(jobs)
    except Exception as error:
        if strict and isinstance(error, MoveRefused):
            raise
        # Something in the batch failed or has run before. Nothing of it stands; each rule gets a savepoint of its own.
        for job, task in zip(jobs, tasks, strict=True):
            job.context.deal.reload()
            if job.context.task:
                vars(job.context.task).update(task)
            job.context.forget()
        return [row for job in jobs for row in _run_apart(job, strict=strict)]


def _run_together(jobs: list[Job]) -> list[RuleRun]:
    """All rules in one savepoint with one insert of their rows: the usual case, in a third of the statements."""
    with transaction.atomic(), feed.gathering(), _hearing_only_if_done():
        return RuleRun.objects.bulk_create([row for job in jobs for row in _rows(job)])


def _rows(job: Job) -> Iterator[RuleRun]:
    context = job.context
    with caused_by(context.event.pk if context.event else None), holding(context.deal):
        for rule in job.rules:
            asked = context.under(rule)
            asked.occasion = job.occasion
            if why := unmet(rule.conditions, asked):
                yield _row(asked, job.occasion, RuleRun.Status.SKIPPED, error=why)
                continue
            if cause().depth > DEPTH_LIMIT:
                raise RecursionError
            result = rule.entry.run(asked, rule.params) or {}
            context.forget()
            yield _row(asked, job.occasion, RuleRun.Status.OK, result=result)


def _run_apart(job: Job, *, strict: bool) -> list[RuleRun]:
    context, occasion = job.context, job.occasion
    rows, skipped = [], []
    for rule in job.rules:
        asked = context.under(rule)
        try:
            with transaction.atomic():
                why = unmet(rule.conditions, asked)
        except Exception as error:
            row = _report(asked, occasion, error)
        else:
            if why:
                skipped.append(_row(asked, occasion, RuleRun.Status.SKIPPED, error=why))
                continue
            row = run_one(asked, occasion, strict=strict)
        if row:
            rows.append(row)
        context.forget()
    RuleRun.objects.bulk_create(skipped, ignore_conflicts=True)
    return rows + skipped


def run_one(context: Context, occasion: str, *, strict: bool = False) -> RuleRun | None:
    """Run `context.rule`; None when it has already run for this occasion."""
    rule = context.rule
    assert rule is not None
    context.occasion = occasion
    if cause().depth >= DEPTH_LIMIT:
        return _keep_failure(
            context, occasion, RuleRun.Status.LOOPED, _("Rules set off one another without end.")
        )
    try:
        with (
            transaction.atomic(),
            feed.gathering(),
            _hearing_only_if_done(),
            caused_by(context.event.pk if context.event else None),
            holding(context.deal),
        ):
            result = rule.entry.run(context, rule.params) or {}
            row = _row(context, occasion, RuleRun.Status.OK, result=result)
            row.save(force_insert=True)
            return row
    except IntegrityError as error:
        context.deal.reload()
        if _constraint(error) == "a_rule_runs_once_an_occasion":
            return None
        return _keep_failure(context, occasion, RuleRun.Status.FAILED, str(error))
    except MoveRefused as refused:
        context.deal.reload()
        if strict:
            raise
        return _keep_failure(context, occasion, RuleRun.Status.FAILED, str(refused))
    except Exception as error:
        context.deal.reload()
        return _report(context, occasion, error)


def _report(context: Context, occasion: str, error: Exception) -> RuleRun | None:
    """Whatever a rule does wrong, the person's own move stands; the administrator sees it and retries."""
    assert context.rule is not None
    log.exception("rule %s failed on deal %s", context.rule.code, context.deal.pk)
    said = f"{type(error).__name__}: {error}"
    return _keep_failure(context, occasion, RuleRun.Status.FAILED, said)


def _keep_failure(
    context: Context, occasion: str, status: RuleRun.Status, error: str
) -> RuleRun | None:
    row = _row(context, occasion, status, error=error)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    assert context.rule is not None
    feed.write(
        RULE_FAILED,
        deal=context.deal,
        by=context.by,
        now=context.now,
        data={"rule": context.rule.code, "clause": context.rule.clause, "error": error},
    )
    return row


def _row(
    context: Context,
    occasion: str,
    status: RuleRun.Status,
    *,
    result: dict[str, Any] | None = None,
    error: str = "",
) -> RuleRun:
    assert context.rule is not None
    return RuleRun(
        rule_id=context.rule.id,
        deal=context.deal,
        occasion=occasion,
        status=status,
        values=context.seen,
        result=result or {},
        error=error,
        cause=context.event,
        at=context.now,
    )


def _constraint(error: IntegrityError) -> str:
    diagnostics = getattr(error.__cause__, "diag", None)
    return getattr(diagnostics, "constraint_name", "") or ""
