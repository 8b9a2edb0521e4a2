"""A pipeline as plain values, between its YAML and its rows: both are read into this and written from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where something stands in a playbook, for people."""

    file: str = ""
    line: int = 0
    path: str = ""

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (at, self.path) if part)


@dataclass(kw_only=True)
class Placed:
    """Something that stands somewhere; where, is no part of what it is."""

    place: Place = field(default=Place(), compare=False, repr=False)


@dataclass
class ConditionSpec(Placed):
    name: str
    params: dict[str, Any]
    negated: bool = False


@dataclass
class RuleSpec(Placed):
    """`stage` and `scenario` are codes; both empty: on every stage."""

    name: str
    params: dict[str, Any]
    clause: str
    when: str
    effect: str
    stage: str = ""
    scenario: str = ""
    code: str = ""
    period: str = ""
    date: str = ""
    verb: str = ""
    message: str = ""
    override: list[str] = field(default_factory=list)
    active: bool = True
    conditions: list[ConditionSpec] = field(default_factory=list)

    @property
    def base_code(self) -> str:
        """The code it has where none is written, before repeats are numbered."""
        where = (
            f"scenario.{self.scenario}" if self.scenario else f"{self.stage or 'any'}.{self.when}"
        )
        return f"{where}.{self.name}"


@dataclass
class FieldSpec(Placed):
    code: str
    label: str
    type: str = "text"
    record: str = "deal"
    choices: list[str] = field(default_factory=list)
    tab: str = ""
    help_text: str = ""
    on_board: bool = False
    in_filter: bool = False

    @property
    def full_code(self) -> str:
        """As rules name it: `contact.position`, `platform`."""
        return self.code if self.record == "deal" else f"{self.record}.{self.code}"


@dataclass
class StageSpec(Placed):
    code: str
    name: str
    kind: str = "open"
    color: str = "blue"
    limit: str = ""
    goal: str = ""
    general_rules: str = ""
    script: str = ""
    needs_task: bool = True
    starts: bool = False
    rights: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class QuestionSpec(Placed):
    code: str
    label: str = ""
    type: str = "text"
    required: bool = False


@dataclass
class ScenarioSpec(Placed):
    code: str
    label: str
    tasks: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    stages: list[str] = field(default_factory=list)
    completes: bool = True
    result: str = ""
    on_card: bool = False
    questions: list[QuestionSpec] = field(default_factory=list)


@dataclass
class PipelineSpec(Placed):
    """`rules` stand in the file's order: stage by stage, then those of every stage, then the scenarios'."""

    code: str
    name: str
    position: int = 0
    currency: str = "RUB"
    schedule: str = ""
    note: str = ""
    fields: list[FieldSpec] = field(default_factory=list)
    stages: list[StageSpec] = field(default_factory=list)
    rules: list[RuleSpec] = field(default_factory=list)
    scenarios: list[ScenarioSpec] = field(default_factory=list)


def derived_codes(rules: Iterable[RuleSpec]) -> list[str]:
    """The code of each rule were none written, in the rules' order: `taken.enter.create_task`, then `…-2`.

    A rule with a code of its own is counted too, so that reading and writing number alike.
    """
    seen: dict[str, int] = {}
    codes = []
    for rule in rules:
        number = seen[rule.base_code] = seen.get(rule.base_code, 0) + 1
        codes.append(rule.base_code if number == 1 else f"{rule.base_code}-{number}")
    return codes
