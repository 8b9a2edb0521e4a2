"""What was asked of a list in an address: read, applied, said in words and written again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from crm.filters import own
from crm.filters.asking import Condition, Pairs
from crm.models import User

Records = TypeVar("Records", bound=QuerySet[Any])


@dataclass(frozen=True)
class Chip:
    """An active condition in words, and the question without it."""

    label: str
    words: str
    without: str


class Filter(ABC):
    """What was asked in the address; `apply` narrows records by it. Each list has its own, of the same kinds of conditions.

    Nonsense makes `errors`, by the names of the conditions, and then no record answers: all of them would be shown as if
    they had been asked for. A condition that there is no more (a field was deleted) is said in `gone`, and the rest holds.
    """

    # What addresses of lists say beside conditions; what a list says of itself comes to it.
    beside: ClassVar[frozenset[str]] = frozenset(
        {"sort", "size", "after", "before", "filters", "saved", "apply", "here", "back", "csrfmiddlewaretoken"}
    )  # fmt: skip

    def __init__(self, data: Any, *, user: User) -> None:
        """`data` is a QueryDict or a plain dict."""
        self.data: MultiValueDict[str, Any] = (
            data
            if isinstance(data, MultiValueDict)
            else MultiValueDict({name: [value] for name, value in data.items()})
        )
        self.user = user
        self.errors: dict[str, str] = {}
        self.gone: list[str] = []
        self.asked: dict[str, Any] = {}
        # A list as it opens is asked for nothing: then nothing is built.
        if names := [name for name in self.data if name not in self.beside]:
            self._read(names)

    @abstractmethod
    def all_conditions(self) -> Iterable[Condition]:
        """In the order of the form."""

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """By their names."""
        return {condition.name: condition for condition in self.all_conditions()}

    @property
    def has_rest(self) -> bool:
        """Whether the form offers, folded away, the conditions that are not common."""
        return True

    @property
    def is_active(self) -> bool:
        """Whether anything is asked; a filter that can't be understood asks too."""
        return bool(self.errors or self.asked)

    @property
    def has_text(self) -> bool:
        return "q" in self.asked

    def apply(self, records: Records, *, now: datetime) -> Records:
        """Those of the records that answer to everything asked; none where the question makes no sense."""
        if self.errors:
            return records.none()
        for name, value in self.asked.items():
            records = records.filter(self.conditions[name].where(value, now))
        return records

    def pairs(self, *, without: Iterable[str] = ()) -> Pairs:
        """The parameters that ask the same, and nothing empty."""
        left_out = set(without)
        return [
            pair
            for name, value in self.asked.items()
            if name not in left_out
            for pair in self.conditions[name].pairs(value)
        ]

    def query(self, *, without: Iterable[str] = ()) -> str:
        """The same question as an address's, always the same for the same question."""
        return urlencode(self.pairs(without=without))

    def chips(self) -> list[Chip]:
        return [
            Chip(
                str(self.conditions[name].label),
                self.conditions[name].say(value),
                self.query(without=[name]),
            )
            for name, value in self.asked.items()
        ]

    def _read(self, names: list[str]) -> None:
        understood: set[str] = set()
        for name, condition in self.conditions.items():
            ways = [way for part in condition.names for way in self._ways(part)]
            understood.update(ways)
            if self.data.keys().isdisjoint(ways):
                continue
            try:
                value = condition.read(self.typed, self.gone)
            except ValueError as error:
                self.errors[name] = str(error)
            else:
                if value is not None:
                    self.asked[name] = value
        self.gone += [
            _("There is no condition “%(name)s” any more; the rest of the filter holds.")
            % {"name": name.removeprefix(own.PREFIX)[:60]}
            for name in names
            if name not in understood and any(self.data.getlist(name))
        ]

    def typed(self, part: str) -> list[str]:
        return [str(text) for way in self._ways(part) for text in self.data.getlist(way)]

    def _ways(self, part: str) -> list[str]:
        """The parameters that mean `part`: an own field may be asked for without the prefix, where the word is free."""
        short = part.removeprefix(own.PREFIX)
        return [part] if short in self._taken else [part, short]

    @cached_property
    def _taken(self) -> frozenset[str]:
        """The words that mean something else than an own field."""
        names = [
            name
            for condition in self.conditions.values()
            for name in condition.names
            if not name.startswith(own.PREFIX)
        ]
        return self.beside.union(names)
