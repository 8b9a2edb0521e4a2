"""People to choose among, and a form's choice among few rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms

from crm.models import User


class _RowsOnce(forms.models.ModelChoiceIterator):
    """Django's reads its rows anew each time, and by a cursor of its own, which takes four round trips."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        yield from map(self.choice, self.field.queryset or ())


class RowField(forms.ModelChoiceField):
    """A choice among few rows, read once: to check what was asked and to list what may be."""

    iterator = _RowsOnce

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        for row in self.queryset or ():
            if str(row.pk) == str(value):
                return row
        raise forms.ValidationError(self.error_messages["invalid_choice"], "invalid_choice")


def people_of(user: User) -> Any:
    """Whose deals the user may see, as people to choose from."""
    people = User.objects.filter(is_active=True).only("first_name", "last_name", "email")
    owners = user.visible_owner_ids
    return people if owners is None else people.filter(pk__in=owners)
