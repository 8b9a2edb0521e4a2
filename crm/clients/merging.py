"""Two records of one person or company become one, and two again if that was wrong.

What points at the other record is found by the models themselves, so that a new model with such a key comes along without
being named here. What the database allows once a client (a phone, a life as a supplier) stays where it was if the main
record has its own. The feed is written once and for all: the main record's feed reads the other's too.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import deliveries
from crm.clients import fields as client_fields
from crm.clients.fields import Client
from crm.clients.verbs import named
from crm.models import ClientLife, Company, Delivery
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import RegulationError
from pipelines.transactions import verb

MERGED = registry.event("client.merged", label=gettext_lazy("records merged"), icon="git-merge")
SEPARATED = registry.event(
    "client.separated", label=gettext_lazy("records separated again"), icon="git-fork"
)

# Keys that stay with the other record, and why.
KEPT = {"pipelines.Event": "the feed is never rewritten; the main record's feed reads both"}
# Columns of the records that are no facts about the client.
OWN = frozenset({"id", "created_at", "archived_at", "merged_into", "values", "name_is_statutory"})
Before = dict[str, Any]


class Key(NamedTuple):
    """A column of another table that holds the number of a contact or a company."""

    model: type[models.Model]
    column: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.column}"


def keys_of(record: type[models.Model]) -> list[Key]:
    """Every foreign key to the model, but for those of `KEPT` and of copies that triggers keep."""
    found = [
        field.field
        for field in record._meta.get_fields(include_hidden=True)
        if field.auto_created and not field.concrete and isinstance(field, models.ForeignObjectRel)
    ]
    return [
        Key(field.model, field.name)
        for field in found
        if isinstance(field, models.ForeignKey)
        # Copies that triggers keep have none.
        and field.db_constraint  # type: ignore[attr-defined]
        and field.model._meta.label not in KEPT
    ]


def differing(main: Client, other: Client) -> list[tuple[str, Any, Any]]:
    """(field, the main's value, the other's) wherever both could be meant; own fields as `values.<code>`."""
    found = []
    for name in _columns(main):
        mine, theirs = getattr(main, name), getattr(other, name)
        if theirs not in (None, "") and mine != theirs:
            found.append((name, mine, theirs))
    for code, theirs in sorted(other.values.items()):
        mine = main.values.get(code)
        if mine != theirs:
            found.append((f"values.{code}", mine, theirs))
    return found


@verb
def merge(main: Client, other: Client, *, take: Iterable[str], by: Actor, now: datetime) -> Before:
    """Point at `main` what points at `other`, and archive that; of the fields in `take` the other's value stays.

    Both are locked by the caller. A field that the main record leaves empty is taken unasked. Returns what `separate`
    needs, as JSON. Errors: RegulationError for a record with itself or one that is archived.
    """
    if main.pk == other.pk or type(main) is not type(other):
        raise RegulationError(_("Choose two different records."))
    if main.archived_at or other.archived_at:
        raise RegulationError(_("One of the two is archived already."))
    taken = set(take)
    fields: dict[str, list[Any]] = {}
    for name, mine, theirs in differing(main, other):
        if name in taken or mine in (None, "", []):
            fields[name] = [_stored(mine), _stored(theirs)]
            _set(main, name, theirs)
    main.save()
    moved = {key.label: _repoint(key, other.pk, main.pk) for key in keys_of(type(main))}
    lives = _unite_lives(main, other, by=by, now=now)
    other.merged_into, other.archived_at = main, now
    other.save(update_fields=["merged_into", "archived_at"])
    said = {"name": other.name, "other": other.pk, "main": main.pk}
    engine.record(MERGED, **named(main), by=by, now=now, data=said)
    return {"fields": fields, "moved": {key: ids for key, ids in moved.items() if ids}, **lives}


@verb
def separate(main: Client, other: Client, before: Before, *, by: Actor, now: datetime) -> None:
    """Undo `merge`: exactly what was pointed at the main record goes back; what came since stays with it.

    A field that somebody has written since stays as he wrote it. Errors: RegulationError if they are no longer merged.
    """
    if other.merged_into_id != main.pk:
        raise RegulationError(_("These records are no longer merged."))
    other.merged_into, other.archived_at = None, None
    other.save(update_fields=["merged_into", "archived_at"])
    for key in keys_of(type(main)):
        if ids := before["moved"].get(key.label):
            rows = key.model._base_manager.filter(pk__in=ids, **{key.column: main.pk})
            rows.update(**{key.column: other.pk})
    _part_lives(before, by=by, now=now)
    for name, (mine, theirs) in before["fields"].items():
        if _stored(value(main, name)) == theirs:
            _set(main, name, _restored(main, name, mine))
    main.save()
    said = {"name": other.name, "other": other.pk, "main": main.pk}
    engine.record(SEPARATED, **named(main), by=by, now=now, data=said)


def summary(before: Before) -> list[tuple[str, int]]:
    """(what, how many) of the rows that were pointed at the main record, in words."""
    from django.apps import apps

    found = []
    for label, ids in before["moved"].items():
        model = apps.get_model(label.rpartition(".")[0])
        found.append((str(model._meta.verbose_name_plural), len(ids)))
    return found


def _repoint(key: Key, old: int, new: int) -> list[Any]:
    """The ids of the rows that now point at `new`; those that it may have once only, and has, stay."""
    rows = key.model._base_manager.filter(**{key.column: old})
    for others in _once(key):
        taken = key.model._base_manager.filter(**{key.column: new})
        for row in taken.values(*others) if others else [{}] if taken.exists() else []:
            rows = rows.exclude(**row) if row else rows.none()
    ids = list(rows.values_list("pk", flat=True))
    key.model._base_manager.filter(pk__in=ids).update(**{key.column: new})
    return ids


def _once(key: Key) -> list[tuple[str, ...]]:
    """For each unique constraint on the key: the columns beside it that must not repeat."""
    field = key.model._meta.get_field(key.column)
    known = [
        tuple(constraint.fields)
        for constraint in key.model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint)
    ]
    known += [tuple(together) for together in key.model._meta.unique_together]
    known += [(key.column,)] if getattr(field, "unique", False) else []
    return [
        tuple(name for name in columns if name != key.column)
        for columns in known
        if key.column in columns
    ]


def _unite_lives(main: Client, other: Client, *, by: Actor, now: datetime) -> Before:
    """Where both deliver to the same company, the deliveries of the one are counted with those of the other."""
    kind = client_fields.kind_of(main)
    brought = []
    for life in ClientLife.objects.filter(**{kind: other.pk}):
        mine = ClientLife.objects.get(playbook=life.playbook, **{kind: main.pk})
        ids = list(Delivery.objects.filter(life=life).values_list("pk", flat=True))
        deliveries.give_to_life(ids, life=mine, was=life, by=by, now=now)
        brought.append([life.pk, mine.pk, ids])
    return {"lives": brought}


def _part_lives(before: Before, *, by: Actor, now: datetime) -> None:
    for theirs, mine, ids in before["lives"]:
        lives = ClientLife.objects.in_bulk([theirs, mine])
        deliveries.give_to_life(ids, life=lives[theirs], was=lives[mine], by=by, now=now)


def _columns(record: Client) -> list[str]:
    names = [field.name for field in record._meta.concrete_fields]
    return [name for name in names if name not in OWN]


def value(record: Client, name: str) -> Any:
    """A column, or an own field as `values.<code>`."""
    own = name.removeprefix("values.")
    return record.values.get(own) if own != name else getattr(record, name)


def _set(record: Client, name: str, new: Any) -> None:
    own = name.removeprefix("values.")
    if own == name:
        setattr(record, name, new)
        if name == "name" and isinstance(record, Company):
            # As the other's was seen or not; a doubt is no statute.
            record.name_is_statutory = False
    else:
        rest = {code: kept for code, kept in record.values.items() if code != own}
        record.values = rest if new is None else rest | {own: new}


def _stored(found: Any) -> Any:
    return found.pk if isinstance(found, models.Model) else found


def _restored(record: Client, name: str, stored: Any) -> Any:
    """A value as it was kept in JSON, as the column wants it."""
    field = None if name.startswith("values.") else record._meta.get_field(name)
    if stored is not None and isinstance(field, models.ForeignKey):
        return field.related_model._base_manager.filter(pk=stored).first()
    return stored
