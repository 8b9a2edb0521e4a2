"""The prepared tags as a section of a playbook's `company.yaml`.

tags:
  only: true
  clause: PZ-5.6
  list:
    - {tag: долгая оплата, color: red}
    - нужна доставка денег

`only` lets people put on no other tags (rules may); a plain list stands for `{list: …}`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.models import ListedTag, Tag, TagList
from crm.sections.rows import unknown_clause, unknown_keys
from pipelines import registry
from pipelines.admin.forms import COLOURS
from pipelines.playbook.clauses import known as clauses_in
from pipelines.playbook.cursor import hint

KEYS = ("only", "clause", "list")
NAME_LIMIT = 60
GREY = "secondary"


def check(rows: Any, folder: Path) -> Iterator[str]:
    """Problems: unknown keys and colours, tags without a name or named twice, a clause that the playbook has not."""
    if isinstance(rows, list):
        rows = {"list": rows}
    if not isinstance(rows, dict):
        yield _("here must stand a list of tags, or “only”, “clause” and “list”")
        return
    yield from unknown_keys(rows, KEYS)
    if not isinstance(rows.get("only", False), bool):
        yield "only: " + _("must be true or false")
    if (clause := rows.get("clause")) is not None:
        yield from unknown_clause(clause, clauses_in(folder), at="clause")
    listed = rows.get("list")
    if not isinstance(listed, list) or not listed:
        yield "list: " + _("here must stand at least one tag")
        return
    yield from _check_tags(listed)


def _check_tags(listed: list[Any]) -> Iterator[str]:
    colours, seen = dict(COLOURS), set()
    for number, row in enumerate(listed, start=1):
        name, colour = _tag(row)
        if not name or len(name) > NAME_LIMIT:
            yield f"{number}: " + _("a tag needs a name of at most %(limit)s letters") % {
                "limit": NAME_LIMIT
            }
        elif name.casefold() in seen:
            yield f"{number}: " + _("“%(tag)s” stands here twice") % {"tag": name}
        if colour not in colours:
            yield f"{number}: " + _("unknown colour “%(colour)s”%(hint)s") % {
                "colour": colour,
                "hint": hint(colour, colours),
            }
        seen.add(name.casefold())


def _tag(row: Any) -> tuple[str, str]:
    """Name and colour, however they are written."""
    if isinstance(row, dict):
        return " ".join(str(row.get("tag") or "").split()), str(row.get("color") or GREY)
    return " ".join(str(row or "").split()), GREY


def load(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    """Make the playbook's list be this one; tags that are not on it any more stay tags."""
    if not rows:
        TagList.objects.filter(playbook=playbook).delete()
        return
    rows = {"list": rows} if isinstance(rows, list) else rows
    only, clause = bool(rows.get("only")), str(rows.get("clause") or "")
    head, _created = TagList.objects.get_or_create(
        playbook=playbook, defaults={"only": only, "clause": clause}
    )
    if (head.only, head.clause) != (only, clause):
        head.only, head.clause = only, clause
        head.save()
    wanted = [_wanted(row) for row in rows["list"]]
    standing = {entry.tag_id: entry for entry in head.entries.all()}
    for place, tag in enumerate(wanted):
        entry = standing.pop(tag.pk, None) or ListedTag(list=head, tag=tag)
        if not entry.pk or entry.position != place:
            entry.position = place
            entry.save()
    for gone in standing.values():
        gone.delete()


def _wanted(row: Any) -> Tag:
    """The tag of that name, in the colour that is asked for."""
    name, colour = _tag(row)
    tag, _created = Tag.objects.get_or_create(
        name__iexact=name, defaults={"name": name, "color": colour}
    )
    if isinstance(row, dict) and "color" in row and tag.color != colour:
        tag.color = colour
        tag.save(update_fields=["color"])
    return tag


def export(playbook: str) -> dict[str, Any]:
    head = TagList.objects.filter(playbook=playbook).first()
    if head is None:
        return {}
    found: dict[str, Any] = {"only": True} if head.only else {}
    if head.clause:
        found["clause"] = head.clause
    tags = head.entries.select_related("tag")
    return found | {
        "list": [
            {"tag": entry.tag.name, "color": entry.tag.color}
            if entry.tag.color != GREY
            else entry.tag.name
            for entry in tags
        ]
    }


registry.section(registry.Section(name="tags", check=check, load=load, export=export))
