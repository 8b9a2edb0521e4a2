"""How long an SMS is: GSM 03.38 counts 160 signs, any other alphabet 70; a long text goes in parts of 153 or 67."""

from __future__ import annotations

from dataclasses import dataclass

_PLAIN = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# These take two places: an escape and the sign.
_EXTENDED = frozenset("\f^{}\\[~]|€")


@dataclass(frozen=True)
class Length:
    """`signs` of the `room` that the present number of parts has; `parts` is what the provider bills."""

    signs: int
    parts: int
    room: int


def measure(text: str) -> Length:
    """The length of the text as an SMS. An empty text is one empty part."""
    if all(sign in _PLAIN or sign in _EXTENDED for sign in text):
        sizes, one, more = [2 if sign in _EXTENDED else 1 for sign in text], 160, 153
    else:
        # UTF-16: a sign beyond the basic plane, an emoji for one, takes two places.
        sizes, one, more = [2 if ord(sign) > 0xFFFF else 1 for sign in text], 70, 67
    signs = sum(sizes)
    if signs <= one:
        return Length(signs, 1, one)
    parts, left = 1, more
    for size in sizes:
        # A sign of two places is not torn in two: the part before it stays one short.
        if size > left:
            parts, left = parts + 1, more
        left -= size
    return Length(signs, parts, parts * more)
