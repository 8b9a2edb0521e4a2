"""Giving deals to people of a role: to the least busy, or strictly in turn."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count
from django.utils.translation import gettext as _

from crm.leaves.standing import in_place_of
from crm.models import Deal, Team, Turn, User, Way
from crm.roles import HEAD
from pipelines.errors import RegulationError
from pipelines.guards import role_label


def candidates(role: str, playbook: str) -> list[User]:
    """The active people of a role, oldest first; of the playbook's own teams where teams say what they work by."""
    people = User.objects.filter(is_active=True, groups__name=role).order_by("pk")
    teams = teams_of(playbook)
    return list(people if teams is None else people.filter(team__in=teams))


def teams_of(playbook: str) -> set[int] | None:
    """The teams that work by the playbook, those below them included; None where no team says so."""
    teams = {team.pk: team for team in Team.objects.all()}
    if not any(team.playbook == playbook for team in teams.values()):
        return None
    return {key for key in teams if _playbook_of(key, teams) == playbook}


def _playbook_of(key: int | None, teams: dict[int, Team]) -> str:
    """The team's own word, or that of the nearest team above it."""
    asked: set[int] = set()
    # Teams made part of each other by mistake must not hold a deal locked for ever.
    while key is not None and key not in asked:
        if teams[key].playbook:
            return teams[key].playbook
        asked.add(key)
        key = teams[key].parent_id
    return ""


def pick(role: str, *, playbook: str, now: datetime, way: str = Way.LEAST_BUSY) -> User:
    """Whose turn it is, or who has the least to do; the deputy of one who is away.

    Errors: RegulationError if nobody has the role.
    """
    people = candidates(role, playbook)
    if not people:
        raise RegulationError(_("Nobody has the role “%(role)s”.") % {"role": role})
    found = _next(role, playbook, people) if way == Way.IN_TURN else _least_busy(people)
    return in_place_of(found, now=now)


def anybody(playbook: str, *, now: datetime) -> User:
    """Somebody to look after what the rules gave nobody: a head, else an administrator. Errors: RegulationError."""
    if heads := candidates(HEAD, playbook):
        return in_place_of(heads[0], now=now)
    active = User.objects.filter(is_active=True).order_by("pk")
    found = active.filter(is_superuser=True).first() or active.filter(groups__name=HEAD).first()
    if found is None:
        raise RegulationError(_("Nobody has the role “%(role)s”.") % {"role": role_label(HEAD)})
    return in_place_of(found, now=now)


def _least_busy(people: list[User]) -> User:
    load = dict(
        Deal.objects.open()
        .filter(owner__in=people, archived_at=None)
        .values_list("owner")
        .annotate(count=Count("pk"))
        .values_list("owner", "count")
    )
    return min(people, key=lambda person: load.get(person.pk, 0))


def _next(role: str, playbook: str, people: list[User]) -> User:
    """The one after whoever was last, round and round; two deals at once wait for each other here."""
    Turn.objects.get_or_create(playbook=playbook, role=role)
    turn = Turn.objects.select_for_update().get(playbook=playbook, role=role)
    found = next((person for person in people if person.pk > (turn.last_id or 0)), people[0])
    turn.last = found
    turn.save(update_fields=["last"])
    return found
