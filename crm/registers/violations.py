"""Whose violations a person sees, who may explain one and who may excuse it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from crm.models import User
from pipelines import violations
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.models import Violation
from pipelines.transactions import verb

NOT_EXCUSED = Q(excused_at=None)


def visible_to(user: User) -> QuerySet[Violation]:
    """One's own violations and those of one's people; everybody's for administrators."""
    if user.led_ids is None:
        return Violation.objects.all()
    return Violation.objects.filter(culprit__in=user.led_ids)


def may_explain(violation: Violation, user: User) -> bool:
    return violation.culprit_id == user.pk and violation.excused_at is None


def may_excuse(violation: Violation, user: User) -> bool:
    """Whoever heads the culprit, or an administrator; nobody his own."""
    heads = user.led_ids is None or violation.culprit_id in user.led_ids
    return heads and violation.culprit_id != user.pk and violation.excused_at is None


@verb
def explain(violation: Violation, *, text: str, by: Actor, now: datetime) -> Violation:
    """The culprit says how it came to it. Errors: RegulationError for anybody else, and those of `pipelines`."""
    if by.user_id != violation.culprit_id:
        raise RegulationError(_("Only who is blamed explains."))
    return violations.explain(violation, text=text, by=by, now=now)


@verb
def excuse(violation: Violation, *, text: str, by: Actor, now: datetime) -> Violation:
    """A head takes the blame off. Errors: RegulationError for who does not head the culprit, and those of `pipelines`."""
    # One that was excused meanwhile says so, rather than that it is not allowed.
    asked = Violation(culprit_id=violation.culprit_id)
    if by.user is None or not may_excuse(asked, by.user):
        raise RegulationError(_("A violation is excused by the head of who is blamed."))
    return violations.excuse(violation, text=text, by=by, now=now)


def by_person(found: QuerySet[Violation]) -> list[dict[str, object]]:
    """For each culprit how many there are and how many still count, most first."""
    return _counted(found, "culprit", "culprit__last_name", "culprit__first_name", "culprit__email")


def by_clause(found: QuerySet[Violation]) -> list[dict[str, object]]:
    return _counted(found, "pipeline__playbook", "clause")


def _counted(found: QuerySet[Violation], *names: str) -> list[dict[str, object]]:
    return list(
        found.order_by()
        .values(*names)
        .annotate(total=Count("pk"), counting=Count("pk", filter=NOT_EXCUSED))
        .order_by("-total", *names)
    )
