"""Columns of tables: of those that a table has, the ones that a person chose, in his order.

A table registers itself once:

    columns.register("tasks", known)      # known(user, scope) -> list[Column]; LookupError for an unknown scope

and asks with every page, which costs no statement:

    chosen = columns.chosen(user, "tasks", scope, known(user, scope))
    chosen.columns                        # in the person's order
    chosen.is_own                         # whether he chose them himself

`scope` tells tables of one kind apart: a pipeline's code, a list's number, «all». The window in which one chooses is
`{% url 'crm:columns' kind scope %}`; headings are dragged by static/js/columns.js where the row of headings says
`data-columns="{% url 'crm:columns' kind scope %}"` and each heading `data-column="code"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from crm import preferences, rights
from crm.models import User


@dataclass(frozen=True)
class Column:
    """One column that a table can show; `label` and `title` are in the active language."""

    code: str
    label: str
    # What the heading says when pointed at; empty where the label says it all.
    title: str = ""
    is_sortable: bool = False
    # Shown to those who have chosen nothing.
    at_first: bool = True
    # Never taken away: a line that nobody can open is no use.
    is_fixed: bool = False
    # Sums and counts stand at the right.
    at_end: bool = False


@dataclass(frozen=True)
class Chosen:
    columns: list[Column]
    is_own: bool

    def __contains__(self, code: str) -> bool:
        return any(column.code == code for column in self.columns)


Known = Callable[[User, str], list[Column]]
_TITLE = gettext_lazy("Columns")


@dataclass(frozen=True)
class Table:
    """What has columns: who may choose them (`right`; None: everybody), and what the window says of itself."""

    known: Known
    right: str | None = rights.ARRANGE
    title: str | Promise = _TITLE

    def is_open_to(self, user: User) -> bool:
        return self.right is None or user.may(self.right)


_tables: dict[str, Table] = {}


def register(kind: str, known: Known, **about: Any) -> None:
    """Called once by each table when its app is ready; `about` as in `Table`."""
    _tables[kind] = Table(known, **about)


def table(kind: str) -> Table:
    """Errors: LookupError."""
    return _tables[kind]


def known(user: User, kind: str, scope: str) -> list[Column]:
    """All that the table can show to the user. Errors: LookupError."""
    return _tables[kind].known(user, scope)


def chosen(user: User, kind: str, scope: str, known: Iterable[Column]) -> Chosen:
    """What the user chose of the known; the usual ones for who has not, or has not the right to."""
    columns = list(known)
    may = _tables[kind].is_open_to(user)
    kept = preferences.get(user, _key(kind, scope)) if may else None
    codes = _still_known(kept, columns)
    if not codes:
        return Chosen([column for column in columns if column.at_first or column.is_fixed], False)
    by_code = {column.code: column for column in columns}
    return Chosen([by_code[code] for code in codes], True)


def choose(user: User, kind: str, scope: str, codes: Iterable[str]) -> None:
    """Keep the columns in this order; none at all brings the usual ones back.

    Errors: PermissionDenied without the right, LookupError for a table that there is not.
    """
    if right := _tables[kind].right:
        rights.need(user, right)
    asked = list(codes)
    kept = _still_known(asked, known(user, kind, scope)) if asked else []
    preferences.put(user, _key(kind, scope), kept or None)


def _still_known(kept: Any, columns: list[Column]) -> list[str]:
    """The codes that mean something today, each once; a fixed column that is missing stands where the table has it."""
    if not isinstance(kept, list):
        return []
    known = {column.code for column in columns}
    codes = list(dict.fromkeys(code for code in kept if isinstance(code, str) and code in known))
    if not codes:
        return []
    for place, column in enumerate(columns):
        if column.is_fixed and column.code not in codes:
            codes.insert(place, column.code)
    return codes


def _key(kind: str, scope: str) -> str:
    return f"columns.{kind}.{scope}"[:100]
