"""A small regulation written as rows, for what no shipped playbook says (and what the playbook check would refuse)."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.auth.models import Group
from django.db.models import Max

from crm.models import Contact, Deal
from pipelines import catalog
from pipelines.catalog import CompiledPipeline
from pipelines.models import (
    Condition,
    Event,
    Field,
    Pipeline,
    Question,
    Rule,
    RuleRun,
    Scenario,
    Stage,
    StageChange,
    StageRight,
    Timer,
)


def restamp(code: str) -> CompiledPipeline:
    """Make the changed rows of a pipeline count."""
    Pipeline.objects.filter(code=code).update(stamp=uuid.uuid4())
    catalog.refresh()
    return catalog.by_code(code)


def allow(pipeline: str, stage: str, ability: str, *roles: str) -> None:
    """From now on only these roles have the ability on the stage."""
    row = Stage.objects.get(pipeline__code=pipeline, code=stage)
    for role in roles:
        StageRight.objects.create(
            stage=row, ability=ability, group=Group.objects.get_or_create(name=role)[0]
        )
    restamp(pipeline)


def state(deal: Deal) -> tuple:
    """Everything of a deal that a move may touch, as the database has it."""
    row = Deal.objects.filter(pk=deal.pk).values().get()
    counts = [
        model.objects.filter(deal=deal).order_by("pk").count()
        for model in (Event, StageChange, Timer, RuleRun)
    ]
    contact = Contact.objects.filter(pk=deal.contact_id).values("values").first()
    tasks = list(deal.tasks.order_by("pk").values_list("state", "due_at"))
    armed = deal.timers.filter(state="armed").count()
    return row, counts, contact, tasks, armed


class Lab:
    """Stages one, two, three (open), won and lost; a text field `note`, a date `day`, a contact's field `mood`."""

    def __init__(self) -> None:
        self.row = Pipeline.objects.create(
            code="lab", name="Опытная", playbook="lab", currency="BYN"
        )
        kinds = {"one": "open", "two": "open", "three": "open", "won": "won", "lost": "lost"}
        for position, (code, kind) in enumerate(kinds.items()):
            Stage.objects.create(
                pipeline=self.row, code=code, name=code.title(), kind=kind, position=position
            )
        self.field("note")
        self.field("day", type="date")
        self.field("mood", record="contact")

    def field(self, code: str, **columns: Any) -> Field:
        return Field.objects.create(pipeline=self.row, code=code, label=f"Поле {code}", **columns)

    def scenario(
        self, code: str, *, asks: dict[str, str] | None = None, **columns: Any
    ) -> Scenario:
        row = Scenario.objects.create(pipeline=self.row, code=code, label=code.title(), **columns)
        for question, type_ in (asks or {}).items():
            Question.objects.create(scenario=row, code=question, type=type_)
        return row

    def rule(
        self,
        name: str,
        params: dict[str, Any] | None = None,
        *,
        stage: str = "",
        scenario: Scenario | None = None,
        when: str = "enter",
        effect: str = "do",
        given: tuple[tuple[str, dict[str, Any]], ...] = (),
        unless: tuple[tuple[str, dict[str, Any]], ...] = (),
        **columns: Any,
    ) -> Rule:
        """A rule of the stage (of the pipeline without one), with its conditions; citing L-1, L-2 … in their order."""
        number = (self.row.rules.aggregate(last=Max("position"))["last"] or 0) + 1
        row = Rule.objects.create(
            pipeline=self.row,
            stage=Stage.objects.get(pipeline=self.row, code=stage) if stage else None,
            scenario=scenario,
            code=f"rule-{number}",
            clause=f"L-{number}",
            when="choose" if scenario else when,
            effect=effect,
            name=name,
            params=params or {},
            position=number,
            **columns,
        )
        for negated, conditions in ((False, given), (True, unless)):
            for guard, guard_params in conditions:
                Condition.objects.create(rule=row, name=guard, params=guard_params, negated=negated)
        return row

    def require(self, name: str, params: dict[str, Any] | None = None, **kwargs: Any) -> Rule:
        return self.rule(name, params, effect="require", **kwargs)

    def ready(self) -> CompiledPipeline:
        return restamp("lab")
