"""Saved filters of the demo: the head's for the team she belongs to, and a manager's own."""

from __future__ import annotations

from crm.filters import saved
from crm.models import User


def save_filters(head: User, manager: User) -> None:
    team = str(head.team_id)
    for name, query in (
        ("Без задачи и просроченные", "task=none&task=overdue&status=open"),
        ("Крупные этого месяца", "budget_from=100000&created=this_month"),
    ):
        saved.save(
            owner=head, place=saved.DEALS, name=name, pipeline="leads", query=query, share=team
        )
    for place, name, query in (
        ("tasks", "Просроченные в отделе", "owner=all&overdue=1"),
        ("contact", "Без открытых сделок", "deals=without"),
    ):
        saved.save(owner=head, place=place, name=name, query=query, share=team)
    mine = "owner=me&status=open&next_task=this_week"
    saved.save(owner=manager, place=saved.DEALS, name="Мои на эту неделю", query=mine)
