"""What browsers send where a number belongs: a number, or nothing; never a fault."""

from __future__ import annotations

import pytest

from pipelines.numbers import whole


@pytest.mark.parametrize(
    ("text", "number"),
    [("17", 17), ("0", 0), ("9" * 18, 10**18 - 1)],
)
def test_a_whole_number_is_read(text: str, number: int) -> None:
    assert whole(text) == number


@pytest.mark.parametrize(
    "text", ["", None, "-1", "+1", "1.0", " 1", "²", "١٧", "9" * 19, "9" * 5000, "x", "1\x00"]
)
def test_what_is_none_is_none(text: str | None) -> None:
    assert whole(text) is None
