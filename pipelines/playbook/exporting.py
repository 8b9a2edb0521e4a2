"""A pipeline's rows into its spec, and a spec into YAML: the same text for the same definitions, always."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pipelines import registry
from pipelines.compiling import split_choice
from pipelines.models import Pipeline, Rule

from .parsing import ABILITIES, BY_HAND
from .reading import dump, plain
from .specs import (
    ConditionSpec,
    FieldSpec,
    PipelineSpec,
    QuestionSpec,
    RuleSpec,
    ScenarioSpec,
    StageSpec,
    derived_codes,
)

Document = dict[str, Any]


def export(pipeline: Pipeline) -> str:
    """What is in force in the pipeline, as playbook YAML; what was archived is left out."""
    return write(spec_of(pipeline))


def spec_of(pipeline: Pipeline) -> PipelineSpec:
    """The pipeline's active rows as a spec, its rules in the order of the file."""
    stages = list(
        pipeline.stages.filter(is_active=True)
        .order_by("position", "pk")
        .prefetch_related("rights__group")
    )
    scenarios = list(
        pipeline.scenarios.filter(is_active=True)
        .order_by("position", "pk")
        .prefetch_related("questions")
    )
    rules = (
        pipeline.rules.filter(is_active=True)
        .select_related("stage", "scenario")
        .prefetch_related("conditions")
        .order_by("position", "pk")
    )
    spec = PipelineSpec(
        code=pipeline.code,
        name=pipeline.name,
        position=pipeline.position,
        currency=pipeline.currency,
        schedule=pipeline.schedule.code if pipeline.schedule else "",
        note=_lines(pipeline.note),
        fields=[
            FieldSpec(
                code=row.code,
                label=row.label,
                type=row.type,
                record=row.record,
                choices=list(row.choices),
                tab=row.tab,
                help_text=row.help_text,
                on_board=row.on_board,
                in_filter=row.in_filter,
            )
            for row in pipeline.fields.filter(is_active=True).order_by("position", "pk")
        ],
        stages=[_stage(row) for row in stages],
        scenarios=[_scenario(row) for row in scenarios],
    )
    in_force = {row.code for row in stages}, {row.code for row in scenarios}
    found = [_rule(row) for row in rules]
    spec.rules = [
        rule for rule in found if not (rule.stage or rule.scenario) or _stands(rule, *in_force)
    ]
    return spec


def _stands(rule: RuleSpec, stages: set[str], scenarios: set[str]) -> bool:
    return (not rule.stage or rule.stage in stages) and (
        not rule.scenario or rule.scenario in scenarios
    )


def _lines(text: str) -> str:
    # What a browser's text area sends; YAML would keep \r only in quotes, a whole paragraph on one line.
    return text.replace("\r\n", "\n")


def _stage(row: Any) -> StageSpec:
    rights: dict[str, list[str]] = defaultdict(list)
    for right in row.rights.all():
        rights[right.ability].append(right.group.name)
    return StageSpec(
        code=row.code,
        name=row.name,
        kind=row.kind,
        color=row.color,
        limit=row.limit,
        goal=_lines(row.goal),
        general_rules=_lines(row.general_rules),
        script=_lines(row.script),
        needs_task=row.needs_task,
        starts=row.starts,
        rights={ability: sorted(rights[ability]) for ability in ABILITIES if ability in rights},
    )


def _scenario(row: Any) -> ScenarioSpec:
    return ScenarioSpec(
        code=row.code,
        label=row.label,
        tasks=list(row.tasks),
        kinds=list(row.kinds),
        stages=list(row.stages),
        completes=row.completes,
        result=row.result,
        on_card=row.on_card,
        questions=[
            QuestionSpec(asked.code, asked.label, asked.type, asked.required)
            for asked in sorted(row.questions.all(), key=lambda asked: (asked.position, asked.pk))
        ],
    )


def _rule(row: Rule) -> RuleSpec:
    return RuleSpec(
        name=row.name,
        params=dict(row.params),
        clause=row.clause,
        when=row.when,
        effect=row.effect,
        stage=row.stage.code if row.stage else "",
        scenario=row.scenario.code if row.scenario else "",
        code=row.code,
        period=row.period,
        date=row.date,
        verb=row.verb,
        message=row.message,
        override=list(row.overridable_by),
        conditions=[
            ConditionSpec(item.name, dict(item.params), item.negated)
            for item in sorted(row.conditions.all(), key=lambda item: (item.position, item.pk))
        ],
    )


def write(spec: PipelineSpec) -> str:
    """The spec as YAML. Rules that are not active are left out, and codes that follow from the place."""
    document = _Document(spec).build()
    # The codes that a reader would derive are known only once the rules have their places.
    return dump(document)


class _Document:
    """The spec laid out as a file: each rule under its occasion, in the order `parsing` reads them in."""

    def __init__(self, spec: PipelineSpec) -> None:
        self.spec = spec
        self.rules = [rule for rule in spec.rules if rule.active]
        self.placed: list[tuple[RuleSpec, Document]] = []

    def build(self) -> Document:
        spec = self.spec
        top: Document = {
            "pipeline": spec.code,
            "name": spec.name,
            "position": spec.position,
            "currency": spec.currency,
            "schedule": spec.schedule or None,
        }
        top |= _said(note=spec.note)
        top |= _said(fields=[_field_document(item) for item in spec.fields])
        top["stages"] = [self._stage(item) for item in spec.stages]
        top |= _said(
            rules=self._occasions(
                [rule for rule in self.rules if not rule.stage and rule.when != "choose"]
            )
        )
        top |= _said(scenarios=[self._scenario(item) for item in spec.scenarios])
        derived = derived_codes(rule for rule, _document in self.placed)
        for (rule, document), code in zip(self.placed, derived, strict=True):
            if rule.code != code:
                document["code"] = rule.code
        return top

    def _stage(self, item: StageSpec) -> Document:
        document: Document = {"stage": item.code, "name": item.name}
        document |= {} if item.kind == "open" else {"kind": item.kind}
        document |= {} if item.color == "blue" else {"color": item.color}
        document |= _said(
            limit=item.limit, goal=item.goal, general_rules=item.general_rules, script=item.script
        )
        document |= {} if item.needs_task else {"needs_task": False}
        document |= {"starts": True} if item.starts else {}
        document |= _said(
            rights={
                ability: list(item.rights[ability])
                for ability in ABILITIES
                if item.rights.get(ability)
            }
        )
        return document | self._occasions([rule for rule in self.rules if rule.stage == item.code])

    def _scenario(self, item: ScenarioSpec) -> Document:
        document: Document = {"scenario": item.code, "label": item.label}
        document |= _said(tasks=list(item.tasks), kinds=list(item.kinds), stages=list(item.stages))
        document |= {} if item.completes else {"completes": False}
        document |= {"on_card": True} if item.on_card else {}
        document |= _said(
            result=item.result, asks=[_question_document(asked) for asked in item.questions]
        )
        return document | self._effects([rule for rule in self.rules if rule.scenario == item.code])

    def _occasions(self, rules: list[RuleSpec]) -> Document:
        document: Document = {}
        for when in ("enter", "leave", *BY_HAND):
            document |= _said(
                **{when: self._effects([rule for rule in rules if rule.when == when])}
            )
        for when in ("stay", "before", "after", "on"):
            groups: dict[tuple[str, str, str], list[RuleSpec]] = defaultdict(list)
            for rule in rules:
                if rule.when == when:
                    groups[rule.period, rule.date, rule.verb].append(rule)
            document |= _said(
                **{
                    when: [
                        _said(
                            event=verb,
                            date=date,
                            **{"after" if when == "stay" else "period": period},
                        )
                        | self._effects(group)
                        for (period, date, verb), group in groups.items()
                    ]
                }
            )
        return document

    def _effects(self, rules: list[RuleSpec]) -> Document:
        return _said(
            require=[self._rule(rule) for rule in rules if rule.effect == "require"],
            do=[self._rule(rule) for rule in rules if rule.effect == "do"],
        )

    def _rule(self, rule: RuleSpec) -> Document:
        table: dict[str, Any] = dict(
            registry.guards if rule.effect == "require" else registry.actions
        )
        document: Document = {rule.name: _bare(table.get(rule.name), rule.params)}
        for key, negated in (("if", False), ("unless", True)):
            document |= _said(
                **{key: [_condition(item) for item in rule.conditions if item.negated is negated]}
            )
        document["clause"] = rule.clause
        document |= _said(message=rule.message, override=list(rule.override))
        self.placed.append((rule, document))
        return document


def _field_document(item: FieldSpec) -> Document:
    document: Document = {"field": item.code, "label": item.label}
    document |= {} if item.type == "text" else {"type": item.type}
    document |= {} if item.record == "deal" else {"record": item.record}
    document |= {"board": True} if item.on_board else {}
    document |= {"filter": True} if item.in_filter else {}
    return document | _said(
        tab=item.tab,
        help=item.help_text,
        choices=dict(split_choice(choice) for choice in item.choices),
    )


def _question_document(asked: QuestionSpec) -> Document:
    document: Document = {"question": asked.code} | _said(label=asked.label)
    document |= {} if asked.type == "text" else {"type": asked.type}
    return document | ({"required": True} if asked.required else {})


def _condition(item: ConditionSpec) -> str | Document:
    return (
        {item.name: _bare(registry.guards.get(item.name), item.params)}
        if item.params
        else item.name
    )


def _bare(entry: registry.Guard | registry.Action | None, params: dict[str, Any]) -> Any:
    """The parameters as short as they can be read back: bare where only the primary one is given."""
    primary = entry.form.primary() if entry else None
    if not params:
        return None
    if primary is not None and list(params) == [primary]:
        value = params[primary]
        if value is not None and not isinstance(value, dict):
            return plain(value)
    order = list(entry.form.base_fields) if entry else []
    return plain(
        {name: params[name] for name in sorted(params, key=lambda name: _rank(order, name))}
    )


def _rank(order: Iterable[str], name: str) -> tuple[int, str]:
    order = list(order)
    # PostgreSQL's jsonb keeps no order of keys: the form's is the one.
    return (order.index(name) if name in order else len(order), name)


def _said(**parts: Any) -> Document:
    """The parts that say something."""
    return {key: value for key, value in parts.items() if value not in ("", [], {}, None)}
