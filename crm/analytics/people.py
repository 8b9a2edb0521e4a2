"""The names of employees in reports."""

from __future__ import annotations

from collections.abc import Iterable

from crm.models import User


def names(ids: Iterable[int | None]) -> dict[int, str]:
    """By the users' numbers; those who have left are named too."""
    asked = {pk for pk in ids if pk is not None}
    people = User.objects.filter(pk__in=asked).only("first_name", "last_name", "email")
    return {person.pk: str(person) for person in people}
