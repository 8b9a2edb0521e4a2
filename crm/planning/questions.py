"""What a scenario asks when it is chosen, in the types of its questions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm.planning.keeping import FAR
from pipelines import fields
from pipelines.catalog import CompiledScenario
from pipelines.errors import BadAnswer


def checked_answers(
    scenario: CompiledScenario, answers: dict[str, Any], now: datetime
) -> dict[str, Any]:
    """Answers in the types their questions ask for; what a move asked for besides passes through to `fill`."""
    parsers: dict[str, Any] = {"date": fields.parse_day, "datetime": fields.parse_moment}
    checked, errors = {code: _storable(raw) for code, raw in answers.items()}, {}
    for question in scenario.questions:
        raw = answers.get(question.code)
        if raw in (None, "", []):
            if question.required:
                errors[question.code] = _("This must be answered.")
            checked.pop(question.code, None)
        elif question.type in parsers:
            try:
                value = checked[question.code] = parsers[question.type](raw)
            except ValueError as error:
                errors[question.code] = str(error)
            else:
                if isinstance(value, datetime) and abs(value - now) > FAR:
                    errors[question.code] = _("This date is too far away.")
        elif len(str(raw)) > fields.LONG_TEXT_LIMIT:
            errors[question.code] = _("At most %(limit)s characters.") % {
                "limit": fields.LONG_TEXT_LIMIT
            }
    if errors:
        raise BadAnswer(errors)
    return checked


def _storable(raw: Any) -> Any:
    return fields.storable(raw) if isinstance(raw, str) else raw
