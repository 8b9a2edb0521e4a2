"""Breaches of the regulation: put on record, explained, excused. Whose right it is, the apps above ask."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines import engine, fields, registry, writes
from pipelines.actor import Actor
from pipelines.catalog import CompiledRule
from pipelines.errors import BadAnswer, RegulationError
from pipelines.locking import lock
from pipelines.models import Event, Violation
from pipelines.transactions import verb

VIOLATION_RECORDED = registry.event(
    "violation.recorded", label=gettext_lazy("violation"), icon="alert-octagon"
)
VIOLATION_EXPLAINED = registry.event(
    "violation.explained", label=gettext_lazy("violation explained"), icon="message-report"
)
VIOLATION_EXCUSED = registry.event(
    "violation.excused", label=gettext_lazy("violation excused"), icon="shield-check"
)

TEXT_LIMIT = 500
WORDS_LIMIT = 2000


class AlreadyExcused(RegulationError):
    """This violation is already excused."""

    def __init__(self) -> None:
        super().__init__(_("This violation is already excused."))


@verb
def record(
    deal: Any,
    *,
    clause: str,
    culprit: Any,
    occasion: str,
    by: Actor,
    now: datetime,
    text: str = "",
    allowed: str = "",
    over: timedelta | None = None,
    rule: CompiledRule | None = None,
    event: Event | None = None,
) -> Violation | None:
    """Put a breach on record, once for a rule and an occasion however often it is asked; None for a repetition.

    `occasion` is the rule's own, or a word of the caller's that tells this breach from the deal's others.
    `event` is what it was found by; `allowed` the period of the clause as a rule writes it, `over` what was beyond.
    """
    lock(deal)
    code = rule.code if rule else ""
    found = Violation(
        deal=deal,
        pipeline_id=deal.pipeline_id,
        rule_id=rule.id if rule else None,
        rule_code=code,
        clause=clause,
        culprit=culprit,
        text=fields.storable(text).strip()[:TEXT_LIMIT],
        allowed=allowed,
        over=over,
        occasion=occasion,
        event=event,
        at=now,
    )
    # A rule runs once an occasion (RuleRun); whoever records without one is asked here, the deal being locked.
    if (
        rule is None
        and Violation.objects.filter(deal=deal, rule_code=code, occasion=occasion).exists()
    ):
        return None
    writes.insert(found)
    data: dict[str, Any] = {
        "clause": clause,
        "culprit": str(culprit),
        "culprit_id": culprit.pk,
        "text": found.text,
        "violation": found.pk,
        "allowed": allowed,
    }
    if over is not None:
        data["over_seconds"] = int(over.total_seconds())
    engine.record(VIOLATION_RECORDED, deal=deal, by=by, now=now, data=data)
    return found


@verb
def explain(violation: Violation, *, text: str, by: Actor, now: datetime) -> Violation:
    """Say how it came to it; again until it is excused, what was said before stays in the feed.

    Errors: BadAnswer for no words, AlreadyExcused.
    """
    words = _checked(text, "explanation", _("Say how it came to it."))
    violation = _lock(violation)
    violation.explanation, violation.explained_by, violation.explained_at = words, by.user, now
    violation.save(update_fields=["explanation", "explained_by", "explained_at"])
    _tell(VIOLATION_EXPLAINED, violation, words, by=by, now=now)
    return violation


@verb
def excuse(violation: Violation, *, text: str, by: Actor, now: datetime) -> Violation:
    """Take the blame off, with the reason; the row stays. Errors: BadAnswer for no words, AlreadyExcused."""
    words = _checked(text, "excuse", _("Say why it is excused."))
    violation = _lock(violation)
    violation.excuse, violation.excused_by, violation.excused_at = words, by.user, now
    violation.save(update_fields=["excuse", "excused_by", "excused_at"])
    _tell(VIOLATION_EXCUSED, violation, words, by=by, now=now)
    return violation


def _lock(violation: Violation) -> Violation:
    """The row as it is now, locked. Not its deal: an archived one's violations are still answered for."""
    locked = (
        Violation.objects.select_for_update(of=("self",))
        .select_related("deal", "culprit")
        .get(pk=violation.pk)
    )
    if locked.excused_at:
        raise AlreadyExcused
    return locked


def _checked(text: str, name: str, missing: str) -> str:
    words = fields.storable(text).strip()
    if not words:
        raise BadAnswer({name: missing})
    if len(words) > WORDS_LIMIT:
        raise BadAnswer({name: _("At most %(limit)s characters.") % {"limit": WORDS_LIMIT}})
    return words


def _tell(name: str, violation: Violation, words: str, *, by: Actor, now: datetime) -> None:
    engine.record(
        name,
        deal=violation.deal,
        by=by,
        now=now,
        data={
            "clause": violation.clause,
            "culprit": str(violation.culprit),
            "text": words,
            "violation": violation.pk,
        },
    )
