"""What a head does about many rows at once: each remedy is a batch of a kind that others know to carry out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import rights
from crm.batches import kinds, verbs
from crm.batches.verbs import NewRow
from crm.day import team
from crm.models import Batch, Deal, Task
from pipelines import fields
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.numbers import whole

RIGHT = rights.CHANGE_MANY

REASSIGN, SET_TASK, POSTPONE = "reassign", "task", "postpone"
OF_DEALS = {REASSIGN: "deals.assign", SET_TASK: "deals.task"}
OF_TASKS = {REASSIGN: "tasks.reassign", POSTPONE: "tasks.postpone"}


def of(kind: str) -> list[str]:
    """What can be done about the rows of a column of the team's day."""
    known = OF_TASKS if kind == team.OVERDUE else OF_DEALS
    return [code for code, batch in known.items() if batch in kinds.registered]


def start(
    kind: str,
    code: str,
    *,
    rows: Sequence[str],
    typed: Mapping[str, str],
    by: Actor,
    now: datetime,
    key: str = "",
) -> Batch:
    """Begin the batch of the chosen rows; those that the person does not see are left out.

    Errors: RegulationError for nothing chosen or a remedy that is not for these rows, BadAnswer for what was typed.
    """
    if code not in of(kind):
        raise RegulationError(_("This can't be done with the rows chosen."))
    numbers = [number for row in rows if (number := whole(row)) is not None]
    is_task = kind == team.OVERDUE
    assert by.user is not None
    found: Any = (Task if is_task else Deal).objects.visible_to(by.user).filter(pk__in=numbers)
    chosen = [NewRow(record_id=item.pk, name=str(item)) for item in found.order_by("pk")]
    title, params = _asked(code, len(chosen), typed, by, now)
    batch = (OF_TASKS if is_task else OF_DEALS)[code]
    return verbs.start(batch, title=title, rows=chosen, params=params, by=by, now=now, key=key)


def _asked(
    code: str, count: int, typed: Mapping[str, str], by: Actor, now: datetime
) -> tuple[str, dict[str, Any]]:
    rows = ngettext("%(count)s row", "%(count)s rows", count) % {"count": count}
    if code == REASSIGN:
        people = {str(person.pk): person for person in team.people_of(by.user)}  # type: ignore[arg-type]
        owner = people.get(typed.get("owner", ""))
        if owner is None:
            raise BadAnswer({"owner": _("Choose to whom.")})
        return _("%(rows)s to %(owner)s") % {"rows": rows, "owner": owner}, {"owner": owner.pk}
    try:
        due_at = fields.parse_moment(typed.get("due_at", ""))
    except (ValueError, OverflowError) as error:
        raise BadAnswer({"due_at": str(error)}) from error
    if due_at <= now:
        raise BadAnswer({"due_at": _("This time is past already.")})
    params: dict[str, Any] = {"due_at": due_at.isoformat()}
    if code == SET_TASK:
        text = fields.storable(typed.get("text", "")).strip()
        if not text:
            raise BadAnswer({"text": _("Say what is to be done.")})
        params |= {"text": text, "kind": Task.Kind.CALL.value}
        return f"{rows}: {text}", params
    return _("%(rows)s: another time") % {"rows": rows}, params
