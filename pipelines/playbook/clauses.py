"""The clauses of `company.yaml`: in words or by number alone, in sections or in one list, into rows and back.

effective: 2026-11-01
clauses:
  Новая заявка:
    AX-1.1: Каждая новая заявка появляется на первом этапе.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from pipelines.models import Clause, Regulation

from .cursor import Cursor, Problems
from .reading import COMPANY, Map, Unreadable, read
from .specs import Placed

LONGEST = 20


@dataclass
class ClauseSpec(Placed):
    code: str
    words: str = ""
    section: str = ""


def parse_clauses(top: Cursor) -> list[ClauseSpec]:
    """A list of numbers, numbers with words, or section titles with either; what can't be read is complained of."""
    if isinstance(top.data.get("clauses"), Map):
        rows = top.inside("clauses")
        assert rows is not None
        found = [clause for key in rows.data for clause in _of(rows, key)]
    else:
        found = [
            ClauseSpec(code, place=top.place("clauses")) for code in top.words("clauses") if code
        ]
    seen: set[str] = set()
    for clause in found:
        if clause.code in seen:
            top.problems.add(
                clause.place, _("the clause %(code)s stands here twice") % {"code": clause.code}
            )
        if len(clause.code) > LONGEST:
            top.problems.add(
                clause.place,
                _("a clause's number has at most %(limit)s characters") % {"limit": LONGEST},
            )
        seen.add(clause.code)
    return found


def _of(rows: Cursor, key: str) -> list[ClauseSpec]:
    """The clause under its number, or the clauses under a section's title."""
    value = rows.data[key]
    if isinstance(value, Map):
        inside = rows.inside(key)
        assert inside is not None
        return [
            ClauseSpec(code, inside.text(code), key, place=inside.place(code))
            for code in inside.data
        ]
    if isinstance(value, list):
        return [ClauseSpec(code, "", key, place=rows.place(key)) for code in rows.words(key)]
    return [ClauseSpec(key, rows.text(key), place=rows.place(key))]


def parse_effective(top: Cursor) -> date | None:
    text = top.text("effective")
    try:
        day = parse_date(text) if text else None
    except ValueError:
        day = None
    if text and day is None:
        top.complain(
            _("a date is written 2026-03-01, not “%(text)s”") % {"text": text}, "effective"
        )
    return day


def known(folder: Path) -> set[str]:
    """The numbers of the clauses in a folder's company file; for sections that cite some of them."""
    try:
        data = read(folder / COMPANY)
    except (Unreadable, OSError):
        return set()
    if not isinstance(data, Map):
        return set()
    top = Cursor(data, file=COMPANY, path="", problems=Problems())
    return {clause.code for clause in parse_clauses(top)}


def fingerprint(clauses: Iterable[tuple[str, str]]) -> str:
    """Of the numbers and words alone: what has to be read anew when it changes."""
    return hashlib.sha256(json.dumps(sorted(clauses)).encode()).hexdigest()


def load_clauses(
    playbook: str,
    *,
    name: str,
    effective: date | None,
    clauses: list[ClauseSpec],
    now: datetime,
) -> Regulation | None:
    """Make the regulation's rows be these; returns it where something had to change.

    Other words are a new edition, which everybody reads anew; a clause that is gone is archived.
    """
    regulation = Regulation.objects.select_for_update().filter(playbook=playbook).first()
    if regulation is None and not clauses:
        return None
    regulation = regulation or Regulation(playbook=playbook)
    text = fingerprint((clause.code, clause.words) for clause in clauses)
    changed = regulation.pk is None
    if regulation.text_hash != text:
        regulation.text_hash, regulation.changed_at, changed = text, now, True
        regulation.edition += 1
    if (regulation.name, regulation.effective) != (name, effective):
        regulation.name, regulation.effective, changed = name, effective, True
    if changed:
        regulation.save()
    return regulation if _write(regulation, clauses) or changed else None


def _write(regulation: Regulation, clauses: list[ClauseSpec]) -> bool:
    columns = ("words", "section", "position", "is_active")
    rows = {row.code: row for row in regulation.clauses.all()}
    new, other = [], []
    for position, clause in enumerate(clauses):
        values = (clause.words, clause.section, position, True)
        row = rows.pop(clause.code, None)
        if row is None:
            row = Clause(regulation=regulation, code=clause.code)
            new.append(row)
        elif tuple(getattr(row, column) for column in columns) != values:
            other.append(row)
        for column, value in zip(columns, values, strict=True):
            setattr(row, column, value)
    gone = [row.pk for row in rows.values() if row.is_active]
    Clause.objects.bulk_create(new)
    Clause.objects.bulk_update(other, columns)
    Clause.objects.filter(pk__in=gone).update(is_active=False)
    return bool(new or other or gone)


def export_clauses(playbook: str) -> dict[str, Any]:
    """What is in force, as `company.yaml` has it; nothing where the playbook has no regulation."""
    regulation = Regulation.objects.filter(playbook=playbook).first()
    if regulation is None:
        return {}
    rows = regulation.clauses.filter(is_active=True).order_by("position", "pk")
    return write_clauses(
        [ClauseSpec(row.code, row.words, row.section) for row in rows], regulation.effective
    )


def write_clauses(clauses: list[ClauseSpec], effective: date | None) -> dict[str, Any]:
    """The clauses as they are written: a list where no words are known, else words by number, in sections if any."""
    top: dict[str, Any] = {"effective": effective.isoformat()} if effective else {}
    if not any(clause.words or clause.section for clause in clauses):
        return top | {"clauses": [clause.code for clause in clauses]}
    rows: dict[str, Any] = {}
    for clause in clauses:
        (rows.setdefault(clause.section, {}) if clause.section else rows)[clause.code] = (
            clause.words
        )
    return top | {"clauses": rows}
