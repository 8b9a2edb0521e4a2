"""What is asked of tasks in an address: the conditions of `crm.filters`, over tasks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from crm import visibility
from crm.filters.asking import AnyOf, AnyRow, Condition, Contains, Days, Numbers
from crm.filters.base import Filter, Records
from crm.filters.columns import ME, Found, Holds, find_people, moments, one_in
from crm.lookups import name_has
from crm.models import Task, User

EVERYBODY, BY_RULE = "all", "rule"
ABOUT: dict[str, Any] = {
    "deal": _("a deal"),
    "contact": _("a contact"),
    "company": _("a company"),
    "nothing": _("nothing"),
}


class TaskFilter(Filter):
    """One's own open tasks (`TaskQuerySet.to_do_by`), unless the address asks for other people's or other states."""

    # What the calendar says of itself.
    beside = Filter.beside | {"view", "day", "start", "end"}

    def all_conditions(self) -> Iterable[Condition]:
        return _conditions(self.user)

    @property
    def is_of_open(self) -> bool:
        return self.asked.get("state", [Task.State.OPEN]) == [Task.State.OPEN]

    def apply(self, tasks: Records, *, now: datetime) -> Records:
        found: Any = tasks
        if "owner" not in self.asked and "ids" not in self.asked:
            found = found.to_do_by(self.user)
        if "state" not in self.asked and "ids" not in self.asked:
            found = found.open()
        answering: Records = super().apply(found, now=now)
        return answering


def _conditions(user: User) -> list[Condition]:
    task, about = gettext("Task"), gettext("What it is about")
    pipelines = visibility.pipelines_of(user)
    stages = {
        stage.code: stage.name for item in pipelines for stage in visibility.stages_of(user, item)
    }
    return [
        Contains("q", _("Text, deal or client"), task, has=_mentions),
        AnyRow("owner", _("Responsible"), task, find=_owners(user), holds=_held_by(user)),
        # Not «kind»: that is the table's name in the address of an export.
        AnyOf("type", _("Kind"), task, choices=dict(Task.Kind.choices), holds=one_in("kind")),
        AnyOf("state", _("State"), task, choices=dict(Task.State.choices), holds=one_in("state")),
        AnyOf("overdue", _("Overdue"), task, choices={"1": _("yes")}, holds=_overdue),
        Days("due", _("Until"), task, within=moments("due_at")),
        Days("ended", pgettext("task", "Ended"), task, within=moments("ended_at")),
        AnyRow("set_by", _("Set by"), task, find=_authors(user), holds=_set_by(user)),
        AnyOf("about", _("On what"), about, choices=ABOUT, holds=_about),
        AnyOf(
            "deal_pipeline",
            _("Pipeline of the deal"),
            about,
            choices={item.code: item.name for item in pipelines},
            holds=one_in("deal__pipeline__code"),
        ),
        AnyOf(
            "stage",
            _("Stage of the deal"),
            about,
            choices=stages,
            holds=one_in("deal__stage__code"),
        ),
        Numbers("ids", _("Numbers"), task, within=lambda numbers: Q(pk__in=numbers)),
    ]


def _mentions(text: str) -> Q:
    of_the_client = name_has(text, "contact__name") | name_has(text, "company__name")
    return name_has(text, "text") | name_has(text, "deal__name") | of_the_client


def _owners(user: User) -> Found:
    people = find_people(user)

    def find(codes: list[str] | None) -> Mapping[str, Any]:
        everybody = {EVERYBODY: _("everybody")} if codes is None or EVERYBODY in codes else {}
        return {**everybody, **people(codes)}

    return find


def _held_by(user: User) -> Holds:
    def holds(codes: list[str], now: datetime) -> Q:
        if EVERYBODY in codes:
            return Q()
        return Q(owner__in=[user.pk if code == ME else int(code) for code in codes])

    return holds


def _authors(user: User) -> Found:
    people = find_people(user)

    def find(codes: list[str] | None) -> Mapping[str, Any]:
        rule = {BY_RULE: _("the regulation")} if codes is None or BY_RULE in codes else {}
        return {**rule, **people(codes)}

    return find


def _set_by(user: User) -> Holds:
    def holds(codes: list[str], now: datetime) -> Q:
        people = [user.pk if code == ME else int(code) for code in codes if code != BY_RULE]
        by_rule = Q(rule__isnull=False) | Q(created_by=None)
        by_people = Q(rule=None, created_by__in=people)
        return by_rule | by_people if BY_RULE in codes else by_people

    return holds


def _about(codes: list[str], now: datetime) -> Q:
    asked = {
        "deal": Q(deal__isnull=False),
        "contact": Q(deal=None, contact__isnull=False),
        "company": Q(deal=None, contact=None, company__isnull=False),
        "nothing": Q(deal=None, contact=None, company=None),
    }
    question = Q()
    for code in codes:
        question |= asked[code]
    return question


def _overdue(codes: list[str], now: datetime) -> Q:
    return Q(state=Task.State.OPEN, due_at__lt=now)
