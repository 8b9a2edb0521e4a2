"""Codes for what people name: from «Взята в работу» to `vzyata-v-rabotu`, not yet taken."""

from __future__ import annotations

from collections.abc import Container

from django.utils.text import slugify

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяўі",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "_",
            "y",
            "_",
            "e",
            "yu",
            "ya",
            "u",
            "i",
        ],
        strict=True,
    )
)


def make_code(name: str, taken: Container[str], *, fallback: str = "item", limit: int = 40) -> str:
    """A slug of the name that is not among `taken`."""
    latin = "".join(_LATIN.get(letter, letter) for letter in name.casefold()).replace("_", "")
    base = slugify(latin).replace("-", "_")[:limit].strip("_") or fallback
    return free_code(base, taken, "_")


def free_code(base: str, taken: Container[str], joint: str = "-") -> str:
    """`base`, or `base-2`, `base-3` …, whichever is not taken."""
    code, number = base, 1
    while code in taken:
        number += 1
        code = f"{base}{joint}{number}"
    return code
