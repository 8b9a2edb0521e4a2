"""The control of closings: open control tasks on deals that are no longer open, with what one judges them by.

Which tasks are for control the playbook says: those of the kind «control»; what can be answered, their outcomes.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm.contacting import CALL_ANSWERED
from crm.models import Deal, Task, User
from crm.planning.tasks import task_outcomes
from pipelines import catalog, fields
from pipelines.catalog import CompiledPipeline, CompiledScenario, CompiledStage
from pipelines.models import Event, StageChange
from pipelines.numbers import whole
from pipelines.params import FieldField, FieldsField

LIMIT = 100
HISTORY = 5


@dataclass(frozen=True)
class Reason:
    """A field that the closing stage asks for, in words; a proof with its place in the feed and its recording."""

    label: str
    words: str
    event: int | None = None
    recording: str = ""


@dataclass
class Closing:
    task: Task
    deal: Deal
    stage: CompiledStage
    outcomes: list[CompiledScenario]
    is_overdue: bool
    reasons: list[Reason] = field(default_factory=list)
    closed: StageChange | None = None
    history: list[StageChange] = field(default_factory=list)
    recordings: list[Event] = field(default_factory=list)


@dataclass
class Closings:
    rows: list[Closing]
    is_more: bool
    # What can be answered to several at once: code and label, each once.
    outcomes: list[tuple[str, str]]


def controls(task: Task, stage: CompiledStage) -> bool:
    """Whether the task asks for a look at the deal's closing."""
    return task.kind == Task.Kind.CONTROL and stage.kind != "open"


def is_controller(user: User) -> bool:
    """A head of somebody, or an administrator."""
    return user.leads


def closings(user: User, *, now: datetime) -> Closings:
    """Those the user sees, the longest waiting first; four statements however many there are."""
    deals = Deal.objects.visible_to(user).exclude(status="open")
    tasks = list(
        Task.objects.visible_to(user)
        .open()
        .filter(kind=Task.Kind.CONTROL, deal__in=deals)
        .select_related("owner", "deal__owner", "deal__contact", "deal__company")
        .order_by("due_at", "pk")[: LIMIT + 1]
    )
    rows = [row for task in tasks[:LIMIT] if (row := _row(task, now)) is not None]
    _add_history(rows)
    _add_proofs(rows)
    outcomes = {item.code: item.label for row in rows for item in row.outcomes}
    return Closings(rows, len(tasks) > LIMIT, list(outcomes.items()))


def _row(task: Task, now: datetime) -> Closing | None:
    deal = task.deal
    assert deal is not None
    try:
        pipeline = catalog.pipeline(deal.pipeline_id)
    except KeyError:
        # Switched off since: nothing can be decided there.
        return None
    stage = pipeline.stage_by_id[deal.stage_id]
    reasons = [_reason(pipeline, code, deal) for code in asked_on(pipeline, stage)]
    return Closing(
        task,
        deal,
        stage,
        task_outcomes(task, deal),
        task.due_at < now,
        [reason for reason in reasons if reason.words],
    )


def asked_on(pipeline: CompiledPipeline, stage: CompiledStage) -> list[str]:
    """Codes of the deal's fields that the requirements of entering the stage name: why it was closed."""
    found: dict[str, None] = {}
    for rule in pipeline.rules_of("enter", "require", stage_id=stage.id):
        if rule.stage_id:
            for name, form_field in rule.entry.form.base_fields.items():
                value = rule.raw.get(name)
                if value and isinstance(form_field, (FieldField, FieldsField)):
                    found.update(dict.fromkeys(value if isinstance(value, list) else [value]))
    return [code for code in found if code in pipeline.fields and "." not in code]


def _reason(pipeline: CompiledPipeline, code: str, deal: Deal) -> Reason:
    known, value = pipeline.fields[code], deal.get_value(code)
    if known.type == "evidence":
        return Reason(str(known.label), str(value or ""), whole(str(value or "")))
    return Reason(str(known.label), fields.show(known, value) if value not in (None, "") else "")


def _add_history(rows: list[Closing]) -> None:
    changes: dict[int, list[StageChange]] = defaultdict(list)
    found = StageChange.objects.filter(deal__in=[row.deal.pk for row in rows])
    for change in found.select_related("from_stage", "to_stage", "event__actor").order_by("-pk"):
        changes[change.deal_id].append(change)
    for row in rows:
        row.history = changes[row.deal.pk][:HISTORY]
        row.closed = next(iter(row.history), None)


def _add_proofs(rows: list[Closing]) -> None:
    """What each proof is in words, and the recordings of the deal's last conversations."""
    calls: dict[int, list[Event]] = defaultdict(list)
    named = {reason.event for row in rows for reason in row.reasons if reason.event}
    deals = [row.deal.pk for row in rows]
    found = Event.objects.filter(deal__in=deals, verb=CALL_ANSWERED, data__has_key="recording")
    for event in found.order_by("-pk"):
        calls[event.deal_id or 0].append(event)
    proofs: dict[Any, Event] = {
        event.pk: event for event in (Event.objects.filter(pk__in=named) if named else [])
    }
    for row in rows:
        row.recordings = calls[row.deal.pk][:3]
        row.reasons = [
            _proved(reason, proofs[reason.event]) if reason.event in proofs else reason
            for reason in row.reasons
        ]


def _proved(reason: Reason, event: Event) -> Reason:
    return Reason(
        reason.label,
        str(event.data.get("text") or event.data.get("subject") or event),
        event.pk,
        str(event.data.get("recording") or ""),
    )
