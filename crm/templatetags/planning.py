"""What the windows of tasks need beside their forms."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from crm.forms import as_typed
from crm.planning import quick

register = template.Library()


@register.simple_tag(takes_context=True)
def quick_dates(context: dict[str, Any]) -> list[tuple[str, str]]:
    """Labels and moments as <input type=datetime-local> takes them; none for somebody who is not signed in."""
    user = context["request"].user
    if not user.is_authenticated:
        return []
    now = timezone.now()
    return [(label, as_typed(at)) for label, at in quick.quick_dates(user, now)]
