"""The columns that a list can show: each of its fields."""

from __future__ import annotations

from crm import columns
from crm.columns import Column
from crm.lists import shapes
from crm.lists.shapes import Shape
from crm.models import User


def of(shape: Shape) -> list[Column]:
    """Its fields as columns, in the order in which they are shown at first; the name is always there."""
    order = [*shape.at_first, *(code for code in shape.fields if code not in shape.at_first)]
    return [
        Column(
            code,
            str(shape.fields[code].label),
            is_sortable=code in ("name", "created_at"),
            at_first=code in shape.at_first,
            is_fixed=code == "name",
            at_end=shape.fields[code].type in ("number", "money", "open_deals"),
        )
        for code in order
    ]


def known(user: User, scope: str) -> list[Column]:
    """Errors: LookupError for a list that the person may not read."""
    shape = shapes.named(scope, user)
    if shape is None:
        raise LookupError(scope)
    return of(shape)


columns.register("lists", known)
