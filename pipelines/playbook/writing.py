"""A spec into a pipeline's rows: known codes are updated, new ones added, and what is gone is archived."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import Count
from django.utils.translation import ngettext

from pipelines.errors import PlaybookError
from pipelines.models import (
    Condition,
    Pipeline,
    Question,
    Rule,
    Scenario,
    Schedule,
    Stage,
    StageRight,
)

from .rows import columns
from .specs import PipelineSpec, RuleSpec, ScenarioSpec, StageSpec


def apply(pipeline: Pipeline, spec: PipelineSpec) -> None:
    """Make the (locked) pipeline's rows what the checked spec says, in the caller's transaction.

    Errors: PlaybookError when a stage that is gone from the spec has deals on it; then nothing is written.
    """
    _refuse_to_lose_deals(pipeline, spec)
    schedule = Schedule.objects.get(code=spec.schedule) if spec.schedule else None
    _set(pipeline, columns(spec) | {"schedule": schedule, "is_active": True})
    _upsert(
        pipeline.fields,
        spec.fields,
        lambda row: (row.record, row.code),
        lambda item: (item.record, item.code),
    )
    stages = _upsert(pipeline.stages, spec.stages, _code, _code)
    scenarios = _upsert(pipeline.scenarios, spec.scenarios, _code, _code)
    _write_rights(stages, spec.stages)
    _write_questions(scenarios, spec.scenarios)

    def links(rule: RuleSpec) -> dict[str, Any]:
        stage = stages[rule.stage] if rule.stage else None
        return {"stage": stage, "scenario": scenarios[rule.scenario] if rule.scenario else None}

    rules = _upsert(pipeline.rules, spec.rules, _code, _code, links)
    _write_conditions(rules, spec.rules)


def _code(item: Any) -> Hashable:
    return item.code


def _refuse_to_lose_deals(pipeline: Pipeline, spec: PipelineSpec) -> None:
    # Locked, so that a move onto such a stage is either counted here or waits until it is decided.
    codes = [item.code for item in spec.stages]
    gone = pipeline.stages.select_for_update().filter(is_active=True).exclude(code__in=codes)
    names = {row.pk: f"“{row.name}” ({row.code})" for row in gone}
    counted = (
        apps.get_model("crm.Deal")
        ._base_manager.filter(stage__in=list(names))
        .order_by()
        .values_list("stage")
        .annotate(Count("pk"))
    )
    problems = [
        ngettext(
            "%(pipeline)s: the stage %(stage)s can't go: %(number)s deal is on it. Move it first, or keep the stage.",
            "%(pipeline)s: the stage %(stage)s can't go: %(number)s deals are on it. Move them first, or keep the stage.",
            number,
        )
        % {"pipeline": pipeline.code, "stage": names[stage], "number": number}
        for stage, number in counted
    ]
    if problems:
        raise PlaybookError(problems)


def _set(row: Any, values: Mapping[str, Any]) -> None:
    """Save the row where a value is another."""
    changed = [
        name for name, value in values.items() if row.pk is None or getattr(row, name) != value
    ]
    for name in changed:
        setattr(row, name, values[name])
    if row.pk is None:
        row.save()
    elif changed:
        row.save(update_fields=changed)


def _upsert(
    manager: Any,
    specs: Iterable[Any],
    key_of_row: Callable[[Any], Any],
    key_of_spec: Callable[[Any], Any],
    links: Callable[[Any], dict[str, Any]] = lambda spec: {},
) -> dict[Any, Any]:
    """The rows by key, each as its spec says, in the specs' order; rows without a spec are archived."""
    known = {key_of_row(row): row for row in manager.all()}
    found = {}
    for position, spec in enumerate(specs):
        key = key_of_spec(spec)
        row = known.pop(key, None) or manager.model(**{manager.field.name: manager.instance})
        _set(row, {"is_active": True} | columns(spec) | {"position": position} | links(spec))
        found[key] = row
    manager.filter(pk__in=[row.pk for row in known.values()], is_active=True).update(
        is_active=False
    )
    return found


def _write_rights(stages: Mapping[str, Stage], specs: Iterable[StageSpec]) -> None:
    groups: dict[str, Group] = {}
    wanted = []
    for item in specs:
        for ability, roles in item.rights.items():
            for role in roles:
                group = groups.get(role) or groups.setdefault(
                    role, Group.objects.get_or_create(name=role)[0]
                )
                wanted.append(StageRight(stage=stages[item.code], ability=ability, group=group))
    StageRight.objects.filter(stage__in=stages.values()).delete()
    StageRight.objects.bulk_create(wanted)


def _write_questions(scenarios: Mapping[str, Scenario], specs: Iterable[ScenarioSpec]) -> None:
    Question.objects.filter(scenario__in=scenarios.values()).delete()
    Question.objects.bulk_create(
        Question(scenario=scenarios[item.code], position=position, **columns(asked))
        for item in specs
        for position, asked in enumerate(item.questions)
    )


def _write_conditions(rules: Mapping[str, Rule], specs: Iterable[RuleSpec]) -> None:
    Condition.objects.filter(rule__in=rules.values()).delete()
    Condition.objects.bulk_create(
        Condition(
            rule=rules[rule.code],
            name=item.name,
            params=item.params,
            negated=item.negated,
            position=position,
        )
        for rule in specs
        for position, item in enumerate(rule.conditions)
    )
