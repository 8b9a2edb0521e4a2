"""What a row fills in of a record that we have: only what is empty there; and taking that back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from crm.clients import fields as client_fields
from crm.clients import verbs as clients
from crm.imports.targets import Target
from crm.lists import items
from crm.models import ListItem
from pipelines import fields
from pipelines.actor import Actor
from pipelines.errors import RegulationError


def fill(
    target: Target, record: Any, values: dict[str, Any], *, by: Actor, now: datetime
) -> dict[str, Any]:
    """Fill in what is empty; returns what was written, by code, and the points that were added, for `unfill`.

    Errors: those of the verbs.
    """
    answers = {
        code: value
        for code, value in values.items()
        if code not in ("name", "phone", "email", "company", "owner")
        and fields.is_empty(_value(record, target, code))
    }
    if isinstance(record, ListItem):
        assert target.shape is not None
        items.edit_item(target.shape, record, answers, by=by, now=now)
        return {"fields": answers, "points": []}
    if answers:
        known = {code: target.fields[code] for code in answers}
        clients.edit_client(record, answers, known=known, by=by, now=now)
    added = []
    for kind in ("phone", "email"):
        if values.get(kind) and not record.point(kind):
            for value in values[kind]:
                point = clients.add_point(record, kind=kind, value=value, by=by, now=now)
                added.append([kind, point.value])
    return {"fields": answers, "points": added}


def unfill(
    target: Target, record: Any, filled: dict[str, Any], *, by: Actor, now: datetime
) -> None:
    """Empty again what was filled in. Errors: RegulationError, where somebody has changed one of these since."""
    changed = [
        str(target.fields[code].label)
        for code, after in filled["fields"].items()
        if code in target.fields and _value(record, target, code) != after
    ]
    if changed:
        raise RegulationError(
            _("Changed since by somebody: %(fields)s. Left as it is.")
            % {"fields": ", ".join(changed)}
        )
    answers = {code: "" for code in filled["fields"] if code in target.fields}
    if isinstance(record, ListItem):
        assert target.shape is not None
        items.edit_item(target.shape, record, answers, by=by, now=now)
        return
    if answers:
        known = {code: target.fields[code] for code in answers}
        clients.edit_client(record, answers, known=known, by=by, now=now)
    for kind, value in filled["points"]:
        for point in record.points.filter(kind=kind, value=value):
            clients.remove_point(point, by=by, now=now)


def _value(record: Any, target: Target, code: str) -> Any:
    if isinstance(record, ListItem):
        return record.values.get(code)
    return client_fields.value(record, target.fields[code])
