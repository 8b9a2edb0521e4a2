"""The registry of what a batch can do to a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.apps import apps
from django.utils.functional import Promise

from crm import rights
from crm.models import Batch, BatchRow
from pipelines.actor import Actor


class Kind:
    """What is done to each row of a batch, and how it is put back. One instance serves all batches."""

    code: ClassVar[str] = ""
    label: ClassVar[str | Promise] = ""
    # The rows' model in `crm`, by its name in small letters; empty where a row makes its record.
    record: ClassVar[str] = ""
    # Whoever starts or undoes a batch of this kind needs it; None: whoever sees the page.
    right: ClassVar[str | None] = rights.CHANGE_MANY
    can_undo: ClassVar[bool] = True
    # Rows of one transaction; whoever wants one of their records waits so long at most.
    chunk: ClassVar[int] = 50
    # Whether the writes of a chunk may wait for one another (`pipelines.writes`): `do` and `undo` raise before they write.
    gathers: ClassVar[bool] = False

    def do(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> dict[str, Any]:
        """Change `row.subject`; returns what `undo` needs, as JSON. Errors: RegulationError refuses the row."""
        raise NotImplementedError

    def undo(self, row: BatchRow, batch: Batch, *, by: Actor, now: datetime) -> None:
        """Put back what `do` did, by `row.before`. Errors: RegulationError leaves the row as it is, with the sentence."""
        raise NotImplementedError

    def after(self, rows: Sequence[BatchRow], batch: Batch, *, by: Actor, now: datetime) -> None:
        """What is best done once for all rows of a chunk, of which each has its new state; in the chunk's transaction."""

    def lost(self, batch: Batch) -> list[str]:
        """What undoing will not bring back, in words; said before the batch is confirmed and before it is undone."""
        return []

    def load(self, rows: Sequence[BatchRow], batch: Batch, *, by: Actor) -> None:
        """Set each row's `subject`: its record, locked, if `by` may see it, else None. In the chunk's transaction."""
        if not self.record:
            return
        model = apps.get_model("crm", self.record)
        wanted = [row.record_id for row in rows]
        found = {item.pk: item for item in self.lock(model._default_manager, wanted, by=by)}
        for row in rows:
            row.subject = found.get(row.record_id)

    def lock(self, manager: Any, ids: list[int | None], *, by: Actor) -> Iterable[Any]:
        """The records with these ids that the person sees, locked in the order of their ids."""
        records = manager.visible_to(by.user) if hasattr(manager, "visible_to") else manager
        return records.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk")


registered: dict[str, Kind] = {}


def kind(
    code: str, *, label: str | Promise, record: str = "", right: str | None = rights.CHANGE_MANY
) -> Callable[[type[Kind]], type[Kind]]:
    """Register a kind under its code. The module must be imported by an app's `ready`: a worker knows no pages."""

    def register(cls: type[Kind]) -> type[Kind]:
        cls.code, cls.label, cls.record, cls.right = code, label, record, right
        registered[code] = cls()
        return cls

    return register


def of(batch: Batch) -> Kind | None:
    """The batch's kind, or None where no code knows it any more."""
    return registered.get(batch.kind)
