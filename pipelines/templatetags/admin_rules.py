"""Small filters of the rule editor's templates."""

from __future__ import annotations

import json
from typing import Any

from django import template

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    """For a `data-` attribute; the template engine escapes it."""
    return json.dumps(value, ensure_ascii=False, default=str)
