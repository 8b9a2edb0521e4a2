"""Addresses of pages, many at a time."""

from functools import lru_cache
from typing import Any

from django.urls import get_script_prefix, get_urlconf, reverse


def url(name: str, *args: Any) -> str:
    """`url("crm:deal", 1)`, as `{% url %}`.

    A card has ninety addresses, a list two a row, and reversing each anew was a tenth of their time: addresses that differ
    in numbers only are reversed once, with a number that is nobody's.
    """
    numbers = [arg for arg in args if type(arg) is int]
    pattern = tuple(_NOBODY if type(arg) is int else arg for arg in args)
    parts = _parts(name, pattern, get_script_prefix(), get_urlconf())
    if len(parts) != len(numbers) + 1:
        return reverse(name, args=args)
    return parts[0] + "".join(
        f"{number}{part}" for number, part in zip(numbers, parts[1:], strict=True)
    )


_NOBODY = 7_340_120_598_166_213


@lru_cache(maxsize=1000)
def _parts(name: str, pattern: tuple[Any, ...], prefix: str, urlconf: str | None) -> list[str]:
    """What stands between the numbers of an address; the prefix and the configuration tell caches apart."""
    return reverse(name, args=pattern, urlconf=urlconf).split(str(_NOBODY))
