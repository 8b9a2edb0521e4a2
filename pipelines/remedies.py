"""What lifts a refusal beside the deal's own fields: something that a form asks for and the move then does.

An app registers one with the fields that its form asks for. A guard names their codes in its `No`; the answers come
with those of the move, are checked before the guards are asked (which find them in `context.answers`), and are acted
upon only when nothing stands against the move.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipelines.compiled import CompiledField
from pipelines.context import Context

Answers = dict[str, Any]


@dataclass(frozen=True)
class Remedy:
    """`check(answers, now)` returns them as typed values (errors: BadAnswer); `run(context)` acts on them."""

    fields: tuple[CompiledField, ...]
    check: Callable[[Answers, datetime], Answers]
    run: Callable[[Context], None]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(field.code for field in self.fields)


_remedies: list[Remedy] = []


def register(remedy: Remedy) -> None:
    _remedies.append(remedy)


def fields() -> dict[str, CompiledField]:
    """All that any remedy asks for, by code."""
    return {field.code: field for remedy in _remedies for field in remedy.fields}


def askable(own: Mapping[str, CompiledField]) -> dict[str, CompiledField]:
    """What a form can ask for on a move: the pipeline's fields and those of the remedies."""
    return fields() | dict(own)


def part(answers: Answers) -> tuple[Answers, Answers]:
    """The answers that are for remedies, and those for the deal's fields."""
    ours = fields()
    return (
        {code: value for code, value in answers.items() if code in ours},
        {code: value for code, value in answers.items() if code not in ours},
    )


def check(answers: Answers, now: datetime) -> Answers:
    """The answers as typed values; none where nothing was answered. Errors: BadAnswer."""
    checked: Answers = {}
    for remedy in _remedies:
        given = {code: value for code, value in answers.items() if code in remedy.codes}
        if any(value not in (None, "") for value in given.values()):
            checked |= remedy.check(given, now)
    return checked


def run(context: Context) -> None:
    """Act on what was answered."""
    for remedy in _remedies:
        if remedy.codes.intersection(context.answers):
            remedy.run(context)
