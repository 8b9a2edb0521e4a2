"""Who does what somebody who is away would do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from crm.models import Leave, User
from pipelines.transactions import once


def in_place_of(user: User, *, now: datetime, due_at: datetime | None = None) -> User:
    """The deputy while the person is away, else himself; what is due only when he is back is his own."""
    leave = once("leaves", lambda: _lasting(now)).get(user.pk)
    if leave is None or not leave.deputy.is_active:
        return user
    return user if due_at is not None and due_at >= leave.ends_at else leave.deputy


def deputies_of(users: Iterable[int], *, now: datetime) -> dict[int, User]:
    """Of those of the people who are away at the moment: who stands in."""
    leaves = Leave.objects.lasting(now).filter(user__in=set(users)).select_related("deputy")
    return {leave.user_id: leave.deputy for leave in leaves if leave.deputy.is_active}


def _lasting(now: datetime) -> dict[int, Leave]:
    """Everybody's: few are away at a time, and a batch of rules asks for one person after another."""
    return {leave.user_id: leave for leave in Leave.objects.lasting(now).select_related("deputy")}
