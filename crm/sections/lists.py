"""A company's own lists as a section of its playbook's `company.yaml`.

lists:
  - list: fleet
    name: Автопарк
    icon: truck
    editors: [head]
    fields:
      - {field: plate, label: Номер, required: true}
      - {field: body, label: Кузов, type: choice, choices: {tipper: самосвал, tank: цистерна}}

Keys of a list: `list` (its code), `name`, `icon`, `readers` and `editors` (roles; without them everybody), `personal` (each
sees his own items), `twice` (two items may have one name), `fields`. Of a field: `field`, `label`, `type`, `choices`,
`required`, `table: false` where the table does not show it at first, `help`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.lists import defining
from crm.models import CustomList, ListField
from crm.models.own_list import ICONS
from crm.sections.rows import unknown_keys
from pipelines import registry
from pipelines.compiling import split_choice
from pipelines.playbook.cursor import hint

LIST_KEYS = ("list", "name", "icon", "readers", "editors", "personal", "twice", "fields")
FIELD_KEYS = ("field", "label", "type", "choices", "required", "table", "help")
CODE = re.compile(r"^[a-z0-9][a-z0-9_-]{0,49}$")


def check(rows: Any, folder: Path) -> Iterator[str]:
    """Problems: unknown keys, types and icons, codes that are none or stand twice, lists of choices without choices."""
    if not isinstance(rows, list):
        yield _("here must stand a list, a mapping a line")
        return
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        place = f"{number}: "
        if not isinstance(row, dict):
            yield place + _("here must stand a mapping (key: value)")
            continue
        yield from (place + said for said in unknown_keys(row, LIST_KEYS))
        code = str(row.get("list") or "")
        if not CODE.match(code) or code in seen:
            yield place + _("“%(key)s” must be a code, each once") % {"key": "list"}
        seen.add(code)
        if not str(row.get("name") or "").strip():
            yield place + _("a list needs a name")
        icon = str(row.get("icon", ICONS[0][0]))
        if icon not in dict(ICONS):
            yield place + _("unknown icon “%(icon)s”%(hint)s") % {
                "icon": icon,
                "hint": hint(icon, dict(ICONS)),
            }
        for key in ("readers", "editors"):
            if not isinstance(row.get(key, []), list):
                yield place + f"{key}: " + _("here must stand a list of roles")
        for key in ("personal", "twice"):
            if not isinstance(row.get(key, False), bool):
                yield place + f"{key}: " + _("must be true or false")
        yield from (f"{code}: {said}" for said in _check_fields(row.get("fields", [])))


def _check_fields(rows: Any) -> Iterator[str]:
    if not isinstance(rows, list):
        yield "fields: " + _("here must stand a list, a mapping a line")
        return
    seen = set(defining.OWN_CODES)
    for row in rows:
        if not isinstance(row, dict):
            yield "fields: " + _("here must stand a mapping (key: value)")
            continue
        code, kind = str(row.get("field") or ""), str(row.get("type", "text"))
        yield from (f"{code}: {said}" for said in unknown_keys(row, FIELD_KEYS))
        if not CODE.match(code) or code in seen:
            yield f"{code}: " + _("“%(key)s” must be a code, each once") % {"key": "field"}
        seen.add(code)
        if kind not in dict(ListField.TYPES):
            yield f"{code}: " + _("unknown type “%(type)s”%(hint)s") % {
                "type": kind,
                "hint": hint(kind, dict(ListField.TYPES)),
            }
        if kind in ("choice", "choices") and not row.get("choices"):
            yield f"{code}: " + _("A list field needs its choices.")


def load(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    """Make the playbook's lists be these; one that is no longer there is switched off, for its items stay."""
    # Several playbooks may have a list of one code: its address names the playbook too.
    wanted = {f"{playbook}-{row['list']}"[:50]: row for row in rows or []}
    gone = CustomList.objects.filter(playbook=playbook, is_active=True).exclude(code__in=wanted)
    gone.update(is_active=False)
    for place, (code, row) in enumerate(wanted.items()):
        own = CustomList.objects.filter(code=code).first() or CustomList(code=code)
        facts = {
            "name": str(row["name"]).strip(),
            "icon": str(row.get("icon", ICONS[0][0])),
            "playbook": playbook,
            "readers": [str(role) for role in row.get("readers", [])],
            "editors": [str(role) for role in row.get("editors", [])],
            "is_personal": bool(row.get("personal")),
            "unique_names": not row.get("twice"),
            "position": place,
            "is_active": True,
        }
        if _take(own, facts):
            defining.keep_names(own)
        _load_fields(own, row.get("fields", []))


def _take(row: Any, facts: dict[str, Any]) -> bool:
    """Write what differs; whether anything did."""
    if row.pk and all(getattr(row, name) == value for name, value in facts.items()):
        return False
    for name, value in facts.items():
        setattr(row, name, value)
    row.save()
    return True


def _load_fields(own: CustomList, rows: list[dict[str, Any]]) -> None:
    standing = {field.code: field for field in own.fields.all()}
    for place, row in enumerate(rows):
        code = str(row["field"])
        field = standing.pop(code, None) or ListField(list=own, code=code)
        _take(
            field,
            {
                "label": str(row.get("label") or code),
                "type": str(row.get("type", "text")),
                "choices": _choices(row.get("choices")),
                "required": bool(row.get("required")),
                "in_table": row.get("table", True) is not False,
                "help_text": str(row.get("help") or ""),
                "position": place,
            },
        )
    for gone in standing.values():
        # Its values stay with the items and come back with it.
        gone.delete()


def _choices(written: Any) -> list[str]:
    if isinstance(written, dict):
        return [f"{code}: {label}" for code, label in written.items()]
    return [f"{word}: {word}" for word in written or []]


def export(playbook: str) -> list[dict[str, Any]]:
    lists = CustomList.objects.filter(playbook=playbook, is_active=True)
    return [_exported(own) for own in lists.prefetch_related("fields")]


def _exported(own: CustomList) -> dict[str, Any]:
    found: dict[str, Any] = {
        "list": own.code.removeprefix(f"{own.playbook}-"),
        "name": own.name,
    }
    if own.icon != ICONS[0][0]:
        found["icon"] = own.icon
    for key in ("readers", "editors"):
        if roles := getattr(own, key):
            found[key] = list(roles)
    if own.is_personal:
        found["personal"] = True
    if not own.unique_names:
        found["twice"] = True
    if fields := [_exported_field(field) for field in own.fields.all()]:
        found["fields"] = fields
    return found


def _exported_field(field: ListField) -> dict[str, Any]:
    found: dict[str, Any] = {"field": field.code, "label": field.label}
    if field.type != ListField.Type.TEXT:
        found["type"] = field.type
    if field.choices:
        found["choices"] = dict(split_choice(text) for text in field.choices)
    if field.required:
        found["required"] = True
    if not field.in_table:
        found["table"] = False
    if field.help_text:
        found["help"] = field.help_text
    return found


registry.section(registry.Section(name="lists", check=check, load=load, export=export))
