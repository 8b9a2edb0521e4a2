"""Writes that wait for one another, so that a batch of deals costs a statement a table and not a statement a row.

Inside `gathering` a new row gets its number at once and is inserted with the others of its table; changes are merged and
written together. Whatever else is asked of the database is asked after what waits has been written: nobody reads the
past. A savepoint that is rolled back takes along what was waiting in it. Outside, each function writes at once.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import connection, models

from pipelines import reads, transactions

# Numbers taken from a table's sequence at a time; those that a batch does not use are lost, as any sequence loses some.
BLOCK = 100
# How the statements begin that change nothing.
_READING = ("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK")


def insert(row: models.Model) -> None:
    """Insert a new row; it has its number when this returns."""
    reads.written(row)
    if (batch := _batch.get()) is None:
        row.save(force_insert=True)
    else:
        batch.insert(row)


def update(row: models.Model, *fields: str) -> None:
    """Write these fields of the row as they are now."""
    reads.written(row)
    if (batch := _batch.get()) is None:
        row.save(update_fields=fields)
    else:
        batch.update(row, fields)


def later(write: Callable[[list[Any]], object], item: Any, *, of: Any) -> None:
    """Call `write` with all the items of the batch; those of one deal (`of`) in the order in which they were asked for."""
    if (batch := _batch.get()) is None:
        write([item])
    else:
        batch.call(write, item, of)


def is_gathering() -> bool:
    return _batch.get() is not None


def mark() -> int:
    """Grows with every write asked for inside `gathering`: where it stayed, nothing was changed meanwhile."""
    batch = _batch.get()
    return batch.asked if batch is not None else 0


@contextmanager
def gathering() -> Iterator[None]:
    """Let the writes inside wait for one another; everything is written when the block ends. In a transaction only."""
    if _batch.get() is not None:
        yield
        return
    batch = _Batch()
    token = _batch.set(batch)
    try:
        with connection.execute_wrapper(batch.before_a_statement):
            yield
            batch.flush()
    finally:
        _batch.reset(token)


class _Batch:
    def __init__(self) -> None:
        self.rows: dict[type[models.Model], list[models.Model]] = defaultdict(list)
        self.changes: dict[type[models.Model], dict[Any, dict[str, Any]]] = defaultdict(dict)
        self.calls: dict[Callable[[list[Any]], object], list[Any]] = defaultdict(list)
        # By deal: which of the calls was asked for last.
        self.reached: dict[Any, int] = {}
        self.numbers: dict[type[models.Model], deque[int]] = defaultdict(deque)
        self.is_writing = False
        self.asked = 0

    def insert(self, row: models.Model) -> None:
        self.asked += 1
        if check := getattr(row, "before_write", None):
            check(None)
        model = type(row)
        if not self.numbers[model]:
            self.numbers[model].extend(self._take_numbers(model))
        row.pk = self.numbers[model].popleft()
        row._state.adding, row._state.db = False, connection.alias
        self.rows[model].append(row)

    def update(self, row: models.Model, fields: tuple[str, ...]) -> None:
        self.asked += 1
        if check := getattr(row, "before_write", None):
            check(fields)
        change = self.changes[type(row)].setdefault(row.pk, {})
        for name in fields:
            field = row._meta.get_field(name)
            change[name] = field.pre_save(row, add=False)  # type: ignore[union-attr]

    def call(self, write: Callable[[list[Any]], object], item: Any, of: Any) -> None:
        self.asked += 1
        order = list(self.calls)
        place = order.index(write) if write in self.calls else len(order)
        if place < self.reached.get(of, 0):
            self.flush()
            place = 0
        self.calls[write].append(item)
        self.reached[of] = place

    def before_a_statement(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if not self.is_writing:
            # A union of questions begins with a bracket.
            if not str(sql).lstrip("(").startswith(_READING):
                self.asked += 1
                reads.forget()
            # What waits was asked for after the last savepoint began, for beginning one writes what waited.
            if str(sql).startswith("ROLLBACK"):
                self._forget()
                reads.forget()
                transactions.forget()
            else:
                self.flush()
        return execute(sql, params, many, context)

    def flush(self) -> None:
        rows, changes, calls = self.rows, self.changes, self.calls
        was_lost = connection.needs_rollback
        self._forget()
        self.is_writing = True
        try:
            for model in _in_order(rows):
                model._base_manager.bulk_create(rows[model])
            for model, changed in changes.items():
                _write_changes(model, changed)
            for write, items in calls.items():
                write(items)
        except BaseException:
            # Inserting marks the transaction as lost; the savepoint round it, whose release asked for this, takes it back.
            connection.needs_rollback = was_lost
            raise
        finally:
            self.is_writing = False

    def _forget(self) -> None:
        self.rows, self.changes, self.calls = (
            defaultdict(list),
            defaultdict(dict),
            defaultdict(list),
        )
        self.reached = {}

    def _take_numbers(self, model: type[models.Model]) -> list[int]:
        table, column = model._meta.db_table, model._meta.pk.column
        was, self.is_writing = self.is_writing, True
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                    [connection.ops.quote_name(table), column, BLOCK],
                )
                return [number for (number,) in cursor.fetchall()]
        finally:
            self.is_writing = was


def _in_order(waiting: Collection[type[models.Model]]) -> list[type[models.Model]]:
    """The models with those they point to before them: a trigger that looks there finds what it looks for."""
    ordered: dict[type[models.Model], None] = {}
    begun: set[type[models.Model]] = set()

    def add(model: type[models.Model]) -> None:
        if model in begun:
            return
        begun.add(model)
        for field in model._meta.concrete_fields:
            target: Any = field.related_model
            if target in waiting:
                add(target)
        ordered[model] = None

    for model in waiting:
        add(model)
    return list(ordered)


def _write_changes(model: type[models.Model], changed: dict[Any, dict[str, Any]]) -> None:
    """One statement for all rows in which the same fields change."""
    alike: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for pk, change in changed.items():
        alike[tuple(sorted(change))].append(pk)
    quote = connection.ops.quote_name
    for names, pks in alike.items():
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        columns = [model._meta.pk, *fields]
        values = [pks] + [
            [field.get_db_prep_save(changed[pk][name], connection) for pk in pks]
            for name, field in zip(names, fields, strict=True)
        ]
        arrays = ", ".join(f"%s::{_type(field)}[]" for field in columns)
        given = ", ".join(quote(field.column) for field in columns)
        sets = ", ".join(f"{quote(field.column)} = given.{quote(field.column)}" for field in fields)
        key = quote(str(model._meta.pk.column))
        table = quote(model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {sets} FROM unnest({arrays}) AS given({given})"  # noqa: S608 (names of our models)
                f" WHERE {table}.{key} = given.{key}",
                values,
            )


def _type(field: Any) -> str:
    """The column's type in SQL; a key's own type without what makes it count by itself."""
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


_batch: ContextVar[_Batch | None] = ContextVar("writes_waiting", default=None)
