"""The definitions as the engine uses them: frozen, shared by threads, made by `pipelines.compiling`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from pipelines import clock, registry
from pipelines.params import Vocabulary


@dataclass(frozen=True)
class CompiledField:
    code: str
    label: str | Promise
    type: str
    choices: Mapping[str, str]
    tab: str = ""
    help_text: str = ""
    record: str = "deal"
    built_in: bool = False
    on_board: bool = False
    in_filter: bool = False


@dataclass(frozen=True)
class CompiledStage:
    id: int
    pipeline_id: int
    code: str
    name: str
    kind: str
    position: int
    color: str
    limit: clock.Duration | None
    goal: str
    general_rules: str
    script: str
    needs_task: bool
    rights: Mapping[str, frozenset[str]]
    starts: bool = False

    def lets(self, ability: str, roles: frozenset[str]) -> bool:
        """Whether a person with these roles may `see`, `edit`, `enter` or `leave` here."""
        allowed = self.rights.get(ability)
        return allowed is None or not allowed.isdisjoint(roles)


@dataclass(frozen=True)
class CompiledQuestion:
    code: str
    label: str
    type: str
    required: bool


@dataclass(frozen=True)
class CompiledScenario:
    id: int
    code: str
    label: str
    tasks: frozenset[str]
    kinds: frozenset[str]
    stages: frozenset[str]
    completes: bool
    result: str
    questions: tuple[CompiledQuestion, ...]
    # A button of the deal itself, outcome of no task.
    on_card: bool = False

    def serves(self, task: Any, stage: CompiledStage) -> bool:
        """Whether the scenario is an outcome of this task of a deal on this stage."""
        return (
            not self.on_card
            and (not self.tasks or task.code in self.tasks)
            and (not self.kinds or task.kind in self.kinds)
            and (not self.stages or stage.code in self.stages)
        )


@dataclass(frozen=True)
class CompiledCondition:
    guard: registry.Guard
    params: SimpleNamespace
    raw: Mapping[str, Any]
    negated: bool


@dataclass(frozen=True)
class CompiledRule:
    id: int
    code: str
    clause: str
    when: str
    effect: str
    stage_id: int | None
    scenario: str
    period: clock.Duration | None
    date: str
    verb: str
    entry: Any
    params: SimpleNamespace
    raw: Mapping[str, Any]
    message: str
    conditions: tuple[CompiledCondition, ...]
    overridable_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompiledPipeline:
    id: int
    code: str
    name: str
    playbook: str
    position: int
    edition: int
    stamp: UUID
    currency: str
    calendar: clock.WorkCalendar
    stages: tuple[CompiledStage, ...]
    fields: Mapping[str, CompiledField]
    scenarios: tuple[CompiledScenario, ...]
    rules: tuple[CompiledRule, ...]
    vocabulary: Vocabulary

    @cached_property
    def stage_by_id(self) -> dict[int, CompiledStage]:
        return {stage.id: stage for stage in self.stages}

    @cached_property
    def stage_by_code(self) -> dict[str, CompiledStage]:
        return {stage.code: stage for stage in self.stages}

    @property
    def first_stage(self) -> CompiledStage:
        """Where new deals come: the stage that says so, else the first."""
        return next((stage for stage in self.stages if stage.starts), self.stages[0])

    @cached_property
    def _rules(self) -> dict[tuple[str, str], tuple[CompiledRule, ...]]:
        table: dict[tuple[str, str], list[CompiledRule]] = defaultdict(list)
        for rule in self.rules:
            table[rule.when, rule.effect].append(rule)
        # A rule that moves the deal runs after the others of its occasion, so that these still find it here.
        return {
            key: tuple(sorted(rules, key=lambda rule: getattr(rule.entry, "moves", False)))
            for key, rules in table.items()
        }

    def rules_of(
        self,
        when: str,
        effect: str,
        *,
        stage_id: int | None = None,
        verb: str = "",
        scenario: str = "",
    ) -> list[CompiledRule]:
        """The rules for an occasion: those of the stage and those of the whole pipeline, in their order."""
        return [
            rule
            for rule in self._rules.get((when, effect), ())
            if rule.stage_id in (None, stage_id) and rule.verb == verb and rule.scenario == scenario
        ]

    def rule(self, rule_id: int) -> CompiledRule | None:
        return self._by_id.get(rule_id)

    @cached_property
    def _by_id(self) -> dict[int, CompiledRule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def hears(self) -> frozenset[str]:
        """Verbs that some rule of the pipeline listens to; every other event costs nothing."""
        return self._verbs("do")

    @cached_property
    def asked_before(self) -> frozenset[str]:
        """Verbs before which some requirement of the pipeline is asked."""
        return self._verbs("require")

    def _verbs(self, effect: str) -> frozenset[str]:
        return frozenset(
            rule.verb for rule in self.rules if rule.when == "on" and rule.effect == effect
        )

    @cached_property
    def dates(self) -> frozenset[str]:
        """Dates that some rule of the pipeline counts from."""
        return frozenset(rule.date for rule in self.rules if rule.when in ("before", "after"))
