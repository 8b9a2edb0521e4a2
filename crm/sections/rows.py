"""What the sections check and load alike: keys and clauses that are not known, rows made to be those of the playbook."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

from django.utils.translation import gettext as _

from pipelines.playbook.cursor import hint

Key = TypeVar("Key", bound=Hashable)


class Row(Protocol):
    """A row of a model, as far as it is asked here."""

    pk: Any

    def save(self) -> None: ...

    def delete(self) -> Any: ...


AnyRow = TypeVar("AnyRow", bound=Row)


def unknown_keys(row: dict[str, Any], known: Iterable[str]) -> Iterator[str]:
    """A problem a key that nobody reads: usually a slip of the pen."""
    known = tuple(known)
    for key in row.keys() - set(known):
        yield _("unknown key “%(key)s”%(hint)s") % {"key": key, "hint": hint(str(key), known)}


def unknown_clause(clause: Any, clauses: set[str], *, at: str = "") -> Iterator[str]:
    """A problem where the playbook's regulation has no such clause; `at` is the key that names it."""
    if str(clause) not in clauses:
        yield (f"{at}: " if at else "") + _("unknown clause “%(clause)s”%(hint)s") % {
            "clause": clause,
            "hint": hint(str(clause), clauses),
        }


def settle(
    standing: dict[Key, AnyRow],
    wanted: Iterable[tuple[Key, dict[str, Any]]],
    make: Callable[[Key], AnyRow],
) -> None:
    """Make the rows of the playbook be the wanted ones, by key and columns: what is the same stays untouched, the rest goes."""
    for key, columns in wanted:
        row = standing.pop(key, None) or make(key)
        if row.pk is None or any(getattr(row, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(row, name, value)
            row.save()
    for gone in standing.values():
        gone.delete()
