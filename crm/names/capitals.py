"""Capital and small letters of one word, never at the cost of a letter (the capital of «ß» is two)."""

from __future__ import annotations

# Parts of foreign names that stay small.
PARTICLES = frozenset(
    [
        "фон",
        "де",
        "да",
        "дер",
        "ден",
        "ван",
        "ди",
        "ду",
        "дю",
        "дос",
        "дас",
        "ла",
        "ле",
        "эль",
        "аль",
        "бен",
        "бин",
        "ибн",
        "тер",
        "оглы",
        "оглу",
        "кызы",
        "улы",
        "заде",
        "von",
        "van",
        "de",
        "der",
        "den",
        "da",
        "di",
        "du",
        "dos",
        "das",
        "la",
        "le",
        "el",
        "al",
        "ben",
        "bin",
        "ibn",
        "ter",
    ]
)


def has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def is_word(text: str) -> bool:
    """A dash between spaces, «&» or «/» is no word."""
    return any(map(str.isalnum, text))


def is_plain(word: str) -> bool:
    """A word of letters: no address, phone or number."""
    return has_letter(word) and not any(sign.isdigit() or sign in "@_/\\" for sign in word)


def capital(word: str) -> str:
    """The first letter big, behind a quote or bracket too; parts of a hyphenated word each, as in «Петров-Водкин»."""
    return "-".join(part if part in PARTICLES else _begin(part) for part in word.split("-"))


def first_capital(word: str) -> str:
    """Only the first letter of the word big: «Бизнес-анализ»."""
    head, dash, rest = word.partition("-")
    return _begin(head) + dash + rest


def small(word: str) -> str:
    return _safe(word, word.lower())


def capitals_only(text: str) -> bool:
    """Two letters or more, and no small one among them."""
    letters = [sign for sign in text if sign.isalpha()]
    return len(letters) > 1 and all(sign == sign.upper() != sign.lower() for sign in letters)


def _begin(part: str) -> str:
    for at, sign in enumerate(part):
        if sign.isalpha():
            return _safe(part, part[:at] + sign.upper() + part[at + 1 :])
        if sign.isdigit():
            break
    return part


def _safe(before: str, after: str) -> str:
    return after if before.casefold() == after.casefold() else before
