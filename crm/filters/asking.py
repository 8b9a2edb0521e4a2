"""The kinds of conditions: how each is read from an address, what it asks of the database, how it says itself.

A condition knows nothing of requests: it reads the texts of its own parameters and answers with a value, or with
ValueError and a sentence for people. Where its values have since gone, it says which in `gone` and asks for the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from crm import periods
from pipelines.numbers import whole

Text = str | Promise
# What was typed: texts by the name of their parameter.
Typed = Callable[[str], list[str]]
Pairs = list[tuple[str, str]]

TEXT_LIMIT = 100
VALUES_LIMIT = 300
# As a form sends «from» and «to» of a condition.
FROM, TO = "_from", "_to"


@dataclass
class Condition(ABC):
    name: str
    label: Text
    group: str = ""
    # Shown at once, not among the rest that one unfolds.
    is_common: bool = True

    kind: ClassVar[str]

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters it reads."""
        return (self.name,)

    @abstractmethod
    def read(self, typed: Typed, gone: list[str]) -> Any:
        """What is asked; None for nothing. Errors: ValueError with a sentence."""

    @abstractmethod
    def where(self, value: Any, now: datetime) -> Q: ...

    @abstractmethod
    def pairs(self, value: Any) -> Pairs:
        """The value as parameters: the shortest way to ask for it."""

    @abstractmethod
    def say(self, value: Any) -> str:
        """The value in words, in the active language."""


@dataclass
class Contains(Condition):
    """A part of a text."""

    has: Callable[[str], Q] = field(kw_only=True)
    kind = "text"

    def read(self, typed: Typed, gone: list[str]) -> str | None:
        return _one(typed(self.name)) or None

    def where(self, value: str, now: datetime) -> Q:
        return self.has(value)

    def pairs(self, value: str) -> Pairs:
        return [(self.name, value)]

    def say(self, value: str) -> str:
        return quoted(value)


@dataclass
class AnyOf(Condition):
    """Any of some values of a list; `holds` asks for records with any of the codes."""

    choices: Mapping[str, Text] = field(kw_only=True)
    holds: Callable[[list[str], datetime], Q] = field(kw_only=True)
    kind = "choices"

    def read(self, typed: Typed, gone: list[str]) -> list[str] | None:
        asked = _several(typed(self.name))
        known = [code for code in asked if code in self.known(asked)]
        lost = [code for code in asked if code not in known]
        if lost and not known:
            raise ValueError(_("There is no “%(value)s” to choose here.") % {"value": lost[0][:60]})
        said = _("“%(label)s”: there is no “%(value)s” any more.")
        gone.extend(said % {"label": self.label, "value": code[:60]} for code in lost)
        return known or None

    def known(self, codes: list[str]) -> Mapping[str, Text]:
        """The labels of those of the codes that there are."""
        return self.choices

    def where(self, value: list[str], now: datetime) -> Q:
        return self.holds(value, now)

    def pairs(self, value: list[str]) -> Pairs:
        return [(self.name, code) for code in value]

    def say(self, value: list[str]) -> str:
        labels = self.known(value)
        return ", ".join(str(labels.get(code, code)) for code in value)


@dataclass
class AnyRow(AnyOf):
    """Any of some rows, by their numbers; read when asked for, for most pages ask for none."""

    choices: Mapping[str, Text] = field(default_factory=dict, kw_only=True)
    # The labels of these codes, or of all there are.
    find: Callable[[list[str] | None], Mapping[str, Text]] = field(kw_only=True)
    _found: dict[str, Text] = field(default_factory=dict, repr=False)

    def known(self, codes: list[str]) -> Mapping[str, Text]:
        if not self._found.keys() >= set(codes):
            self._found |= self.find(codes)
        return self._found

    @cached_property
    def offered(self) -> Mapping[str, Text]:
        return self.find(None)


@dataclass
class Days(Condition):
    """A period of days: a word or «from..to» (crm.periods), also as two parameters «…_from» and «…_to»."""

    within: Callable[[datetime | None, datetime | None], Q] = field(kw_only=True)
    kind = "days"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, self.name + FROM, self.name + TO)

    def read(self, typed: Typed, gone: list[str]) -> str | None:
        asked = _one(typed(self.name))
        # As the form says «two dates», which stand beside it.
        if asked in ("", periods.BETWEEN):
            since, until = (_one(typed(self.name + end)) for end in (FROM, TO))
            asked = f"{since}{periods.BETWEEN}{until}" if since or until else ""
        if not asked:
            return None
        # A word is kept as the word: a saved «this week» means another week in a week.
        return periods.word(asked) or periods.parse(asked, today=timezone.localdate()).code

    def where(self, value: str, now: datetime) -> Q:
        period = periods.parse(value, today=timezone.localdate(now))
        return self.within(
            _midnight(period.start) if period.start else None,
            _midnight(period.end + timedelta(days=1)) if period.end else None,
        )

    def pairs(self, value: str) -> Pairs:
        return [(self.name, value)]

    def say(self, value: str) -> str:
        return periods.parse(value, today=timezone.localdate()).label


@dataclass
class Between(Condition):
    """A number or a sum from one to another, both in it, as «…_from» and «…_to»."""

    parse: Callable[[str], Decimal] = field(kw_only=True)
    within: Callable[[Decimal | None, Decimal | None], Q] = field(kw_only=True)
    kind = "range"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name + FROM, self.name + TO)

    def read(self, typed: Typed, gone: list[str]) -> tuple[Decimal | None, Decimal | None] | None:
        low, high = (
            self.parse(text) if (text := _one(typed(name))) else None for name in self.names
        )
        return None if low is None and high is None else (low, high)

    def where(self, value: tuple[Decimal | None, Decimal | None], now: datetime) -> Q:
        return self.within(*value)

    def pairs(self, value: tuple[Decimal | None, Decimal | None]) -> Pairs:
        return [
            (name, _shortest(amount))
            for name, amount in zip(self.names, value, strict=True)
            if amount is not None
        ]

    def say(self, value: tuple[Decimal | None, Decimal | None]) -> str:
        low, high = (None if amount is None else _grouped(amount) for amount in value)
        if low == high:
            return str(low)
        if high is None:
            return _("from %(low)s") % {"low": low}
        return _("to %(high)s") % {"high": high} if low is None else f"{low} – {high}"


@dataclass
class Numbers(Condition):
    """Records by their numbers, «ids=1,2,3»: what a report links to; nobody types it."""

    within: Callable[[list[int]], Q] = field(kw_only=True)
    kind = "hidden"

    def read(self, typed: Typed, gone: list[str]) -> list[int] | None:
        texts = [part for text in typed(self.name) for part in text.split(",") if part.strip()]
        return list(dict.fromkeys(map(number, texts))) or None

    def where(self, value: list[int], now: datetime) -> Q:
        return self.within(value)

    def pairs(self, value: list[int]) -> Pairs:
        return [(self.name, ",".join(map(str, value)))]

    def say(self, value: list[int]) -> str:
        shown = ", ".join(map(str, value[:5]))
        return f"{shown} …" if len(value) > 5 else shown


@dataclass
class Client(Condition):
    """A contact or a company: by its number, as links have it, or by a part of its name, as people type it."""

    has: Callable[[str], Q] = field(kw_only=True)
    name_of: Callable[[int], str] = field(kw_only=True)
    kind = "client"

    def read(self, typed: Typed, gone: list[str]) -> str | None:
        text = _one(typed(self.name))
        return str(number(text)) if text.isdecimal() else text or None

    def where(self, value: str, now: datetime) -> Q:
        return Q(**{self.name: int(value)}) if value.isdecimal() else self.has(value)

    def pairs(self, value: str) -> Pairs:
        return [(self.name, value)]

    def say(self, value: str) -> str:
        if value.isdecimal():
            return self.name_of(int(value)) or f"№ {value}"
        return quoted(value)


def quoted(text: str) -> str:
    return _("“%(text)s”") % {"text": text}


def number(text: str) -> int:
    """Errors: ValueError for what is no number of a record; one that no bigint holds would fail in the database only."""
    found = whole(text.strip())
    if found is None:
        raise ValueError(_("Write the number of a record."))
    return found


def _one(texts: Iterable[str]) -> str:
    """The last text of a parameter, as forms have it. Errors: ValueError."""
    text = next(reversed(list(texts)), "").strip()
    if "\x00" in text:
        raise ValueError(_("This text holds a sign that no record has."))
    if len(text) > TEXT_LIMIT:
        raise ValueError(_("At most %(limit)s characters.") % {"limit": TEXT_LIMIT})
    return text


def _several(texts: Iterable[str]) -> list[str]:
    asked = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    if len(asked) > VALUES_LIMIT:
        raise ValueError(_("At most %(limit)s values.") % {"limit": VALUES_LIMIT})
    return asked


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _shortest(amount: Decimal) -> str:
    return f"{amount:f}".rstrip("0").rstrip(".") if "." in f"{amount:f}" else f"{amount:f}"


def _grouped(amount: Decimal) -> str:
    whole, dot, rest = _shortest(amount).partition(".")
    return f"{int(whole):,}".replace(",", "\u00a0") + (f",{rest}" if dot else "")
