"""What kinds of tasks look like, everywhere alike: in lists, on cards, in the calendar.

The kinds themselves are code (docs/decisions/0020-kinds-of-tasks.md): regulations and their rules name them.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.models import Task

Kind = Task.Kind


@dataclass(frozen=True)
class Look:
    """An icon of Tabler's, one of its colours, and how many minutes such a task usually takes."""

    icon: str
    colour: str
    minutes: int


LOOKS: dict[str, Look] = {
    Kind.CALL: Look("phone", "blue", 15),
    Kind.LETTER: Look("mail", "cyan", 15),
    Kind.MEETING: Look("users", "purple", 60),
    Kind.DOCUMENT: Look("file-text", "indigo", 30),
    Kind.CONTROL: Look("eye-check", "pink", 15),
    Kind.OTHER: Look("checkbox", "secondary", 30),
}


def look_of(kind: str) -> Look:
    """A kind that no code knows any more looks like «other»."""
    return LOOKS.get(kind, LOOKS[Kind.OTHER])


def minutes_of(task: Task) -> int:
    """How long the task takes in the calendar."""
    return task.minutes or look_of(task.kind).minutes
