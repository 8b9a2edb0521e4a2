"""Reading a posted JSON object field by field: everything that is wrong is said at once, at its field."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from pipelines import fields
from pipelines.errors import BadAnswer

TEXT_LIMIT = 10_000
SECONDS_LIMIT = 7 * 24 * 3600
WORDS_LIMIT = 20


class Posted:
    """The object; unknown keys are passed over, so that a sender may say more than we ask."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.errors: dict[str, str] = {}

    def text(self, name: str, *, required: bool = False) -> str:
        """A text; a number is taken as one, as many systems write phones and ids."""
        raw = self.data.get(name)
        if isinstance(raw, int) and not isinstance(raw, bool):
            raw = str(raw)
        if raw is None:
            raw = ""
        if not isinstance(raw, str):
            return str(self._wrong(name, _("This must be a text."), ""))
        text = fields.storable(raw).strip()
        if required and not text:
            self._wrong(name, _("This is missing."), "")
        if len(text) > TEXT_LIMIT:
            self._wrong(name, _("At most %(limit)s characters.") % {"limit": TEXT_LIMIT}, "")
        return text

    def flag(self, name: str, *, default: bool = False, required: bool = False) -> bool:
        raw = self.data.get(name)
        if raw is None:
            if required:
                self._wrong(name, _("This is missing."), default)
            return default
        return (
            raw
            if isinstance(raw, bool)
            else self._wrong(name, _("This must be true or false."), default)
        )

    def number(self, name: str) -> int | None:
        raw = self.data.get(name)
        if raw is None:
            return None
        if isinstance(raw, bool) or not isinstance(raw, int) or not 0 <= raw <= SECONDS_LIMIT:
            self._wrong(name, _("This must be a whole number, not negative."), None)
            return None
        return raw

    def mapping(self, name: str) -> dict[str, Any]:
        raw = self.data.get(name, {})
        if isinstance(raw, dict):
            return raw
        self._wrong(name, _("This must be an object."), {})
        return {}

    def words(self, name: str) -> tuple[str, ...]:
        raw = self.data.get(name, [])
        if (
            isinstance(raw, list)
            and len(raw) <= WORDS_LIMIT
            and all(isinstance(word, str) for word in raw)
        ):
            return tuple(raw)
        self._wrong(name, _("This must be a short list of texts."), ())
        return ()

    def done(self) -> None:
        """Errors: BadAnswer with all that was wrong."""
        if self.errors:
            raise BadAnswer(self.errors)

    def _wrong(self, name: str, sentence: str, instead: Any) -> Any:
        self.errors.setdefault(name, sentence)
        return instead
