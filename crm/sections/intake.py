"""Where requests go, and whose a client is, as sections of a playbook's `company.yaml`.

intake:
  calls: {pipeline: leads, role: manager, distribute: in_turn}
  forms: {pipeline: leads, role: manager, tags: ["#site"], fields: {comment: task_text}}
  sources:
    landing: {forms: {tags: ["#landing"]}}
clients: {one_manager: PZ-2.1}

Of a source stands only what is different there; its tags are put on besides the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.models import ClientRule, IntakeRule, RequestKind, Way
from crm.sections.rows import settle, unknown_clause, unknown_keys
from pipelines import registry
from pipelines.playbook.clauses import known as clauses_in
from pipelines.playbook.cursor import hint
from pipelines.playbook.reading import COMPANY, Map, Unreadable, read

KINDS = RequestKind.values
KEYS = ("pipeline", "also", "role", "distribute", "tags", "fields")
TAG_LIMIT = 60
CODE = re.compile(r"[-a-zA-Z0-9_]{1,50}")


def check(rows: Any, folder: Path) -> Iterator[str]:
    """Problems: unknown kinds, keys, pipelines, roles, fields and ways of giving."""
    if not isinstance(rows, dict):
        yield _("here must stand what requests come as (calls, forms …), and where they go")
        return
    known = _Known(folder)
    for kind, row in rows.items():
        if kind != "sources":
            yield from _check_kind(kind, row, known, known=(*KINDS, "sources"))
    sources = rows.get("sources", {})
    if not isinstance(sources, dict):
        yield "sources: " + _("here must stand a mapping (key: value)")
        return
    for code, kinds in sources.items():
        if not CODE.fullmatch(str(code)):
            yield f"sources.{code}: " + _("a code has Latin letters, digits, - and _, at most 50")
        if not isinstance(kinds, dict):
            yield f"sources.{code}: " + _("here must stand a mapping (key: value)")
            continue
        for kind, row in kinds.items():
            whole = isinstance(rows.get(kind), dict)
            for problem in _check_kind(kind, row, known, known=tuple(KINDS), is_part=whole):
                yield f"sources.{code}.{problem}"


def _check_kind(
    kind: Any, row: Any, facts: _Known, *, known: tuple[str, ...], is_part: bool = False
) -> Iterator[str]:
    if kind not in known:
        yield _("unknown key “%(key)s”%(hint)s") % {"key": kind, "hint": hint(str(kind), known)}
        return
    if not isinstance(row, dict):
        yield f"{kind}: " + _("here must stand a mapping (key: value)")
        return
    for problem in _check_row(row, facts, is_part=is_part):
        yield f"{kind}: {problem}"


def _check_row(row: dict[str, Any], facts: _Known, *, is_part: bool) -> Iterator[str]:
    yield from unknown_keys(row, KEYS)
    pipeline = row.get("pipeline")
    if pipeline is None and not is_part:
        yield _("“pipeline” is missing")
    also = row.get("also", [])
    if not _are_words(also):
        yield "also: " + _("must be a list of words")
        also = []
    for code in filter(None, [pipeline, *also]):
        if str(code) not in facts.fields:
            yield _("unknown pipeline “%(code)s”%(hint)s") % {
                "code": code,
                "hint": hint(str(code), facts.fields),
            }
    if (role := row.get("role")) is not None and str(role) not in facts.roles:
        yield _("unknown role “%(role)s”%(hint)s") % {
            "role": role,
            "hint": hint(str(role), facts.roles),
        }
    if (way := row.get("distribute")) is not None and way not in Way.values:
        yield "distribute: " + _("must be one of: %(words)s") % {"words": ", ".join(Way.values)}
    if not _are_words(row.get("tags", []), TAG_LIMIT):
        yield "tags: " + _("must be a list of words")
    fields = row.get("fields", {})
    if not isinstance(fields, dict):
        yield "fields: " + _("here must stand a mapping (key: value)")
        return
    for name, code in fields.items():
        if str(pipeline) in facts.fields and str(code) not in facts.fields[str(pipeline)]:
            yield f"fields.{name}: " + _("unknown field “%(code)s”%(hint)s") % {
                "code": code,
                "hint": hint(str(code), facts.fields[str(pipeline)]),
            }


class _Known:
    """What the playbook's files hold, as far as they can be read: their own mistakes are said elsewhere."""

    def __init__(self, folder: Path) -> None:
        company = _read(folder / COMPANY)
        self.roles = {str(role) for role in company.get("roles") or []}
        self.clauses = clauses_in(folder)
        self.fields: dict[str, set[str]] = {}
        for path in sorted(folder.glob("*.y*ml")):
            data = _read(path)
            if code := data.get("pipeline"):
                own = {
                    f"{row['record']}.{row['field']}"
                    if row.get("record", "deal") != "deal"
                    else str(row["field"])
                    for row in data.get("fields") or []
                    if isinstance(row, dict) and "field" in row
                }
                self.fields[str(code)] = own | set(registry.built_ins)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = read(path)
    except (Unreadable, OSError):
        return {}
    return data if isinstance(data, Map) else {}


def _are_words(found: Any, limit: int = 50) -> bool:
    return isinstance(found, list) and all(
        isinstance(word, str) and 0 < len(word) <= limit for word in found
    )


def load(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    """Make the playbook's rules of intake be these; what is not said any more goes."""
    rows = rows or {}
    wanted = {("", kind): row for kind, row in rows.items() if kind != "sources"}
    for source, kinds in (rows.get("sources") or {}).items():
        wanted |= {(str(source), kind): row for kind, row in kinds.items()}
    known = {
        (rule.source, rule.kind): rule for rule in IntakeRule.objects.filter(playbook=playbook)
    }
    settle(
        known,
        [(key, _columns(row)) for key, row in wanted.items()],
        lambda key: IntakeRule(playbook=playbook, source=key[0], kind=key[1]),
    )


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "pipeline": row.get("pipeline") or "",
        "also": list(row.get("also") or []),
        "role": row.get("role") or "",
        "distribute": row.get("distribute") or "",
        "tags": list(row.get("tags") or []),
        "fields": dict(row.get("fields") or {}),
    }


def export(playbook: str) -> dict[str, Any]:
    """The rules, kinds in the order of the documentation and empty keys left out."""
    rows: dict[str, Any] = {}
    order = {kind: place for place, kind in enumerate(KINDS)}
    found = IntakeRule.objects.filter(playbook=playbook)
    for rule in sorted(found, key=lambda rule: (rule.source, order[rule.kind])):
        row = {key: value for key in KEYS if (value := getattr(rule, key))}
        place = rows.setdefault("sources", {}).setdefault(rule.source, {}) if rule.source else rows
        place[rule.kind] = row
    return rows


def check_clients(rows: Any, folder: Path) -> Iterator[str]:
    """Problems: unknown keys, a clause that the playbook has not."""
    if not isinstance(rows, dict):
        yield _("here must stand a mapping (key: value)")
        return
    yield from unknown_keys(rows, ("one_manager",))
    clause = rows.get("one_manager")
    if clause is not None:
        yield from unknown_clause(clause, _Known(folder).clauses, at="one_manager")


def load_clients(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    clause = (rows or {}).get("one_manager") or ""
    rule = ClientRule.objects.filter(playbook=playbook).first() or ClientRule(playbook=playbook)
    if rule.one_manager != clause:
        rule.one_manager = clause
        rule.save()


def export_clients(playbook: str) -> dict[str, Any]:
    rule = ClientRule.objects.filter(playbook=playbook).first()
    return {"one_manager": rule.one_manager} if rule and rule.one_manager else {}


registry.section(registry.Section(name="intake", check=check, load=load, export=export))
registry.section(
    registry.Section(name="clients", check=check_clients, load=load_clients, export=export_clients)
)
