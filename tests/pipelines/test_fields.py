"""Values of fields: what may be typed, what is stored, and a sentence for everything else."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pipelines import fields
from pipelines.catalog import CompiledField

TYPES = [
    "text",
    "long_text",
    "number",
    "money",
    "date",
    "datetime",
    "choice",
    "choices",
    "yes_no",
    "url",
    "control",
    "evidence",
]


def field(type_: str) -> CompiledField:
    return CompiledField(code="x", label="Поле", type=type_, choices={"a": "Первое", "b": "Второе"})


STORED = [
    ("text", "  да ", "да"),
    ("text", "а\x00б\ud800в", "абв"),
    ("text", "я" * 1000, "я" * 1000),
    ("long_text", "раз\nдва", "раз\nдва"),
    ("number", "1 000,50", "1000.5"),
    ("number", "1000", "1000"),
    ("number", "-3", "-3"),
    ("number", 0, "0"),
    ("money", "1 000,50", "1000.50"),
    ("money", "1\u00a0000,50 ₽", "1000.50"),
    ("money", "1,000.50", "1000.50"),
    ("money", "0,005", "0.00"),
    ("money", "-0", "0.00"),
    ("money", "999999999999.99", "999999999999.99"),
    ("date", "01.03.2026", "2026-03-01"),
    ("date", "2026-03-01", "2026-03-01"),
    ("date", date(2026, 3, 1), "2026-03-01"),
    ("date", datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01"),
    ("date", "29.02.2028", "2028-02-29"),
    ("datetime", "2026-03-01T12:00", "2026-03-01T09:00:00+00:00"),
    ("datetime", "2026-03-01T12:00+03:00", "2026-03-01T09:00:00+00:00"),
    ("choice", "a", "a"),
    ("choices", ["a", "b", ""], ["a", "b"]),
    ("choices", "a", ["a"]),
    ("yes_no", "on", True),
    ("yes_no", "off", None),
    ("control", "on", True),
    ("control", {"by": 1, "name": "Другой", "at": "2026-01-01"}, True),
    ("control", "0", None),
    ("url", "https://example.com/путь", "https://example.com/путь"),
    ("url", "https://example.com/a\x00b", "https://example.com/ab"),
    ("evidence", "12", 12),
    ("evidence", 12, 12),
]


@pytest.mark.parametrize(("type_", "typed", "stored"), STORED)
def test_what_is_typed_is_stored_one_way(type_: str, typed, stored) -> None:
    assert fields.clean(field(type_), typed) == stored


@pytest.mark.parametrize(
    ("type_", "stored"),
    [(type_, stored) for type_, _typed, stored in STORED if type_ not in ("control", "yes_no")],
)
def test_what_is_stored_can_be_stored_again(type_: str, stored) -> None:
    assert fields.clean(field(type_), stored) == stored


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("nothing", [None, "", [], {}, "\x00"])
def test_nothing_is_nothing_in_every_type(type_: str, nothing) -> None:
    assert fields.clean(field(type_), nothing) is None


REFUSED = [
    ("text", "я" * 1001),
    ("text", "я" * 10_000),
    ("long_text", "я" * 20_001),
    *[
        (type_, text)
        for type_ in ("number", "money")
        for text in (
            "NaN",
            "1e999",
            "1e5",
            "Infinity",
            "-inf",
            "abc",
            "1.2.3",
            "--1",
            "1" * 16,
            True,
            "²",
        )
    ],
    ("money", "-1"),
    ("money", "-0,01"),
    ("money", "1000000000000"),
    ("money", "999999999999,999"),
    ("date", "вчера"),
    ("date", "31.02.2026"),
    ("date", "2026-02-29"),
    ("date", "0001-01-01"),
    ("date", "9999-12-31"),
    ("datetime", "2026-03-01T25:00"),
    ("datetime", "0001-01-01T00:00"),
    ("datetime", "9999-12-31T23:59-12:00"),
    ("datetime", "когда-нибудь"),
    ("choice", "c"),
    ("choice", "я" * 10_000),
    ("choices", ["a", "c"]),
    ("url", "example.com"),
    ("url", "javascript:alert(1)"),
    ("url", "https://example.com/" + "a" * 3000),
    ("evidence", "abc"),
    ("evidence", "-1"),
    ("evidence", "²"),
    ("evidence", "9" * 5000),
]


@pytest.mark.parametrize(("type_", "typed"), REFUSED)
def test_what_a_field_can_not_hold_is_refused_by_a_sentence_of_bearable_length(
    type_: str, typed
) -> None:
    with pytest.raises(ValueError) as caught:
        fields.clean(field(type_), typed)
    sentence = str(caught.value)
    assert 0 < len(sentence) < 200
    # A sentence for people, not Python's own words.
    assert "invalid literal" not in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_has_its_words_and_its_widget(type_: str) -> None:
    assert fields.show(field(type_), None) == ""
    assert fields.form_field(field(type_)).label == "Поле"


@pytest.mark.parametrize(
    ("type_", "stored", "words"),
    [
        ("money", "1000.50", "1 000,50"),
        ("money", Decimal("1000.00"), "1 000"),
        ("number", "12.5", "12,5"),
        ("choice", "a", "Первое"),
        ("choice", "gone", "gone"),
        ("choices", ["a", "gone"], "Первое, gone"),
        ("date", "2026-03-01", "01.03.2026"),
    ],
)
def test_a_stored_value_in_words(type_: str, stored, words: str) -> None:
    assert fields.show(field(type_), stored).replace("\xa0", " ") == words
