"""First name, patronymic, surname: which word of a name is which, and their order (AX-N2.5).

The dictionary (pymorphy3, 25 MB in memory, a third of a second to open) is opened at the first name of two words.
What it does not know is left as it stands: a foreign name in a wrong order is better than a right one turned round.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any

FIRST, PATRONYMIC, SURNAME = "Name", "Patr", "Surn"
# Of words that the dictionary does not know, only these endings are surnames beyond doubt.
ENDINGS = (
    "ов", "ова", "ев", "ева", "ёв", "ёва", "ский", "ская", "цкий", "цкая", "енко", "ович", "евич", "швили", "дзе", "чук",
)  # fmt: skip
CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюяіў-")


def in_order(words: list[str]) -> list[str]:
    """The words as first name, patronymic, surname where the other order is recognised; else as they are."""
    if len(words) not in (2, 3):
        return words
    kinds = [kinds_of(word.casefold()) for word in words]
    if len(words) == 2:
        return [words[1], words[0]] if _turned(*kinds) else words
    one, two, three = kinds
    if FIRST in two and PATRONYMIC in three and FIRST not in one and one:
        return [words[1], words[2], words[0]]
    if FIRST in three and PATRONYMIC in two and FIRST not in one and one:
        return [words[2], words[1], words[0]]
    if PATRONYMIC in one and FIRST in two and three == {SURNAME}:
        return [words[1], words[0], words[2]]
    if FIRST in one and two == {SURNAME} and PATRONYMIC in three:
        return [words[0], words[2], words[1]]
    return words


def _turned(one: frozenset[str], two: frozenset[str]) -> bool:
    """«Лукашевич Алексей» and «Петров Николаевич»; «Николаевич Лукашевич» stands right."""
    if FIRST in one or not one:
        return False
    return FIRST in two or (one == {SURNAME} and PATRONYMIC in two)


@lru_cache(maxsize=4096)
def kinds_of(word: str) -> frozenset[str]:
    """What the word may be; nothing where that is not known. One surname makes a double one: «Петров-Водкин»."""
    if not word or not set(word) <= CYRILLIC:
        return frozenset()
    parts = [_kinds(part) for part in word.split("-")]
    if len(parts) > 1 and any(SURNAME in part for part in parts):
        return frozenset() if any(FIRST in part for part in parts) else frozenset({SURNAME})
    return frozenset.intersection(*parts)


def _kinds(word: str) -> frozenset[str]:
    if len(word) < 2:
        return frozenset()
    dictionary = _dictionary()
    parses = [parse.tag for parse in dictionary.parse(word)]
    found = {
        kind
        for tag in parses
        if {"nomn", "sing"} <= tag.grammemes
        for kind in (FIRST, PATRONYMIC, SURNAME)
        if kind in tag
    }
    if not dictionary.word_is_known(word):
        return frozenset({SURNAME} if SURNAME in found and word.endswith(ENDINGS) else ())
    # «Мухаммедов» stands in the dictionary as the Muhammads' only.
    if not found and word.endswith(ENDINGS) and any(FIRST in tag for tag in parses):
        found = {SURNAME}
    return frozenset(found)


@lru_cache(maxsize=1)
def _dictionary() -> Any:
    import pymorphy3

    logging.getLogger("pymorphy3").setLevel(logging.WARNING)
    # Which reading of a word is likelier is never asked: 2 MB less.
    return pymorphy3.MorphAnalyzer(lang="ru", probability_estimator_cls=None)
