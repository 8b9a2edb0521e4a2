"""Words that YAML 1.1 takes for booleans, dates and numbers are words here, in both directions."""

import pytest

from pipelines.playbook import dump, parse


@pytest.mark.parametrize("word", ["on", "off", "yes", "no", "Yes", "2026-01-05", "10:30", "007", "1_000", "0x1f", "1e3", ".5", "=", "<<"])  # fmt: skip
def test_a_word_stays_a_word(word: str) -> None:
    assert parse(f"{word}: {word}") == {word: word}
    assert parse(dump({word: [word]})) == {word: [word]}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("False", False), ("null", None), ("~", None), ("-12", -12), ("0.5", 0.5)],
)
def test_plain_values_are_values(text: str, value: object) -> None:
    assert parse(f"a: {text}") == {"a": value}
    assert parse(dump({"a": value})) == {"a": value}
    assert parse(dump({"a": text})) == {"a": text}


@pytest.mark.parametrize(
    "text",
    ["", " ", "a\nb", "a\n", "\na", "a \nb", "\n", "a: b", "- a", "#a", "a #b", "«да», {нет}", "'", '"', "x" * 500, "слово " * 60, "\t", "a\r\nb", "!x", "&x", "*x", "@", "%", "|", ">", "\u2028", "\U0001f370", "null", "true"],
)  # fmt: skip
def test_every_text_comes_back_as_it_was(text: str) -> None:
    assert parse(dump({"a": text, "b": [text, text], "c": [{"d": text}]})) == {
        "a": text,
        "b": [text, text],
        "c": [{"d": text}],
    }


def test_cyrillic_is_written_as_it_is_and_paragraphs_line_by_line() -> None:
    assert dump({"name": "Торты", "goal": "Раз\nДва\n", "list": ["а", "б"]}) == (
        "name: Торты\ngoal: |\n  Раз\n  Два\nlist: [а, б]\n"
    )


def test_lines_are_remembered() -> None:
    found = parse("a: 1\nb:\n  - x\n  - {c: 2}\n")
    assert found.lines == {"a": 1, "b": 2}
    assert found["b"].lines == [3, 4]
