"""From the rows of definitions to what the engine uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

from pipelines import clock, registry
from pipelines.compiled import (
    CompiledCondition,
    CompiledField,
    CompiledPipeline,
    CompiledQuestion,
    CompiledRule,
    CompiledScenario,
    CompiledStage,
)
from pipelines.params import Vocabulary


def compile_pipelines(ids: Iterable[int]) -> dict[int, CompiledPipeline]:
    """The pipelines with these ids from their rows, in nine queries."""
    from pipelines.models import Field, Pipeline, Rule, Scenario, Stage

    rows = (
        Pipeline.objects.filter(id__in=ids).select_related("schedule").order_by("position", "name")
    )
    stages = Stage.objects.filter(pipeline__in=ids, is_active=True).prefetch_related(
        "rights__group"
    )
    fields = Field.objects.filter(pipeline__in=ids, is_active=True)
    scenarios = Scenario.objects.filter(pipeline__in=ids, is_active=True).prefetch_related(
        "questions"
    )
    rules = (
        Rule.objects.filter(pipeline__in=ids, is_active=True)
        .prefetch_related("conditions")
        .select_related("scenario")
    )
    of_stages, of_fields, of_scenarios, of_rules = map(_group, (stages, fields, scenarios, rules))
    everything = vocabulary_of_all()
    return {
        row.id: _compile_one(
            row,
            of_stages[row.id],
            of_fields[row.id],
            of_scenarios[row.id],
            of_rules[row.id],
            everything,
        )
        for row in rows
    }


def _group(query: Any) -> dict[int, list[Any]]:
    table: dict[int, list[Any]] = defaultdict(list)
    for row in query:
        table[row.pipeline_id].append(row)
    return table


def vocabulary_of_all() -> dict[str, list[tuple[str, str]]]:
    """The codes that reach over pipelines: their own codes and the letter templates."""
    from pipelines.models import Pipeline

    return {
        "pipelines": list(Pipeline.objects.values_list("code", "name")),
        "templates": [pair for source in registry.template_sources for pair in source()],
    }


def _compile_one(
    row: Any,
    stages: list[Any],
    fields: list[Any],
    scenarios: list[Any],
    rules: list[Any],
    everything: dict[str, Any],
) -> CompiledPipeline:
    all_fields = built_in_fields() | {compiled.code: compiled for compiled in map(_field, fields)}
    vocabulary = Vocabulary(
        stages=[(item.code, item.name) for item in stages],
        fields=[(item.code, str(item.label)) for item in all_fields.values()],
        scenarios=[(item.code, item.label) for item in scenarios],
        tasks=_texts_of_tasks(rules),
        choices={item.code: dict(item.choices) for item in all_fields.values() if item.choices},
        **everything,
    )
    return CompiledPipeline(
        id=row.id,
        code=row.code,
        name=row.name,
        playbook=row.playbook,
        position=row.position,
        edition=row.edition,
        stamp=row.stamp,
        currency=row.currency,
        calendar=row.schedule.calendar() if row.schedule else clock.standard(),
        stages=tuple(map(_stage, stages)),
        fields=all_fields,
        scenarios=tuple(map(_scenario, scenarios)),
        rules=tuple(_rule(item, vocabulary) for item in rules),
        vocabulary=vocabulary,
    )


def _texts_of_tasks(rules: list[Any]) -> list[tuple[str, list[str]]]:
    """The codes of the tasks that rules set, each with the texts that share it."""
    texts: dict[str, list[str]] = {}
    for rule in rules:
        code, text = rule.params.get("code"), rule.params.get("text")
        if rule.effect == "do" and code and text and text not in texts.setdefault(code, []):
            texts[code].append(text)
    return list(texts.items())


def built_in_fields() -> dict[str, CompiledField]:
    return {
        item.code: CompiledField(
            code=item.code, label=item.label, type=item.type, choices={}, built_in=True
        )
        for item in registry.built_ins.values()
    }


def _field(row: Any) -> CompiledField:
    code = row.code if row.record == "deal" else f"{row.record}.{row.code}"
    return CompiledField(
        code=code,
        label=row.label,
        type=row.type,
        choices=dict(split_choice(text) for text in row.choices),
        tab=row.tab,
        help_text=row.help_text,
        record=row.record,
        on_board=row.on_board,
        in_filter=row.in_filter,
    )


def split_choice(text: str) -> tuple[str, str]:
    """«code: label» apart; a text without a colon is both."""
    code, colon, label = text.partition(":")
    return (code.strip(), label.strip()) if colon else (text.strip(), text.strip())


def _stage(row: Any) -> CompiledStage:
    rights: dict[str, set[str]] = defaultdict(set)
    for right in row.rights.all():
        rights[right.ability].add(right.group.name)
    return CompiledStage(
        id=row.id,
        pipeline_id=row.pipeline_id,
        code=row.code,
        name=row.name,
        kind=row.kind,
        position=row.position,
        color=row.color,
        limit=clock.Duration.parse(row.limit) if row.limit else None,
        goal=row.goal,
        general_rules=row.general_rules,
        script=row.script,
        needs_task=row.needs_task,
        rights={ability: frozenset(groups) for ability, groups in rights.items()},
        starts=row.starts,
    )


def _scenario(row: Any) -> CompiledScenario:
    return CompiledScenario(
        id=row.id,
        code=row.code,
        label=row.label,
        tasks=frozenset(row.tasks),
        kinds=frozenset(row.kinds),
        stages=frozenset(row.stages),
        completes=row.completes,
        result=row.result,
        questions=tuple(
            CompiledQuestion(item.code, item.label, item.type, item.required)
            for item in row.questions.all()
        ),
        on_card=row.on_card,
    )


def _rule(row: Any, vocabulary: Vocabulary) -> CompiledRule:
    table: Mapping[str, Any] = registry.guards if row.effect == "require" else registry.actions
    entry = table[row.name]
    return CompiledRule(
        id=row.id,
        code=row.code,
        clause=row.clause,
        when=row.when,
        effect=row.effect,
        stage_id=row.stage_id,
        scenario=row.scenario.code if row.scenario else "",
        period=clock.Duration.parse(row.period) if row.period else None,
        date=row.date,
        verb=row.verb,
        entry=entry,
        params=_params(entry, row.params, vocabulary),
        raw=row.params,
        message=row.message,
        conditions=tuple(
            CompiledCondition(
                guard=registry.guards[item.name],
                params=_params(registry.guards[item.name], item.params, vocabulary),
                raw=item.params,
                negated=item.negated,
            )
            for item in row.conditions.all()
        ),
        overridable_by=tuple(row.overridable_by),
    )


def _params(entry: Any, raw: Mapping[str, Any], vocabulary: Vocabulary) -> SimpleNamespace:
    """The cleaned parameters; one that is no longer valid (a field archived since) is kept as far as it goes."""
    form = entry.form(raw, pipeline=vocabulary)
    form.is_valid()
    return namespace(form)


def namespace(form: Any) -> SimpleNamespace:
    """A validated parameter form's values, by attribute."""
    return SimpleNamespace(**{name: form.cleaned_data.get(name) for name in form.fields})
