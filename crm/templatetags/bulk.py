"""The bar under the table: what this person may do with the ticked deals."""

from __future__ import annotations

from typing import Any

from django import template

from crm import rights
from crm.bulk.forms import FORMS, BulkForm

register = template.Library()


@register.simple_tag(takes_context=True)
def bulk_changes(context: dict[str, Any]) -> list[type[BulkForm]]:
    user = context["request"].user
    if not user.may(rights.CHANGE_MANY):
        return []
    return [form for form in FORMS.values() if form.offered_to(user)]


@register.simple_tag(takes_context=True)
def bulk_export(context: dict[str, Any]) -> bool:
    return bool(context["request"].user.may(rights.EXPORT))
