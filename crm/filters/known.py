"""All the conditions that deals can be asked by: those every deal has, and the own fields of its pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from crm.filters import own, passed
from crm.filters.asking import AnyOf, AnyRow, Between, Client, Condition, Contains, Days, Numbers
from crm.filters.people import people_of
from crm.filters.text import mentions, with_company, with_contact
from crm.lookups import one_of
from crm.models import Company, Contact, Deal, Tag, User
from pipelines import catalog
from pipelines.catalog import CompiledStage
from pipelines.fields import parse_money, parse_number
from pipelines.models import Stage

# The responsible whoever asks: a shared filter «mine» is each one's own.
ME = "me"


def conditions(user: User, stages: list[CompiledStage]) -> dict[str, Condition]:
    """By their names, in the order of the form. `stages` are those that the user sees of the pipelines shown."""
    shown = {stage.pipeline_id for stage in stages}
    pipelines = [item for item in catalog.pipelines() if item.id in shown]
    found = [
        *_of_the_deal(user, stages),
        *_of_work(),
        *_of_the_client(user),
        *passed.of_stages(stages, gettext("Deal")),
        *own.of_pipelines(pipelines),
    ]
    return {condition.name: condition for condition in found}


def _of_the_deal(user: User, stages: list[CompiledStage]) -> Iterable[Condition]:
    group = gettext("Deal")
    yield Contains("q", _("Name, contact, company or phone"), group, has=mentions)
    yield AnyOf("stage", _("Stage"), group, choices=_stage_names(stages), holds=_on_stages(stages))
    yield AnyOf(
        "status",
        _("Status"),
        group,
        choices=dict(Stage.Kind.choices),
        holds=lambda codes, now: Q(status__in=codes),
    )
    yield AnyRow("owner", _("Responsible"), group, find=find_people(user), holds=held_by(user))
    yield AnyRow("tag", _("Tag"), group, find=_tags, holds=_tagged)
    yield Between("budget", _("Budget"), group, parse=parse_money, within=_range("budget"))
    yield AnyOf(
        "arrival",
        _("Came by"),
        group,
        is_common=False,
        choices=dict(Deal.Arrival.choices),
        holds=lambda codes, now: Q(arrival__in=codes),
    )
    yield Numbers("ids", _("Numbers"), group, within=lambda numbers: Q(pk__in=numbers))


def _of_work() -> Iterable[Condition]:
    group = gettext("Tasks and time")
    yield AnyOf("task", _("Next task"), group, choices=TASKS, holds=_tasks)
    yield AnyOf("late", _("Limit of the stage"), group, choices=LIMITS, holds=_late)
    yield AnyOf(
        "waits", _("The client"), group, choices={"1": _("waits for an answer")}, holds=_waits
    )
    yield Days("created", _("Created"), group, within=_moments("created_at"))
    yield Days("closed", pgettext("deal", "Closed"), group, within=_moments("closed_at"))
    yield Days("stage_since", _("On the stage since"), group, within=_moments("stage_since"))
    yield Days("next_task", _("Due date of the next task"), group, within=_moments("next_task_at"))
    yield Days("last_contact", _("Last communication"), group, within=_moments("last_contact_at"))
    yield Between(
        "attempts",
        _("Attempts since"),
        group,
        is_common=False,
        parse=parse_number,
        within=_range("attempts"),
    )


def _of_the_client(user: User) -> Iterable[Condition]:
    group = gettext("Client")
    for name, label, model, has in (
        ("contact", _("Contact"), Contact, with_contact),
        ("company", _("Company"), Company, with_company),
    ):
        yield Client(name, label, group, has=has, name_of=_named(user, model))


def _stage_names(stages: list[CompiledStage]) -> dict[str, str]:
    """The names by code; stages of several pipelines that share a code are asked for together."""
    names: dict[str, list[str]] = {}
    for stage in stages:
        known = names.setdefault(stage.code, [])
        if stage.name not in known:
            known.append(stage.name)
    return {code: " / ".join(found) for code, found in names.items()}


def _on_stages(stages: list[CompiledStage]) -> Callable[[list[str], datetime], Q]:
    def holds(codes: list[str], now: datetime) -> Q:
        return Q(stage__in=[stage.id for stage in stages if stage.code in codes])

    return holds


def find_people(user: User) -> Callable[[list[str] | None], Mapping[str, Any]]:
    def find(codes: list[str] | None) -> Mapping[str, Any]:
        if codes is None:
            people = people_of(user)
        else:
            # Deals of who has left are still his until they are given away, so he is still somebody to ask for.
            ids = [
                int(code) for code in codes if code.isascii() and code.isdigit() and len(code) < 19
            ]
            owners = user.visible_owner_ids
            ids = [pk for pk in ids if owners is None or pk in owners]
            people = User.objects.filter(pk__in=ids) if ids else ()
        me = {ME: _("me")} if codes is None or ME in codes else {}
        return {**me, **{str(person.pk): str(person) for person in people}}

    return find


def held_by(user: User) -> Callable[[list[str], datetime], Q]:
    def holds(codes: list[str], now: datetime) -> Q:
        return Q(owner__in=[user.pk if code == ME else int(code) for code in codes])

    return holds


def _tags(codes: list[str] | None) -> Mapping[str, Any]:
    tags = Tag.objects.all()
    if codes is not None:
        ids = [int(code) for code in codes if code.isascii() and code.isdigit() and len(code) < 19]
        tags = tags.filter(pk__in=ids)
    return {str(tag.pk): tag.name for tag in tags}


def _tagged(codes: list[str], now: datetime) -> Q:
    tagged = Deal.tags.through._default_manager.filter(tag__in=[int(code) for code in codes])
    return Q(one_of("id", tagged.values("deal")))


TASKS: dict[str, Any] = {
    "none": _("none"),
    "overdue": _("overdue"),
    "today": _("today"),
    "later": _("later"),
}


def _tasks(codes: list[str], now: datetime) -> Q:
    tomorrow = _tomorrow(now)
    asked = {
        "none": Q(next_task_at=None, stage__needs_task=True),
        "overdue": Q(next_task_at__lt=now),
        "today": Q(next_task_at__gte=now, next_task_at__lt=tomorrow),
        "later": Q(next_task_at__gte=tomorrow),
    }
    question = Q()
    for code in codes:
        question |= asked[code]
    return Q(status="open") & question


LIMITS: dict[str, Any] = {"1": _("is over"), "today": _("ends today")}


def _late(codes: list[str], now: datetime) -> Q:
    asked = {
        "1": Q(stage_deadline__lte=now),
        "today": Q(stage_deadline__gt=now, stage_deadline__lt=_tomorrow(now)),
    }
    question = Q()
    for code in codes:
        question |= asked[code]
    return Q(status="open") & question


def _waits(codes: list[str], now: datetime) -> Q:
    return Q(unanswered_since__isnull=False)


def _tomorrow(now: datetime) -> datetime:
    """The coming midnight of the reader."""
    day = timezone.localdate(now) + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time.min))


def _moments(column: str) -> Callable[[datetime | None, datetime | None], Q]:
    def within(since: datetime | None, until: datetime | None) -> Q:
        return _bounded(column, gte=since, lt=until)

    return within


def _range(column: str) -> Callable[[Decimal | None, Decimal | None], Q]:
    def within(low: Decimal | None, high: Decimal | None) -> Q:
        return _bounded(column, gte=low, lte=high)

    return within


def _bounded(column: str, **bounds: Any) -> Q:
    asked = {f"{column}__{way}": bound for way, bound in bounds.items() if bound is not None}
    return Q(**asked)


def _named(user: User, model: Any) -> Callable[[int], str]:
    def name_of(pk: int) -> str:
        found = model.objects.visible_to(user).filter(pk=pk).values_list("name", flat=True)
        return str(next(iter(found), ""))

    return name_of
