"""A pipeline's YAML into a `PipelineSpec`. What it means (known codes, valid parameters) is asked in `checking`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from pipelines import registry
from pipelines.params import PairsField

from .cursor import Cursor, Problems
from .reading import Map, plain
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

ABILITIES = ("see", "edit", "enter", "leave")
# What a person does by hand with a task; it can only be refused.
BY_HAND = ("task", "finish")
# The keys of a rule beside the one that names its guard or action.
RULE_KEYS = ("if", "unless", "clause", "code", "message", "override", "active")


def parse_pipeline(data: Any, *, file: str, problems: Problems, schedule: str = "") -> PipelineSpec:
    """What can be understood of it; the rest is said in `problems`. `schedule` is the company's, for a file without."""
    top = Cursor(data, file=file, path="", problems=problems)
    spec = PipelineSpec(
        code=top.text("pipeline", required=True),
        name=top.text("name", required=True),
        position=top.number("position", 0),
        currency=top.text("currency", "RUB"),
        schedule=top.text("schedule") if "schedule" in top.data else schedule,
        note=top.text("note"),
        place=top.place("pipeline"),
    )
    top.take("schedule")
    spec.fields = [_field(row) for row in top.rows("fields", "field")]
    for row in top.rows("stages", "stage"):
        stage = _stage(row)
        spec.stages.append(stage)
        spec.rules += _occasions(row, stage=stage.code)
        row.done()
    if rules := top.inside("rules"):
        spec.rules += _occasions(rules)
        rules.done()
    for row in top.rows("scenarios", "scenario"):
        scenario = _scenario(row)
        spec.scenarios.append(scenario)
        spec.rules += _effects(row, when="choose", scenario=scenario.code)
        row.done()
    top.done()
    for rule, code in zip(spec.rules, derived_codes(spec.rules), strict=True):
        rule.code = rule.code or code
    return spec


def _field(row: Cursor) -> FieldSpec:
    spec = FieldSpec(
        code=row.text("field", required=True),
        label=row.text("label", required=True),
        type=row.text("type", "text"),
        record=row.text("record", "deal"),
        choices=_choices(row),
        tab=row.text("tab"),
        help_text=row.text("help"),
        on_board=row.flag("board", False),
        in_filter=row.flag("filter", False),
        place=row.place(),
    )
    row.done()
    return spec


def _choices(row: Cursor) -> list[str]:
    if not isinstance(row.data.get("choices"), Map):
        return [f"{word}: {word}" for word in row.words("choices")]
    choices = row.inside("choices")
    assert choices is not None
    for code in choices.data:
        if ":" in code or not code.strip():
            choices.complain(_("a choice's code is a word without a colon"), code)
    return [f"{code}: {choices.text(code)}" for code in choices.data]


def _stage(row: Cursor) -> StageSpec:
    spec = StageSpec(
        code=row.text("stage", required=True),
        name=row.text("name", required=True),
        kind=row.text("kind", "open"),
        color=row.text("color", "blue"),
        limit=row.text("limit"),
        goal=row.text("goal"),
        general_rules=row.text("general_rules"),
        script=row.text("script"),
        needs_task=row.flag("needs_task", True),
        starts=row.flag("starts", False),
        place=row.place(),
    )
    if rights := row.inside("rights"):
        spec.rights = {
            ability: sorted(set(rights.words(ability)))
            for ability in ABILITIES
            if ability in rights.data
        }
        rights.known += ABILITIES
        rights.done()
    return spec


def _scenario(row: Cursor) -> ScenarioSpec:
    spec = ScenarioSpec(
        code=row.text("scenario", required=True),
        label=row.text("label", required=True),
        tasks=row.words("tasks"),
        kinds=row.words("kinds"),
        stages=row.words("stages"),
        completes=row.flag("completes", True),
        result=row.text("result"),
        on_card=row.flag("on_card", False),
        place=row.place(),
    )
    for asked in row.rows("asks", "question"):
        spec.questions.append(
            QuestionSpec(
                code=asked.text("question", required=True),
                label=asked.text("label"),
                type=asked.text("type", "text"),
                required=asked.flag("required", False),
                place=asked.place(),
            )
        )
        asked.done()
    return spec


def _occasions(row: Cursor, *, stage: str = "") -> list[RuleSpec]:
    """The rules of each occasion, in the order below whatever the file's."""
    rules: list[RuleSpec] = []
    for when in ("enter", "leave"):
        if moment := row.inside(when):
            rules += _effects(moment, when=when, stage=stage)
            moment.done()
    for when in BY_HAND:
        if moment := row.inside(when):
            rules += _rules(moment, "require", when=when, stage=stage)
            moment.done()
    for when in ("stay", "before", "after", "on"):
        for moment in row.rows(when):
            common = {
                "period": moment.text("after" if when == "stay" else "period", required=True)
                if when != "on"
                else "",
                "date": moment.text("date", required=True) if when in ("before", "after") else "",
                "verb": moment.text("event", required=True) if when == "on" else "",
            }
            # What a person does by hand can be refused before it happens; time asks nobody.
            effects = _effects if when == "on" else _acts
            rules += effects(moment, when=when, stage=stage, **common)
            moment.done()
    return rules


def _effects(row: Cursor, **common: str) -> list[RuleSpec]:
    return [rule for effect in ("require", "do") for rule in _rules(row, effect, **common)]


def _acts(row: Cursor, **common: str) -> list[RuleSpec]:
    return _rules(row, "do", **common)


def _rules(row: Cursor, effect: str, **common: str) -> list[RuleSpec]:
    rules = []
    for item in row.rows(effect):
        clause, code = item.text("clause"), item.text("code")
        message, active = item.text("message"), item.flag("active", True)
        override = item.words("override")
        conditions = [
            *_conditions(item, "if", negated=False),
            *_conditions(item, "unless", negated=True),
        ]
        kinds = _("guard") if effect == "require" else _("action")
        table: Mapping[str, Any] = registry.guards if effect == "require" else registry.actions
        names = [key for key in item.data if key not in RULE_KEYS]
        # Among one that is known and others that are not, the others are misspelt keys: `done` names them.
        names = [name for name in names if name in table] or names
        if len(names) != 1:
            found = ", ".join(f"“{name}”" for name in names) or _("none")
            item.complain(
                _("a rule has exactly one %(kind)s, here: %(found)s")
                % {"kind": kinds, "found": found}
            )
            continue
        name = names[0]
        params = _params(table.get(name), item.take(name))
        item.done()
        rules.append(
            RuleSpec(
                name=name,
                params=params,
                clause=clause,
                effect=effect,
                code=code,
                message=message,
                override=override,
                active=active,
                conditions=conditions,
                place=item.place(name),
                **common,
            )
        )
    return rules


def _conditions(rule: Cursor, key: str, *, negated: bool) -> list[ConditionSpec]:
    value = rule.take(key)
    place = rule.place(key)
    found = []
    for item in value if isinstance(value, list) else [] if value is None else [value]:
        if isinstance(item, str):
            found.append(ConditionSpec(item, {}, negated, place=place))
        elif isinstance(item, Map) and len(item) == 1:
            [(name, raw)] = item.items()
            found.append(
                ConditionSpec(name, _params(registry.guards.get(name), raw), negated, place=place)
            )
        else:
            rule.complain(
                _("a condition is a guard's name, or one mapping “guard: parameters” an item"), key
            )
    return found


def _params(entry: registry.Guard | registry.Action | None, raw: Any) -> dict[str, Any]:
    """The parameters as a mapping: a bare value stands for the form's primary field."""
    if raw is None:
        return {}
    primary = entry.form.primary() if entry else None
    if isinstance(raw, dict):
        fields: dict[str, Any] = entry.form.base_fields if entry else {}
        # `set_field: {platform: site}`: the bare value is itself a mapping, of fields to values.
        bare = (
            primary is not None
            and isinstance(fields[primary], PairsField)
            and not set(raw) & set(fields)
        )
        if not (bare and raw):
            return dict(plain(raw))
    return {primary or "value": plain(raw)}
