"""The age of passwords as a section of a playbook's `company.yaml`.

passwords: {months: 3, warn: 14d, clause: PZ-3.6}
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from crm.models import PasswordRule
from crm.sections.rows import unknown_clause, unknown_keys
from pipelines import registry
from pipelines.clock import Duration
from pipelines.playbook.clauses import known

KEYS = ("months", "warn", "clause")
MOST_MONTHS = 120
WARN = "14d"


def check(rows: Any, folder: Path) -> Iterator[str]:
    """Problems: unknown keys, months that are none, a warning that is not in days, a clause the playbook has not."""
    if not isinstance(rows, dict):
        yield _("here must stand a mapping (key: value)")
        return
    yield from unknown_keys(rows, KEYS)
    months = rows.get("months")
    if not isinstance(months, int) or isinstance(months, bool) or not 0 < months <= MOST_MONTHS:
        yield "months: " + _("must be a whole number, not “%(value)s”") % {"value": months}
    if _days(rows.get("warn", WARN)) is None:
        yield "warn: " + _("must be a number of days: 14d")
    yield from unknown_clause(rows.get("clause") or "", known(folder))


def _days(text: Any) -> int | None:
    try:
        found = Duration.parse(str(text))
    except ValueError:
        return None
    whole = not (found.hours or found.minutes or found.working)
    return found.weeks * 7 + found.days if whole else None


def load(playbook: str, folder: Path, rows: Any, now: datetime) -> None:
    if not rows:
        PasswordRule.objects.filter(playbook=playbook).delete()
        return
    values = {
        "months": rows["months"],
        "warn_days": _days(rows.get("warn", WARN)),
        "clause": rows["clause"],
    }
    if not PasswordRule.objects.filter(playbook=playbook, **values).exists():
        PasswordRule.objects.update_or_create(playbook=playbook, defaults=values)


def export(playbook: str) -> dict[str, Any]:
    row = PasswordRule.objects.filter(playbook=playbook).first()
    return {"months": row.months, "warn": f"{row.warn_days}d", "clause": row.clause} if row else {}


registry.section(registry.Section(name="passwords", check=check, load=load, export=export))
