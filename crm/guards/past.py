"""Guards about how long a deal has been worked and how long we talked with its client."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.models import IntegerField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.contacting import CALL_ANSWERED
from crm.models import Deal
from pipelines.context import Context
from pipelines.models import Event
from pipelines.params import DurationField, ParamsForm
from pipelines.registry import No, guard


class InPipelineParams(ParamsForm):
    months = forms.IntegerField(label=gettext_lazy("more than, months"), min_value=1, max_value=120)


@guard("in_pipeline", label=gettext_lazy("In the pipeline for"), form=InPipelineParams)
def in_pipeline(context: Context, params: Any) -> No | None:
    """The deal was opened more than so many calendar months ago."""
    opened = context.deal.created_at
    context.seen["created_at"] = opened.isoformat()
    since = months_later(opened.astimezone(ZoneInfo(context.pipeline.calendar.zone)), params.months)
    if context.now > since:
        return None
    message = ngettext(
        "In the pipeline for less than %(n)s month: the month is over on %(day)s.",
        "In the pipeline for less than %(n)s months: they are over on %(day)s.",
        params.months,
    )
    day = date_format(timezone.localtime(since), "DATETIME_FORMAT")
    return No(message % {"n": params.months, "day": day})


def months_later(moment: datetime, months: int) -> datetime:
    """The same day and hour so many months later; the last day of a shorter month where it has no such day."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


class TalkedParams(ParamsForm):
    more_than = DurationField(label=gettext_lazy("more than"))


@guard("talked", label=gettext_lazy("Talked with the client in total"), form=TalkedParams)
def talked(context: Context, params: Any) -> No | None:
    """All conversations of the deal, and of the sale that it continues, take together longer than that."""
    seconds = context.fact("talked_seconds", lambda: talked_seconds(context.deal))
    if seconds > params.more_than.seconds:
        return None
    message = _("Talked with the client for %(made)s min in total, more than %(need)s are needed.")
    return No(message % {"made": seconds // 60, "need": params.more_than.seconds // 60})


def talked_seconds(deal: Deal) -> int:
    """How long the deal's conversations took, as far as their length is known."""
    ids = [deal.pk, deal.origin_id] if deal.origin_id else [deal.pk]
    length = Cast(KeyTextTransform("seconds", "data"), IntegerField())
    calls = Event.objects.filter(deal__in=ids, verb=CALL_ANSWERED, data__has_key="seconds")
    return calls.aggregate(total=Sum(length))["total"] or 0
