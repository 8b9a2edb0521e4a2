"""The filter above every report, as its form shows it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext as _

from crm import periods
from crm.analytics import registry
from crm.analytics.asking import ALL, TEAM, Filter
from crm.models import Deal

PAST = (
    "today", "yesterday", "this_week", "last_week", "this_month", "last_month", "this_quarter",
    "last_quarter", "this_year", "last_year", "last_7_days", "last_30_days", "last_90_days",
)  # fmt: skip


class Option(NamedTuple):
    value: str
    label: str
    is_chosen: bool


class Group(NamedTuple):
    """Options under a heading; empty for those under none."""

    label: str
    options: list[Option]


class Select(NamedTuple):
    name: str
    label: str
    groups: list[Group]


class Days(NamedTuple):
    """The first and the last day, as typed or as the chosen period has them."""

    since: str
    until: str


def selects(asked: Filter, asks: frozenset[str]) -> list[Select]:
    """The lists to choose from; one that would offer a single thing is left out."""
    found = []
    if registry.PIPELINE in asks:
        found.append(_pipelines(asked))
    if registry.PERIOD in asks:
        found.append(_periods(asked))
    found.append(_people(asked))
    if registry.ARRIVAL in asks:
        found.append(_plain(asked, "arrival", _("Source"), Deal.Arrival.choices))
    if registry.TAG in asks:
        found.append(_plain(asked, "tag", _("Tag"), [(tag.pk, tag.name) for tag in asked.tags]))
    return [select for select in found if sum(len(group.options) for group in select.groups) > 1]


def days(asked: Filter) -> Days:
    if asked.period_word or asked.question is None:
        return Days(asked.typed("since"), asked.typed("until"))
    period = asked.question.period
    return Days(str(period.start), str(period.end))


def _pipelines(asked: Filter) -> Select:
    chosen = asked.question.pipeline_code if asked.question else asked.typed("pipeline")
    options = [Option(item.code, item.name, item.code == chosen) for item in asked.pipelines]
    if len(options) > 1:
        options.append(Option(ALL, _("All pipelines"), chosen == ALL))
    return Select("pipeline", _("Pipeline"), [Group("", options)])


def _periods(asked: Filter) -> Select:
    word = asked.period_word
    options = [Option(code, str(periods.LABELS[code]), code == word) for code in PAST]
    return Select(
        "period", _("Period"), [Group("", [*options, Option("", _("days of one's own"), not word)])]
    )


def _people(asked: Filter) -> Select:
    typed = asked.typed_all("who")
    groups = [Group("", [Option("", _("Everybody"), not typed)])]
    teams = [
        Option(f"{TEAM}{team.pk}", team.name, f"{TEAM}{team.pk}" in typed) for team in asked.teams
    ]
    people = [Option(str(one.pk), str(one), str(one.pk) in typed) for one in asked.people]
    if len(people) > 1:
        groups += [Group(_("Teams"), teams)] if teams else []
        groups.append(Group(_("Employees"), people))
    return Select("who", _("Whose"), groups)


def _plain(asked: Filter, name: str, label: str, choices: Any) -> Select:
    typed = asked.typed_all(name)
    options = [Option(str(code), str(text), str(code) in typed) for code, text in choices]
    if not options:
        return Select(name, label, [])
    return Select(name, label, [Group("", [Option("", _("any"), not typed), *options])])
