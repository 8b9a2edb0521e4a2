"""The registry of tables that can be exported, and their rows in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

from django.db.models import QuerySet
from django.http import QueryDict

from crm.models import User
from pipelines.streams import rows_of

# Records read at a time.
CHUNK = 1_000


@dataclass(frozen=True)
class Heading:
    """A column of the file: its heading and its width in characters."""

    label: str
    width: int = 18


class Line(Protocol):
    def __call__(self, records: Sequence[Any]) -> Iterator[Sequence[Any]]: ...


@dataclass(frozen=True)
class Table:
    """What is written: headings, the records, and how records become lines of plain values, a chunk at a time."""

    title: str
    headings: Sequence[Heading]
    records: QuerySet[Any]
    lines: Callable[[Sequence[Any]], Iterator[Sequence[Any]]]


class Source(Protocol):
    def __call__(
        self, user: User, query: QueryDict, *, everything: bool, now: datetime
    ) -> Table: ...


_sources: dict[str, Source] = {}


def source(kind: str) -> Callable[[Source], Source]:
    """Register the table under the beginning of its address: «deals», or «list» for «list-fleet»."""

    def register(function: Source) -> Source:
        _sources[kind] = function
        return function

    return register


def table(
    kind: str, user: User, query: QueryDict, *, everything: bool = False, now: datetime
) -> Table:
    """The table as the address `query` asks for it, with the person's columns or `everything`.

    Errors: LookupError for a kind that there is not, or that the person may not read.
    """
    found = _sources.get(kind) or _sources.get(kind.partition("-")[0])
    if found is None:
        raise LookupError(kind)
    asked = query.copy()
    asked["kind"] = kind
    return found(user, asked, everything=everything, now=now)


def rows(made: Table) -> Iterator[Sequence[Any]]:
    """The lines of the table, read a chunk at a time."""
    with closing(rows_of(made.records, at_once=CHUNK)) as records:
        while chunk := list(islice(records, CHUNK)):
            yield from made.lines(chunk)
