"""Time zones as people look for them: by city, in their language, with the difference as it is today."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.core import get_global
from babel.dates import get_timezone_location

# Files of the zone database that are no places.
_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")  # fmt: skip

# Renamed since; Unicode's tables of cities know the former names.
_FORMERLY = {"Europe/Kyiv": "Europe/Kiev", "Asia/Kolkata": "Asia/Calcutta"}


@cache
def known() -> frozenset[str]:
    """The zones that are offered: places, each under one name."""
    aliases = get_global("zone_aliases")
    return frozenset(
        name
        for name in available_timezones()
        if name.split("/")[0] in _AREAS and aliases.get(name, name) == name
    )


def choices(now: datetime, language: str, *, also: str = "") -> list[tuple[str, str]]:
    """(zone, «Москва (UTC+3)») from west to east; `also` is offered whatever it is."""
    cities = _cities(language)
    listed = []
    for name in known() | ({also} if also else set()):
        offset = now.astimezone(ZoneInfo(name)).utcoffset() or timedelta(0)
        listed.append((offset, cities.get(name) or name, name))
    return [(name, f"{label} ({in_hours(offset)})") for offset, label, name in sorted(listed)]


@cache
def _cities(language: str) -> dict[str, str]:
    locale = Locale.parse(language)
    return {
        name: get_timezone_location(
            ZoneInfo(_FORMERLY.get(name, name)), locale=locale, return_city=True
        )
        for name in known()
    }


def in_hours(offset: timedelta) -> str:
    """«UTC+5:30»."""
    minutes = int(offset.total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'−' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
