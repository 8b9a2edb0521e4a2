"""The filter above every report: its form, and the chips of what was ticked in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.http import QueryDict
from django.utils.translation import gettext as _

from crm import periods
from crm.analytics import people, registry
from crm.analytics.asking import ALL, TEAM, Filter
from crm.filters.base import Chip
from crm.models import Deal
from pipelines.numbers import whole

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
    """A list to choose from: one thing, or as many as one ticks where `nothing` says what no tick means."""

    name: str
    label: str
    groups: list[Group]
    nothing: str = ""

    @property
    def chosen(self) -> list[Option]:
        return [option for group in self.groups for option in group.options if option.is_chosen]

    @property
    def said(self) -> str:
        """What the closed list shows."""
        return ", ".join(option.label for option in self.chosen) or self.nothing


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
        found.append(_ticked(asked, "arrival", _("Source"), Deal.Arrival.choices))
    if registry.TAG in asks:
        found.append(_ticked(asked, "tag", _("Tag"), [(tag.pk, tag.name) for tag in asked.tags]))
    return [
        select
        for select in found
        if select.chosen or sum(len(group.options) for group in select.groups) > 1
    ]


def chips(selects: Iterable[Select], query: QueryDict) -> list[Chip]:
    """What was ticked, each with the question that has all but it."""
    return [
        Chip(select.label, option.label, _without(query, select.name, option.value))
        for select in selects
        if select.nothing
        for option in select.chosen
    ]


def _without(query: QueryDict, name: str, value: str) -> str:
    rest = query.copy()
    rest.pop("page", None)
    rest.setlist(name, [text for text in rest.getlist(name) if text != value])
    return rest.urlencode()


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
    teams = [(f"{TEAM}{team.pk}", team.name) for team in asked.teams]
    present = [(str(one.pk), str(one)) for one in asked.people]
    groups = []
    if len(present) > 1:
        groups = [
            _group(_("Teams"), teams, typed),
            _group(_("Employees"), [*present, *_left(asked, present)], typed),
        ]
    return Select("who", _("Whose"), [group for group in groups if group.options], _("Everybody"))


def _left(asked: Filter, present: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Who was asked for by a link and works here no more. Only of a question understood: else it may be a stranger."""
    known = {code for code, _name in present}
    gone = [
        whole(text)
        for text in (asked.question.whose if asked.question else ())
        if text not in known and not text.startswith(TEAM)
    ]
    return [(str(pk), name) for pk, name in people.names(gone).items()] if gone else []


def _ticked(asked: Filter, name: str, label: str, choices: Any) -> Select:
    return Select(name, label, [_group("", choices, asked.typed_all(name))], _("any"))


def _group(label: str, choices: Any, typed: list[str]) -> Group:
    return Group(
        label, [Option(str(code), str(text), str(code) in typed) for code, text in choices]
    )
