"""The bar under the table: what this person may do with the ticked deals."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template
from django.utils.functional import Promise

from crm import rights
from crm.bulk.forms import FORMS

register = template.Library()


class Offered(NamedTuple):
    """A button of the bar."""

    code: str
    label: str | Promise
    icon: str


@register.simple_tag(takes_context=True)
def bulk_changes(context: dict[str, Any]) -> list[Offered]:
    user = context["request"].user
    if not user.may(rights.CHANGE_MANY):
        return []
    return [
        Offered(form.code, form.label, form.icon)
        for form in FORMS.values()
        if form.offered_to(user)
    ]


@register.simple_tag(takes_context=True)
def bulk_export(context: dict[str, Any]) -> bool:
    return bool(context["request"].user.may(rights.EXPORT))
