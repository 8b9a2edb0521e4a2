"""«Expected in a month», «in a currency»: what the numbers of the forecast and of plans link to. Nobody types them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics.chances import chances
from crm.filters.asking import Condition, Pairs, Typed
from pipelines import catalog
from pipelines.catalog import CompiledStage


def of_stages(stages: list[CompiledStage], group: str) -> Iterable[Condition]:
    yield ExpectedMonth("expected", gettext_lazy("Expected"), group, stages=stages)
    yield Currency("currency", gettext_lazy("Currency"), group)


@dataclass
class ExpectedMonth(Condition):
    """The open deals that the forecast expects in a month, «2026-11»: counted as the report counts them."""

    stages: list[CompiledStage] = field(kw_only=True)
    kind = "hidden"

    def read(self, typed: Typed, gone: list[str]) -> date | None:
        text = next(iter(typed(self.name)), "").strip()
        if not text:
            return None
        try:
            month = date.fromisoformat(f"{text}-01")
        except ValueError:
            month = date.min
        if not 1990 <= month.year < 2990:
            raise ValueError(_("Write a month as 2026-11."))
        return month

    def where(self, value: date, now: datetime) -> Q:
        this_month = timezone.localdate(now).replace(day=1)
        if value < this_month:
            return Q(pk__in=())
        after = (value + timedelta(days=32)).replace(day=1)
        shown = {stage.id for stage in self.stages}
        found = Q(pk__in=())
        for pipeline in catalog.pipelines():
            if not any(stage.id in shown for stage in pipeline.stages):
                continue
            for stage, chance in chances(pipeline, now).items():
                if chance.share and stage in shown:
                    came = Q(stage=stage, stage_since__lt=_midnight(after - chance.way))
                    # One later than usual is expected this month.
                    if value > this_month:
                        came &= Q(stage_since__gte=_midnight(value - chance.way))
                    found |= came
        return Q(status="open") & found

    def pairs(self, value: date) -> Pairs:
        return [(self.name, f"{value:%Y-%m}")]

    def say(self, value: date) -> str:
        return date_format(value, "F Y")


@dataclass
class Currency(Condition):
    """Deals in one currency, by its three letters."""

    kind = "hidden"

    def read(self, typed: Typed, gone: list[str]) -> str | None:
        text = next(iter(typed(self.name)), "").strip().upper()
        if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
            raise ValueError(_("Write a currency as its three letters."))
        return text or None

    def where(self, value: str, now: datetime) -> Q:
        return Q(currency=value)

    def pairs(self, value: str) -> Pairs:
        return [(self.name, value)]

    def say(self, value: str) -> str:
        return value


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
