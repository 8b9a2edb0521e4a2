"""Long tables read a chunk at a time, through cursors of the server that are closed when reading stops, wherever it does.

A cursor left to the garbage collector is closed whenever that comes round: in the midst of somebody's later transaction
on the same connection, which knows no such cursor any more and fails of it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.db.models import QuerySet


def rows_of(found: QuerySet[Any, Any], *, at_once: int) -> Generator[Any]:
    """The rows of the query, so many at a time. Whoever may stop before the last one closes it (`stopping`)."""
    rows: Any = found.iterator(chunk_size=at_once)
    with closing(rows):
        yield from rows


@contextmanager
def stopping(rows: Iterable[Any]) -> Iterator[None]:
    """Close the rows after the block, if they are a generator: a full disk or a limit may have ended it before them."""
    try:
        yield
    finally:
        if isinstance(rows, Generator):
            rows.close()
