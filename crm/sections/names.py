"""The rules about names as a section of a playbook's `company.yaml`.

naming:
  deal: {words: [1, 4], clause: AX-N1}
  contact: {words: [1, 3], clause: AX-N2, order: AX-N2.5}
  company: {legal_form: AX-N3.1, capitals: AX-N3.2}

`order`, `legal_form` and `capitals` name the clause that asks for them; `true` stands for the record's `clause`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.models import NamingRule
from crm.names import naming
from crm.sections.rows import settle, unknown_clause, unknown_keys
from pipelines import registry
from pipelines.playbook.clauses import known as clauses_in
from pipelines.playbook.cursor import hint

# What each kind of record can be asked for by a clause of its own.
ASKED = {naming.DEAL: (), naming.CONTACT: ("order",), naming.COMPANY: ("legal_form", "capitals")}
MOST = 20


def check(rows: Any, folder: Path) -> Iterator[str]:
    """Problems: unknown records and keys, numbers of words that are none, clauses that the playbook has not."""
    if not isinstance(rows, dict):
        yield _("here must stand deal, contact or company with what is asked of their names")
        return
    clauses = clauses_in(folder)
    for record, row in rows.items():
        if record not in ASKED:
            yield _("unknown record “%(record)s”%(hint)s") % {
                "record": record,
                "hint": hint(str(record), ASKED),
            }
        elif not isinstance(row, dict):
            yield f"{record}: " + _("here must stand a mapping (key: value)")
        else:
            yield from (f"{record}: {problem}" for problem in _check_row(record, row, clauses))


def _check_row(record: str, row: dict[str, Any], clauses: set[str]) -> Iterator[str]:
    known = ("words", "clause", *ASKED[record])
    yield from unknown_keys(row, known)
    words = row.get("words")
    if words is not None and not _is_range(words):
        yield _("words: must be two numbers, the fewest and the most: [1, 4]")
    if words is not None and not row.get("clause"):
        yield _("words: “clause” is missing")
    for key in ("clause", *ASKED[record]):
        value = row.get(key)
        if value is None or value is False:
            continue
        if key != "clause" and value is True:
            if not row.get("clause"):
                yield f"{key}: " + _("“clause” is missing")
        elif not isinstance(value, str) or len(value) > 20:
            yield f"{key}: " + _("must be a clause")
        else:
            yield from unknown_clause(value, clauses, at=key)


def _is_range(words: Any) -> bool:
    return (
        isinstance(words, list)
        and len(words) == 2
        and all(isinstance(word, int) and not isinstance(word, bool) for word in words)
        and 0 < words[0] <= words[1] <= MOST
    )


def load(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    """Make the playbook's rules about names be these; what is not asked any more goes."""
    rows = rows or {}
    known = {rule.record: rule for rule in NamingRule.objects.filter(playbook=playbook)}
    settle(
        known,
        [(record, _columns(row)) for record, row in rows.items()],
        lambda record: NamingRule(playbook=playbook, record=record),
    )


def _columns(row: dict[str, Any]) -> dict[str, Any]:
    clause = str(row.get("clause") or "")
    least, most = row.get("words") or (None, None)
    asked = {
        key: clause if row.get(key) is True else str(row.get(key) or "")
        for key in ("order", "legal_form", "capitals")
    }
    return {"least": least, "most": most, "clause": clause, **asked}


def export(playbook: str) -> dict[str, Any]:
    """What is asked, by record, keys in the order of the documentation and empty ones left out."""
    found = {rule.record: rule for rule in NamingRule.objects.filter(playbook=playbook)}
    rows: dict[str, Any] = {}
    for record, asked in ASKED.items():
        if rule := found.get(record):
            row: dict[str, Any] = {"words": [rule.least, rule.most]} if rule.least else {}
            row |= {key: value for key in ("clause", *asked) if (value := getattr(rule, key))}
            rows[record] = row
    return rows


registry.section(registry.Section(name="naming", check=check, load=load, export=export))
