"""Rules read aloud in groups, as the pages of a pipeline, a stage and an outcome list them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pipelines.catalog import CompiledPipeline
from pipelines.models import Pipeline, Rule
from pipelines.rule_words import NAMED_IN_WORDS, RuleLine


def rule_lines(rules: Iterable[Rule], pipeline: CompiledPipeline) -> list[RuleLine]:
    return [RuleLine(rule, pipeline) for rule in rules]


@dataclass
class RuleGroup:
    """The rules of one place of the regulation: a stage, a scenario, or every stage."""

    title: str
    lines: list[RuleLine]
    url: str = ""
    add: str = ""
    active: bool = True


def rules_of(pipeline: Pipeline, **where: Any) -> Any:
    """The rules with what their lines read, in three queries however many there are."""
    return (
        Rule.objects.filter(pipeline=pipeline, **where)
        .select_related(*NAMED_IN_WORDS)
        .prefetch_related("conditions")
        .order_by("position", "pk")
    )
