"""The verbs on items of own lists, each with its entry in the feed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.card.editing import Conflict, FieldsChanged, seal
from crm.deals import NOTE_LIMIT, NOTE_WRITTEN
from crm.lists.shapes import Shape
from crm.models import CustomList, ItemEntry, ListItem, User
from pipelines import feed, fields, registry, writes
from pipelines.actor import Actor
from pipelines.compiled import CompiledField
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event
from pipelines.transactions import is_held, verb

ITEM_CREATED = registry.event(
    "item.created", label=gettext_lazy("added to the list"), icon="list-details"
)
ITEM_CHANGED = registry.event("item.changed", label=gettext_lazy("changed"), icon="edit")
ITEM_GIVEN = registry.event(
    "item.given", label=gettext_lazy("given to another person"), icon="user-share"
)
ITEM_ARCHIVED = registry.event(
    "item.archived", label=gettext_lazy("taken off the list"), icon="archive"
)
ITEM_RESTORED = registry.event(
    "item.restored", label=gettext_lazy("put back on the list"), icon="archive-off"
)

NAME_LIMIT = 300


@verb
def create_item(
    shape: Shape, answers: Mapping[str, Any], *, owner: User | None, by: Actor, now: datetime
) -> ListItem:
    """Add an item with its name and fields. Errors: BadAnswer a field, RegulationError without the right to edit."""
    own = _list_of(shape)
    check_right(own, by)
    cleaned = clean(shape, answers)
    missing = {
        code: _("Fill this in.")
        for code in shape.required
        if code != "name" and fields.is_empty(cleaned.get(code))
    }
    if missing:
        raise BadAnswer(missing)
    name = cleaned.pop("name")
    _check_name(own, name)
    item = ListItem(
        list=own,
        name=name,
        name_key=key_of(own, name),
        values={code: value for code, value in cleaned.items() if value is not None},
        owner=owner,
        created_by=by.user,
        created_at=now,
    )
    _save_new(item)
    record(ITEM_CREATED, item, by=by, now=now, data={"name": name})
    return item


@verb
def edit_item(
    shape: Shape,
    item: ListItem,
    answers: Mapping[str, Any],
    *,
    by: Actor,
    now: datetime,
    seen: Mapping[str, str] | None = None,
) -> dict[str, list[Any]]:
    """Set fields of an item; returns {code: [before, after]} of those that changed.

    `seen` is what the form was opened with, sealed, by code. Errors: BadAnswer, FieldsChanged where a colleague has
    meanwhile written something else, RegulationError without the right to edit; then nothing is saved.
    """
    own = _list_of(shape)
    check_right(own, by)
    _lock(item)
    cleaned = clean(shape, {"name": item.name, **answers})
    if "name" not in answers:
        del cleaned["name"]
    changes: dict[str, list[Any]] = {}
    conflicts = []
    for code, after in cleaned.items():
        before = item.name if code == "name" else item.values.get(code)
        if before == after:
            continue
        if code in shape.required and fields.is_empty(after):
            raise BadAnswer({code: _("Fill this in.")})
        if seen and code in seen and seen[code] != seal(before):
            conflicts.append(Conflict(code, before, answers[code]))
        changes[code] = [before, after]
    if conflicts:
        raise FieldsChanged(conflicts)
    if changes:
        _write(own, item, {code: after for code, (_before, after) in changes.items()})
        record(ITEM_CHANGED, item, by=by, now=now, data={"name": item.name, "fields": changes})
    return changes


@verb
def assign_item(item: ListItem, *, owner: User, by: Actor, now: datetime) -> None:
    """Make another person responsible. Errors: RegulationError without the right to edit."""
    check_right(item.list, by)
    _lock(item)
    if item.owner_id == owner.pk:
        return
    before, item.owner = item.owner, owner
    item.save(update_fields=["owner"])
    facts = {"from": str(before or ""), "to": str(owner)}
    record(ITEM_GIVEN, item, by=by, now=now, data=facts)


@verb
def archive_item(item: ListItem, *, by: Actor, now: datetime) -> None:
    """Take an item off its list; its card and its feed stay. Errors: RegulationError without the right to edit."""
    check_right(item.list, by)
    if not is_held(item):
        _lock(item)
    if item.archived_at is None:
        item.archived_at = now
        writes.update(item, "archived_at")
        record(ITEM_ARCHIVED, item, by=by, now=now, data={"name": item.name})


@verb
def restore_item(item: ListItem, *, by: Actor, now: datetime) -> None:
    """Put an archived item back. Errors: RegulationError without the right, or where its name is taken meanwhile."""
    check_right(item.list, by)
    _lock(item)
    if item.archived_at is not None:
        _check_name(item.list, item.name)
        item.archived_at = None
        item.save(update_fields=["archived_at"])
        record(ITEM_RESTORED, item, by=by, now=now, data={"name": item.name})


@verb
def note_on_item(item: ListItem, *, text: str, by: Actor, now: datetime) -> Event:
    """Add a note; whoever reads the list may. Errors: BadAnswer."""
    text = fields.storable(text).strip()
    if not text:
        raise BadAnswer({"text": _("The note is empty.")})
    if len(text) > NOTE_LIMIT:
        raise BadAnswer({"text": _("At most %(limit)s characters.") % {"limit": NOTE_LIMIT}})
    return record(NOTE_WRITTEN, item, by=by, now=now, data={"text": text})


def record(name: str, item: ListItem, *, by: Actor, now: datetime, data: dict[str, Any]) -> Event:
    """An entry of the feed about the item: no rule hears it, for rules are about deals."""
    event = feed.write(name, by=by, now=now, data={"item": item.pk, **data})
    writes.insert(ItemEntry(item=item, event=event))
    return event


def check_right(own: CustomList, by: Actor) -> None:
    """Errors: RegulationError for a person whose roles may only read the list."""
    if by.is_person and not own.may_edit(by.user):
        raise RegulationError(
            _("Your role may only read this list. Who may change it is set by an administrator.")
        )


def clean(shape: Shape, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What is stored, by code, for what was typed. Errors: BadAnswer a field."""
    cleaned, errors = {}, {}
    for code, raw in answers.items():
        try:
            cleaned[code] = _clean(shape.fields.get(code), raw)
        except ValueError as error:
            errors[code] = str(error)
    if errors:
        raise BadAnswer(errors)
    return cleaned


def _clean(field: CompiledField | None, raw: Any) -> Any:
    if field is None or (field.built_in and field.code != "name"):
        raise ValueError(_("There is no such field here."))
    if field.code != "name":
        return fields.clean(field, raw)
    text = " ".join(fields.storable(str(raw or "")).split())
    if not text:
        raise ValueError(_("A name is needed."))
    if len(text) > NAME_LIMIT:
        raise ValueError(_("At most %(limit)s characters.") % {"limit": NAME_LIMIT})
    return text


def key_of(own: CustomList, name: str) -> str | None:
    """What two items may not have in common; None where the list does not mind."""
    return name.casefold()[:NAME_LIMIT] if own.unique_names else None


def _check_name(own: CustomList, name: str) -> None:
    key = key_of(own, name)
    if key and ListItem.objects.filter(list=own, name_key=key, archived_at=None).exists():
        raise BadAnswer({"name": taken(name)})


def taken(name: str) -> str:
    return _("“%(name)s” is on this list already.") % {"name": name[:60]}


def _save_new(item: ListItem) -> None:
    if writes.is_gathering():
        writes.insert(item)
        return
    try:
        with transaction.atomic():
            item.save(force_insert=True)
    except IntegrityError as error:
        # Two people at once; the constraint let the first.
        raise BadAnswer({"name": taken(item.name)}) from error


def _write(own: CustomList, item: ListItem, values: dict[str, Any]) -> None:
    if (name := values.pop("name", None)) is not None:
        key = key_of(own, name)
        if key != item.name_key:
            _check_name(own, name)
        item.name, item.name_key = name, key
    kept = dict(item.values)
    for code, value in values.items():
        kept.pop(code, None)
        if value is not None:
            kept[code] = value
    item.values = kept
    item.save(update_fields=["name", "name_key", "values"])


def _lock(item: ListItem) -> None:
    """Lock the row and bring the instance up to date."""
    fresh = ListItem._base_manager.select_for_update(of=("self",)).get(pk=item.pk)
    for column in item._meta.concrete_fields:
        if column.attname != "list_id":
            setattr(item, column.attname, getattr(fresh, column.attname))


def _list_of(shape: Shape) -> CustomList:
    assert shape.own is not None
    return shape.own
