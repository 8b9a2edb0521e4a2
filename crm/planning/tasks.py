"""The verbs of tasks by one name. Each keeps the deal's `next_task_at` and writes the feed, in one transaction."""

from __future__ import annotations

from crm.planning.changing import KEEP, change_kind, edit_task, postpone_task, reassign_task
from crm.planning.finishing import (
    NextTaskWanted,
    cancel_task,
    choose_outcome,
    complete_task,
    is_last,
    only_by_outcome,
    task_outcomes,
)
from crm.planning.keeping import (
    FAR,
    RESULT_LIMIT,
    TASK_CANCELLED,
    TASK_CHANGED,
    TASK_COMPLETED,
    TASK_CREATED,
    TASK_POSTPONED,
    TEXT_LIMIT,
    TaskGone,
    TaskRefused,
)
from crm.planning.questions import checked_answers
from crm.planning.setting import (
    AS_USUAL,
    PROMISED,
    NextTask,
    create_task,
    lacks_task,
    refusals_to_set,
    usual_reminder,
)

__all__ = [
    "AS_USUAL",
    "FAR",
    "KEEP",
    "PROMISED",
    "RESULT_LIMIT",
    "TASK_CANCELLED",
    "TASK_CHANGED",
    "TASK_COMPLETED",
    "TASK_CREATED",
    "TASK_POSTPONED",
    "TEXT_LIMIT",
    "NextTask",
    "NextTaskWanted",
    "TaskGone",
    "TaskRefused",
    "cancel_task",
    "change_kind",
    "checked_answers",
    "choose_outcome",
    "complete_task",
    "create_task",
    "edit_task",
    "is_last",
    "lacks_task",
    "only_by_outcome",
    "postpone_task",
    "reassign_task",
    "refusals_to_set",
    "task_outcomes",
    "usual_reminder",
]
