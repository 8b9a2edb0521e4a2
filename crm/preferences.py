"""What each person chose for himself: read with the user, written by key.

The value of a key is untrusted when read: columns go, pipelines are renamed. Whoever reads one keeps what he
still knows of it and drops the rest.
"""

from __future__ import annotations

from typing import Any

from crm.models import Preference, User


def get(user: User, key: str, default: Any = None) -> Any:
    """The JSON value kept under the key, or `default`; no statement of its own within a request."""
    return user.chosen.get(key, default)


def of_everybody(key: str) -> dict[int, Any]:
    """What is kept under the key, by the person's number; who has chosen nothing is not in it."""
    return dict(Preference.objects.filter(key=key).values_list("user", "value"))


def put(user: User, key: str, value: Any) -> None:
    """Keep the JSON value for the user, whatever another window kept meanwhile; None forgets it."""
    if value is None:
        Preference.objects.filter(user=user, key=key).delete()
        user.chosen.pop(key, None)
        return
    Preference.objects.update_or_create(user=user, key=key, defaults={"value": value})
    user.chosen[key] = value
