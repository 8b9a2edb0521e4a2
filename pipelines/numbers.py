"""Whole numbers in what people and browsers send."""

from __future__ import annotations

# As many as a column of ids holds.
DIGITS = 18


def whole(text: str | None) -> int | None:
    """The number that an address or a form names: of an id, a revision, a count; None for anything else.

    Only ASCII digits: `int` would also take Arabic ones, and fail on «²», which `isdigit` lets pass. Not too many of
    them: a longer number fails in the database, one of thousands of digits in `int` itself.
    """
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= DIGITS else None
