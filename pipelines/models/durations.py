"""Periods and limits as they are kept in rows: text like `30m working`, checked before it is saved."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from pipelines.clock import Duration


def check_duration(column: str, text: str) -> None:
    """Errors: ValidationError on `column` for anything but `30m working`, `4h`, `1d`, `3w` or nothing."""
    try:
        if text:
            Duration.parse(text)
    except ValueError as error:
        raise ValidationError({column: str(error)}) from error
