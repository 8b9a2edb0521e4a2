"""Who is signed in, his roles, his people, the regulation's stamps, what it asks of passwords and what he has not read.

The one statement every request begins with.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.backends import ModelBackend

from crm.models.notice import NOTICES_COUNTED
from crm.models.user import (
    ABSENT,
    PEOPLE_BELOW,
    PEOPLE_OF_THE_ABSENT,
    PLAYBOOK,
    User,
    read_absences,
)

_SIGNED_IN = f"""
    SELECT crm_user.*,
           ARRAY(SELECT name FROM auth_group JOIN crm_user_groups ON group_id = auth_group.id
                 WHERE user_id = crm_user.id) AS known_roles,
           ARRAY(SELECT codename FROM auth_permission
                 JOIN auth_group_permissions AS given ON given.permission_id = auth_permission.id
                 JOIN crm_user_groups AS has ON has.group_id = given.group_id
                 WHERE has.user_id = %(head)s) AS known_rights,
           (SELECT json_object_agg(key, value) FROM crm_preference WHERE user_id = %(head)s) AS known_chosen,
           ARRAY({PEOPLE_BELOW}) AS known_people,
           ({ABSENT}) AS known_absences,
           ARRAY({PEOPLE_OF_THE_ABSENT}) AS known_as_deputy,
           ({PLAYBOOK}) AS known_playbook,
           (SELECT count(*) FROM pipelines_violation WHERE culprit_id = %(head)s
               AND explained_at IS NULL AND excused_at IS NULL) AS known_violations,
           (SELECT count(*) FROM (SELECT FROM crm_notice WHERE user_id = %(head)s AND read_at IS NULL
               LIMIT {NOTICES_COUNTED} + 1) AS unread) AS known_notices,
           (SELECT json_object_agg(id, stamp) FROM pipelines_pipeline WHERE is_active) AS known_stamps,
           (SELECT json_agg(json_build_array(months, warn_days, clause)) FROM crm_passwordrule)
               AS known_password_rules,
           ARRAY(SELECT playbook FROM pipelines_regulation AS written WHERE NOT EXISTS (
               SELECT 1 FROM pipelines_reading
               WHERE user_id = %(head)s AND regulation_id = written.id AND edition = written.edition
           )) AS known_unread
    FROM crm_user WHERE id = %(head)s
"""  # noqa: S608 (constants of ours)


class Backend(ModelBackend):
    """Django's own, but that the user of a session comes with what `visible_to` and the rights will ask for."""

    def get_user(self, user_id: Any) -> User | None:
        user: Any = next(iter(User.objects.raw(_SIGNED_IN, {"head": user_id})), None)
        if user is None or not self.user_can_authenticate(user):
            return None
        user.role_names = frozenset(user.known_roles)
        user.led_ids = None if user.is_crm_admin else frozenset({user.pk, *user.known_people})
        user.standing_for = read_absences(user.known_absences)
        user.visible_owner_ids = user.led_ids and user.led_ids.union(user.known_as_deputy)
        user.playbook = user.known_playbook or ""
        user.rights = frozenset(user.known_rights)
        user.chosen = user.known_chosen or {}
        stamps = user.known_stamps or {}
        user.known_stamps = {int(pk): UUID(stamp) for pk, stamp in stamps.items()}
        return user
