"""A rule read aloud: when it runs, what it requires or does, and under which conditions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from pipelines import registry
from pipelines.catalog import CompiledPipeline
from pipelines.models import Rule
from pipelines.saying import say_period

NAMED_IN_WORDS = ("stage", "scenario")


@dataclass
class RuleLine:
    """A rule as a row of a list; reads nothing from the database beyond what came with the row."""

    rule: Rule
    pipeline: CompiledPipeline

    @cached_property
    def when(self) -> str:
        rule, stage = self.rule, self.rule.stage
        match rule.when:
            case "enter":
                return (
                    _("on entering “%(stage)s”") % {"stage": stage}
                    if stage
                    else _("on entering any stage")
                )
            case "leave":
                return (
                    _("on leaving “%(stage)s”") % {"stage": stage}
                    if stage
                    else _("on leaving any stage")
                )
            case "stay":
                words = {"period": say_period(rule.period), "stage": stage}
                return (
                    _("after %(period)s on “%(stage)s”") % words
                    if stage
                    else _("after %(period)s on any stage") % words
                )
            case "choose":
                return _("when the outcome “%(outcome)s” is chosen") % {"outcome": rule.scenario}
            case "task":
                return (
                    _("when a person sets a task on “%(stage)s”") % {"stage": stage}
                    if stage
                    else _("when a person sets a task")
                )
            case "finish":
                return (
                    _("when a person finishes or cancels a task on “%(stage)s”") % {"stage": stage}
                    if stage
                    else _("when a person finishes or cancels a task")
                )
            case "on":
                verb = registry.verbs.get(rule.verb)
                said = _("when it happens: %(event)s") % {
                    "event": verb.label if verb else rule.verb
                }
            case _:
                date = dict(date_choices(self.pipeline)).get(rule.date, rule.date)
                words = {"period": say_period(rule.period), "date": date}
                said = (
                    _("%(period)s before the date: %(date)s") % words
                    if rule.when == "before"
                    else _("%(period)s after the date: %(date)s") % words
                )
        return _("%(when)s, on “%(stage)s”") % {"when": said, "stage": stage} if stage else said

    @property
    def effect(self) -> str:
        return _("requires") if self.rule.effect == Rule.Effect.REQUIRE else _("does")

    @cached_property
    def what(self) -> str:
        table: dict[str, Any] = dict(
            registry.guards if self.rule.effect == Rule.Effect.REQUIRE else registry.actions
        )
        return say_entry(table, self.rule.name, self.rule.params, self.pipeline)

    @cached_property
    def conditions(self) -> list[str]:
        return [
            (_("unless: %(guard)s") if item.negated else _("if: %(guard)s"))
            % {"guard": say_entry(dict(registry.guards), item.name, item.params, self.pipeline)}
            for item in self.rule.conditions.all()
        ]


def say_entry(
    table: dict[str, Any], name: str, params: dict[str, Any], pipeline: CompiledPipeline
) -> str:
    """The guard or action in words; its bare name where no app registers it any more."""
    entry = table.get(name)
    return entry.words(dict(params), pipeline.vocabulary) if entry else name


def date_choices(pipeline: CompiledPipeline) -> list[tuple[str, str]]:
    """What a rule may count from: registered dates of a deal, then the pipeline's date fields."""
    sources = [(name, str(source.label)) for name, source in registry.date_sources.items()]
    fields = [
        (code, str(field.label))
        for code, field in pipeline.fields.items()
        if field.type in ("date", "datetime")
    ]
    return [*sources, *fields]
