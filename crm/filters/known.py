"""All the conditions that deals can be asked by: those every deal has, and the own fields of its pipelines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from crm.filters import columns, own, passed
from crm.filters.asking import AnyOf, AnyRow, Between, Client, Condition, Contains, Days, Numbers
from crm.filters.text import mentions, with_company, with_contact
from crm.lookups import one_of
from crm.models import Company, Contact, Deal, Tag, User
from pipelines import catalog
from pipelines.catalog import CompiledStage
from pipelines.fields import parse_money, parse_number
from pipelines.models import Stage


def conditions(user: User, stages: list[CompiledStage]) -> list[Condition]:
    """In the order of the form. `stages` are those that the user sees of the pipelines shown."""
    shown = {stage.pipeline_id for stage in stages}
    pipelines = [item for item in catalog.pipelines() if item.id in shown]
    return [
        *_of_the_deal(user, stages),
        *_of_work(),
        *_of_the_client(user),
        *passed.of_stages(stages, gettext("Deal")),
        *own.of_pipelines(pipelines),
    ]


def _of_the_deal(user: User, stages: list[CompiledStage]) -> Iterable[Condition]:
    group = gettext("Deal")
    yield Contains("q", _("Name, contact, company or phone"), group, has=mentions)
    yield AnyOf("stage", _("Stage"), group, choices=_stage_names(stages), holds=_on_stages(stages))
    yield AnyOf(
        "status",
        _("Status"),
        group,
        choices=dict(Stage.Kind.choices),
        holds=columns.one_in("status"),
    )
    yield AnyRow(
        "owner",
        _("Responsible"),
        group,
        find=columns.find_people(user),
        holds=columns.held_by(user),
    )
    yield AnyRow("tag", _("Tag"), group, find=_tags, holds=_tagged)
    yield Between("budget", _("Budget"), group, parse=parse_money, within=columns.amounts("budget"))
    yield AnyOf(
        "arrival",
        _("Came by"),
        group,
        is_common=False,
        choices=dict(Deal.Arrival.choices),
        holds=columns.one_in("arrival"),
    )
    yield Numbers("ids", _("Numbers"), group, within=lambda numbers: Q(pk__in=numbers))


def _of_work() -> Iterable[Condition]:
    group = gettext("Tasks and time")
    yield AnyOf("task", _("Next task"), group, choices=TASKS, holds=_tasks)
    yield AnyOf("late", _("Limit of the stage"), group, choices=LIMITS, holds=_late)
    yield AnyOf(
        "waits", _("The client"), group, choices={"1": _("waits for an answer")}, holds=_waits
    )
    yield Days("created", _("Created"), group, within=columns.moments("created_at"))
    yield Days("closed", pgettext("deal", "Closed"), group, within=columns.moments("closed_at"))
    yield Days("stage_since", _("On the stage since"), group, within=columns.moments("stage_since"))
    yield Days(
        "next_task", _("Due date of the next task"), group, within=columns.moments("next_task_at")
    )
    yield Days(
        "last_contact", _("Last communication"), group, within=columns.moments("last_contact_at")
    )
    yield Between(
        "attempts",
        _("Attempts since"),
        group,
        is_common=False,
        parse=parse_number,
        within=columns.amounts("attempts"),
    )


def _of_the_client(user: User) -> Iterable[Condition]:
    group = gettext("Client")
    for name, label, model, has in (
        ("contact", _("Contact"), Contact, with_contact),
        ("company", _("Company"), Company, with_company),
    ):
        yield Client(name, label, group, has=has, name_of=named(user, model))


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


def _tags(codes: list[str] | None) -> Mapping[str, Any]:
    tags = Tag.objects.all()
    if codes is not None:
        tags = tags.filter(pk__in=columns.numbers(codes))
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


def named(user: User, model: Any) -> Callable[[int], str]:
    def name_of(pk: int) -> str:
        found = model.objects.visible_to(user).filter(pk=pk).values_list("name", flat=True)
        return str(next(iter(found), ""))

    return name_of
