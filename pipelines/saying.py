"""Parameters in words for people, in the active language: periods, roles, choices, values."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pipelines.clock import Duration


def say_duration(duration: Duration) -> str:
    """«30 minutes of working time», «1 day 12 hours»."""
    said = " ".join(_amount(number, unit) for number, unit in duration.amounts)
    return _("%(period)s of working time") % {"period": said} if duration.working else said


def say_period(text: str) -> str:
    """The same for a stored period; as it stands where it is none."""
    try:
        return say_duration(Duration.parse(text))
    except ValueError:
        return text


def _amount(number: int, unit: str) -> str:
    match unit:
        case "w":
            said = ngettext("%(number)s week", "%(number)s weeks", number)
        case "d":
            said = ngettext("%(number)s day", "%(number)s days", number)
        case "h":
            said = ngettext("%(number)s hour", "%(number)s hours", number)
        case _:
            said = ngettext("%(number)s minute", "%(number)s minutes", number)
    return said % {"number": number}


def say_value(field: forms.BoundField, value: Any, vocabulary: Any = None) -> str:
    """A cleaned parameter by its form field, with the labels of the vocabulary; empty for what needs no word."""
    if value in (None, "", [], {}, False):
        return ""
    if isinstance(field.field, forms.SlugField) and not field.field.required:
        # A name that one rule gives for another to find; it says nothing to people.
        return ""
    if value is True:
        return str(field.label)
    if isinstance(value, Duration):
        return say_duration(value)
    labels = labels_of(field.field)
    choices = getattr(vocabulary, "choices", {})
    if isinstance(value, (list, tuple)):
        if not labels and not isinstance(labels, RoleLabels):
            labels = choices.get(_field_beside(field), {})
        return ", ".join(str(labels.get(item, item)) for item in value)
    if isinstance(value, dict):
        return ", ".join(
            f"{labels.get(key, key)} = {choices.get(key, {}).get(item, item)}"
            for key, item in value.items()
        )
    return str(labels.get(value, value))


def _field_beside(bound: forms.BoundField) -> str:
    """The code of the field that the same form names: words beside it are its values."""
    from pipelines.params import FieldField

    names = [name for name, item in bound.form.fields.items() if isinstance(item, FieldField)]
    return str(bound.form.cleaned_data.get(names[0], "")) if names else ""


def labels_of(field: forms.Field) -> dict[Any, Any]:
    """Code → label of what the field offers."""
    from pipelines.params import RoleField, RolesField

    if isinstance(field, (RoleField, RolesField)):
        return RoleLabels()
    if (known := getattr(field, "flat_choices", None)) is not None:
        return dict(known)
    if isinstance(field, forms.ChoiceField):
        return dict(field.choices)  # type: ignore[arg-type]
    return {}


class RoleLabels(dict[Any, Any]):
    """A role's name → its label, without asking the database which roles there are."""

    def get(self, name: Any, default: Any = None) -> Any:
        from pipelines.guards import role_label

        return role_label(str(name))
