"""Reading the card of a list item: its fields, its files, its feed, the people to give it to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from crm.card import feed_lines
from crm.card import fields as card_fields
from crm.card import page as card
from crm.card.editing import seal
from crm.card.feed_line import Change
from crm.card.feed_lines import PORTION, Portion
from crm.card.fields import Editor
from crm.lists import shapes
from crm.lists.items import ITEM_GIVEN
from crm.lists.shapes import Shape
from crm.models import File, ItemEntry, ListItem, User
from pipelines import fields
from pipelines.compiled import CompiledField
from pipelines.models import Event


@dataclass
class ItemCard:
    item: ListItem
    shape: Shape
    may_edit: bool
    head: Editor
    editors: list[Editor]
    owners: list[User]
    files: list[File]
    feed: Portion


def read_card(item: ListItem, *, user: User) -> ItemCard:
    """Everything the card shows to `user`."""
    shape = shapes.of_list(item.list)
    made = editors(shape, item, editable(shape))
    return ItemCard(
        item=item,
        shape=shape,
        may_edit=item.list.may_edit(user),
        head=made.pop("name"),
        editors=list(made.values()),
        owners=card.owners_for(user),
        files=list(item.files.filter(archived_at=None)),
        feed=read_feed(item, shape),
    )


def editable(shape: Shape) -> list[str]:
    """The codes of what one writes into a card: the name and the list's own fields."""
    return [code for code, field in shape.fields.items() if code == "name" or not field.built_in]


def editors(
    shape: Shape, item: ListItem | None, codes: Iterable[str], *, typed: Any = None
) -> dict[str, Editor]:
    """Editors of the fields, of a new item where there is none yet; with `typed` they keep what was typed."""
    codes = list(codes)
    stored = {code: _value(item, shape.fields[code]) for code in codes}
    form = forms.Form(
        data=typed,
        initial={
            code: card_fields.widget_value(shape.fields[code], value)
            for code, value in stored.items()
        },
    )
    form.fields = {code: card_fields.plain_form_field(shape.fields[code]) for code in codes}
    return {
        code: Editor(
            field=shape.fields[code],
            bound=form[code],
            words=fields.show(shape.fields[code], stored[code]),
            seen=seal(stored[code]),
        )
        for code in codes
    }


def _value(item: ListItem | None, field: CompiledField) -> Any:
    if item is None:
        return None
    return item.name if field.code == "name" else item.values.get(field.code)


def read_feed(
    item: ListItem, shape: Shape, *, before: int | None = None, limit: int = PORTION
) -> Portion:
    """The newest entries about the item, older than the entry `before`."""
    entries = ItemEntry.objects.filter(item=item).select_related("event__actor", "event__rule")
    if before is not None:
        entries = entries.filter(event__lt=before)
    found = [entry.event for entry in entries.order_by("-event")[: limit + 1]]
    more, found = len(found) > limit, found[:limit]
    lines = feed_lines.lines_of(found, {})
    for line in lines:
        line.changes = _changes(line.event, shape) or line.changes
    return Portion(lines, found[-1].pk if more else None)


def _changes(event: Event, shape: Shape) -> list[Change]:
    """What stood before and after, in the words of the list's fields; of a field gone since, by its code."""
    if event.verb == ITEM_GIVEN:
        return [Change(_("Responsible"), event.data.get("from", ""), event.data.get("to", ""))]
    found = []
    for code, pair in event.data.get("fields", {}).items():
        known = shape.fields.get(code)
        before, after = (fields.show(known, value) if known else str(value or "") for value in pair)
        found.append(Change(str(known.label) if known else code, before, after))
    return found
