"""Taking a mapping apart key by key, with a problem (file, line, place) for whatever is not as it should be."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from django.utils.translation import gettext as _

from .reading import Map, Rows
from .specs import Place


class Problems(list[str]):
    """Sentences that each begin with file, line and place."""

    def add(self, place: Place, sentence: str) -> None:
        self.append(f"{place}: {sentence}")


def hint(wrong: str, known: Iterable[str]) -> str:
    """“ (did you mean “taken”?)” or what there is to choose from; nothing where there is nothing."""
    known = sorted({str(word) for word in known if word})
    if close := get_close_matches(wrong, known, n=1):
        return _(" (did you mean “%(word)s”?)") % {"word": close[0]}
    if not known:
        return ""
    shown = ", ".join(known[:15]) + (", …" if len(known) > 15 else "")
    return _(" (there are: %(words)s)") % {"words": shown}


class Cursor:
    """One mapping of a playbook; every `take` of a key marks it as known, and `done` complains of the others."""

    def __init__(
        self, data: Any, *, file: str, path: str, problems: Problems, line: int = 0
    ) -> None:
        self.file, self.path, self.problems = file, path, problems
        self.line = getattr(data, "line", line)
        if not isinstance(data, Map):
            self.complain(
                _("here must stand a mapping (key: value), not %(what)s") % {"what": _kind(data)}
            )
            data = Map(self.line)
        self.data, self.known = data, list[str]()

    def place(self, key: str = "") -> Place:
        path = ": ".join(part for part in (self.path, key) if part)
        return Place(self.file, self.data.lines.get(key, self.line) if key else self.line, path)

    def complain(self, sentence: str, key: str = "") -> None:
        place = self.place(key) if hasattr(self, "data") else Place(self.file, self.line, self.path)
        self.problems.add(place, sentence)

    def take(self, key: str) -> Any:
        self.known.append(key)
        return self.data.get(key)

    def text(self, key: str, default: str = "", *, required: bool = False) -> str:
        value = self.take(key)
        if value is None or value == "":
            if required:
                self.complain(_("“%(key)s” is missing") % {"key": key})
            return default
        if isinstance(value, (Map, Rows)):
            self.complain(_("must be a text, not %(what)s") % {"what": _kind(value)}, key)
            return default
        return str(value) if not isinstance(value, bool) else str(value).lower()

    def flag(self, key: str, default: bool) -> bool:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.complain(_("must be true or false, not “%(value)s”") % {"value": value}, key)
            return default
        return value

    def number(self, key: str, default: int) -> int:
        value = self.take(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 32768:
            self.complain(_("must be a whole number, not “%(value)s”") % {"value": value}, key)
            return default
        return value

    def words(self, key: str) -> list[str]:
        """A list of words; one bare word is a list of one."""
        value = self.take(key)
        if value is None:
            return []
        items = value if isinstance(value, Rows) else [value]
        if any(isinstance(item, (Map, Rows)) or item is None for item in items):
            self.complain(_("must be a list of words"), key)
            return []
        return [str(item) for item in items]

    def items(self, key: str) -> list[tuple[Any, int]]:
        """The items of a list with their lines."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, Rows):
            self.complain(
                _("must be a list (lines that begin with “-”), not %(what)s")
                % {"what": _kind(value)},
                key,
            )
            return []
        return list(zip(value, value.lines, strict=True))

    def rows(self, key: str, name: str = "") -> list[Cursor]:
        """The mappings of a list; each is called by its value under `name`, or by its number."""
        found = []
        for number, (item, line) in enumerate(self.items(key), start=1):
            label = item.get(name) if name and isinstance(item, Map) else None
            found.append(self._inside(item, f"{name or key} {label or number}", line))
        return found

    def inside(self, key: str) -> Cursor | None:
        """The mapping under a key, or None where there is none."""
        value = self.take(key)
        return None if value is None else self._inside(value, key, self.data.lines[key])

    def _inside(self, data: Any, path: str, line: int) -> Cursor:
        path = ": ".join(part for part in (self.path, path) if part)
        return Cursor(data, file=self.file, path=path, problems=self.problems, line=line)

    def done(self) -> None:
        for key, value in self.data.items():
            if key in self.known:
                continue
            if value is None and " " in key:
                # `{goal: one, two}`: the comma ended the text.
                self.complain(
                    _("“%(key)s” is no key: put a text with commas or colons in quotes")
                    % {"key": key},
                    key,
                )
            else:
                self.complain(
                    _("unknown key “%(key)s”%(hint)s")
                    % {"key": key, "hint": hint(key, self.known)},
                    key,
                )


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return _("a mapping")
    if isinstance(value, list):
        return _("a list")
    return _("nothing") if value is None else f"“{str(value)[:60]}”"
