"""Who is told: people with all that `notify` and the rights ask of them, read in one statement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crm import rights, roles
from crm.models import User

_KNOWN = """
    SELECT crm_user.*,
           ARRAY(SELECT name FROM auth_group JOIN crm_user_groups AS has ON has.group_id = auth_group.id
                 WHERE has.user_id = crm_user.id) AS known_roles,
           ARRAY(SELECT codename FROM auth_permission
                 JOIN auth_group_permissions AS given ON given.permission_id = auth_permission.id
                 JOIN crm_user_groups AS has ON has.group_id = given.group_id
                 WHERE has.user_id = crm_user.id) AS known_rights,
           (SELECT json_object_agg(key, value) FROM crm_preference
            WHERE user_id = crm_user.id) AS known_chosen
    FROM crm_user
"""
_BY_ID = f"{_KNOWN} WHERE is_active AND id = ANY(%(ids)s)"
# The heads of the responsible person's team and of the teams above it, and the administrators: whoever sees his deals.
_OVER = f"""
    WITH RECURSIVE above(id, parent_id, head_id) AS (
        SELECT id, parent_id, head_id FROM crm_team
        WHERE id = (SELECT team_id FROM crm_user WHERE id = %(owner)s)
        UNION
        SELECT crm_team.id, crm_team.parent_id, crm_team.head_id
        FROM crm_team JOIN above ON above.parent_id = crm_team.id
    )
    {_KNOWN}
    WHERE is_active AND id <> %(owner)s AND (
        is_superuser
        OR EXISTS (SELECT FROM crm_user_groups AS has JOIN auth_group ON auth_group.id = has.group_id
                   WHERE has.user_id = crm_user.id AND auth_group.name = %(admin)s)
        OR id IN (SELECT head_id FROM above))
"""  # noqa: S608 (constants of ours)


def by_id(ids: Iterable[int]) -> dict[int, User]:
    """The active ones of these people."""
    return {user.pk: user for user in _read(_BY_ID, {"ids": list(ids)})}


def told_of_requests(owner_id: int) -> list[User]:
    """Who sees the deals of this person and may be told of requests that come to him (PZ-3.4)."""
    found = _read(_OVER, {"owner": owner_id, "admin": roles.CRM_ADMIN})
    return [user for user in found if user.may(rights.NEW_REQUESTS)]


def _read(sql: str, params: dict[str, Any]) -> list[User]:
    people = list(User.objects.raw(sql, params))
    for user in people:
        known: Any = user
        user.role_names = frozenset(known.known_roles)
        user.rights = frozenset(known.known_rights)
        user.chosen = known.known_chosen or {}
    return people
