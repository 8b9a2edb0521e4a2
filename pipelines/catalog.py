"""The definitions compiled once per process: a move reads no configuration from the database.

Every saved change gives its pipeline a new stamp. `refresh()` compares stamps in one small query, once a request
and once a Celery task; the engine compares again with the stamp that comes with the deal's locked row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
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
    script: str
    needs_task: bool
    rights: Mapping[str, frozenset[str]]

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

    def serves(self, task: Any, stage: CompiledStage) -> bool:
        """Whether the scenario is an outcome of this task of a deal on this stage."""
        return (
            (not self.tasks or task.code in self.tasks)
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
        return self.stages[0]

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
        return frozenset(rule.verb for rule in self.rules if rule.when == "on")

    @cached_property
    def dates(self) -> frozenset[str]:
        """Dates that some rule of the pipeline counts from."""
        return frozenset(rule.date for rule in self.rules if rule.when in ("before", "after"))


_pipelines: dict[int, CompiledPipeline] = {}
_lock = RLock()


def refresh() -> None:
    """Compile what was changed by any process since; one query when nothing was."""
    from pipelines.models import Pipeline

    stamps = dict(Pipeline.objects.filter(is_active=True).values_list("id", "stamp"))
    with _lock:
        for gone in _pipelines.keys() - stamps.keys():
            del _pipelines[gone]
        stale = [
            key
            for key, stamp in stamps.items()
            if key not in _pipelines or _pipelines[key].stamp != stamp
        ]
        if stale:
            _pipelines.update(_compile(stale))


def forget() -> None:
    """Drop everything compiled."""
    with _lock:
        _pipelines.clear()


def pipeline(pipeline_id: int, *, stamp: UUID | None = None) -> CompiledPipeline:
    """The compiled pipeline, anew if its stamp is another. Errors: KeyError for an unknown or inactive one."""
    found = _pipelines.get(pipeline_id)
    if found is None or (stamp is not None and found.stamp != stamp):
        refresh()
        found = _pipelines[pipeline_id]
    return found


def pipelines() -> list[CompiledPipeline]:
    """All active pipelines in their order, as last refreshed."""
    if not _pipelines:
        refresh()
    return sorted(_pipelines.values(), key=lambda found: (found.position, found.name))


def by_code(code: str) -> CompiledPipeline:
    """Errors: KeyError."""
    for found in pipelines():
        if found.code == code:
            return found
    refresh()
    return {found.code: found for found in _pipelines.values()}[code]


def stage(stage_id: int) -> CompiledStage:
    """Errors: KeyError."""
    for found in pipelines():
        if stage_id in found.stage_by_id:
            return found.stage_by_id[stage_id]
    raise KeyError(stage_id)


def stages_hidden_from(roles: frozenset[str]) -> list[int]:
    """Ids of the stages whose deals these roles may not see."""
    return [
        stage.id for found in pipelines() for stage in found.stages if not stage.lets("see", roles)
    ]


def _compile(ids: Iterable[int]) -> dict[int, CompiledPipeline]:
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
        script=row.script,
        needs_task=row.needs_task,
        rights={ability: frozenset(groups) for ability, groups in rights.items()},
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
    )


def _params(entry: Any, raw: Mapping[str, Any], vocabulary: Vocabulary) -> SimpleNamespace:
    """The cleaned parameters; one that is no longer valid (a field archived since) is kept as far as it goes."""
    form = entry.form(raw, pipeline=vocabulary)
    form.is_valid()
    return namespace(form)


def namespace(form: Any) -> SimpleNamespace:
    """A validated parameter form's values, by attribute."""
    return SimpleNamespace(**{name: form.cleaned_data.get(name) for name in form.fields})
