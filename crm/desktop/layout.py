"""Which widgets stand on a person's desktop, in what order and how wide: his preference, or what suits his role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from crm import preferences
from crm.desktop import registry
from crm.desktop.registry import Size, Widget
from crm.models import User

KEY = "desktop"
# What stands there until one chooses, in whole rows: a manager's day, a head's people.
T, H = Size.THIRD, Size.HALF
FOR_A_MANAGER = (
    ("day", H), ("stages", H), ("ending", T), ("unanswered", T), ("forgotten", T), ("plan", T), ("violations", T),
    ("licences", T),
)  # fmt: skip
FOR_A_HEAD = (
    ("plan", H), ("stages", H), ("overdue", T), ("ending", T), ("forgotten", T), ("unanswered", T), ("violations", T),
    ("licences", T), ("funnel", H), ("day", H),
)  # fmt: skip


@dataclass(frozen=True)
class Placed:
    """A widget on the desktop, with what its owner chose for it."""

    widget: Widget
    size: Size
    chosen: dict[str, str] = field(default_factory=dict)


def of(user: User) -> list[Placed]:
    """The user's desktop. What he kept is untrusted: widgets that are gone, or not his any more, are left out."""
    known = {item.code: item for item in registry.offered(user)}
    kept = preferences.get(user, KEY)
    if not isinstance(kept, list):
        return [Placed(known[code], size) for code, size in _usual(user) if code in known]
    found: dict[str, Placed] = {}
    for row in kept:
        if isinstance(row, dict) and (item := known.get(str(row.get("code")))):
            found[item.code] = Placed(item, _size(row.get("size"), item), _chosen(row, item))
    return list(found.values())


def _usual(user: User) -> tuple[tuple[str, Size], ...]:
    return FOR_A_HEAD if user.leads else FOR_A_MANAGER


def _size(raw: Any, item: Widget) -> Size:
    return Size(raw) if raw in list(Size) else item.size


def _chosen(row: dict[str, Any], item: Widget) -> dict[str, str]:
    return {name: str(row[name]) for name in item.takes if row.get(name)}


def keep(user: User, placed: Iterable[Placed]) -> None:
    preferences.put(
        user,
        KEY,
        [{"code": item.widget.code, "size": item.size.value, **item.chosen} for item in placed],
    )


def forget(user: User) -> None:
    """Back to what suits the role."""
    preferences.put(user, KEY, None)


def add(user: User, code: str) -> None:
    """Put a widget last. Errors: KeyError for one that is not for the user."""
    item = {known.code: known for known in registry.offered(user)}[code]
    standing = of(user)
    if all(placed.widget.code != code for placed in standing):
        keep(user, [*standing, Placed(item, item.size)])


def remove(user: User, code: str) -> None:
    keep(user, [item for item in of(user) if item.widget.code != code])


def order(user: User, codes: list[str]) -> None:
    """Place the widgets as named; those not named stay behind them, as they were."""
    standing = {item.widget.code: item for item in of(user)}
    named = [code for code in dict.fromkeys(codes) if code in standing]
    rest = [code for code in standing if code not in named]
    keep(user, [standing[code] for code in named + rest])


def shift(user: User, code: str, by: int) -> None:
    """One place forward or back. Errors: KeyError for one that does not stand there."""
    codes = [item.widget.code for item in of(user)]
    if code not in codes:
        raise KeyError(code)
    at = codes.index(code)
    to = max(0, min(at + by, len(codes) - 1))
    codes.insert(to, codes.pop(at))
    order(user, codes)


def change(user: User, code: str, *, size: str = "", chosen: dict[str, str] | None = None) -> None:
    """Another width, other settings. Errors: KeyError for one that does not stand there."""
    standing = of(user)
    if all(item.widget.code != code for item in standing):
        raise KeyError(code)
    keep(
        user,
        [
            replace(
                item,
                size=_size(size, item.widget) if size else item.size,
                chosen=_chosen(chosen, item.widget) if chosen is not None else item.chosen,
            )
            if item.widget.code == code
            else item
            for item in standing
        ],
    )
