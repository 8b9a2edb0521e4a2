"""Saved filters of the demo: the head's two for the team she belongs to, and one of a manager's own."""

from __future__ import annotations

from crm.filters import saved
from crm.models import User


def save_filters(head: User, manager: User) -> None:
    team = str(head.team_id)
    for name, query in (
        ("Без задачи и просроченные", "task=none&task=overdue&status=open"),
        ("Крупные этого месяца", "budget_from=100000&created=this_month"),
    ):
        saved.save(owner=head, name=name, pipeline="leads", query=query, share=team)
    mine = "owner=me&status=open&next_task=this_week"
    saved.save(owner=manager, name="Мои на эту неделю", pipeline="", query=mine)
