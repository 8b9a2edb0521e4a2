"""«Came to a stage», «lost from a stage»: what the numbers of a funnel link to. Nobody types them, nor `expected`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import periods
from crm.filters import expected
from crm.filters.asking import Condition, Pairs, Typed
from crm.lookups import one_of
from crm.models import Passage
from pipelines.catalog import CompiledStage

# «entered=offer~2026-01-01..2026-03-31»; without a period: ever.
AFTER_STAGE = "~"


@dataclass
class PassedStage(Condition):
    """A passage by a stage, in a period or ever; `passages` are those of the stages with this code."""

    stages: list[CompiledStage] = field(kw_only=True)
    passages: Callable[[list[int]], QuerySet[Passage]] = field(kw_only=True)
    kind = "hidden"

    def read(self, typed: Typed, gone: list[str]) -> tuple[str, str] | None:
        text = next(iter(typed(self.name)), "").strip().replace("\x00", "")
        if not text:
            return None
        code, _between, days = text.partition(AFTER_STAGE)
        if code not in {stage.code for stage in self.stages}:
            raise ValueError(_("There is no “%(value)s” to choose here.") % {"value": code[:60]})
        return code, days and periods.parse(days, today=timezone.localdate()).code

    def where(self, value: tuple[str, str], now: datetime) -> Q:
        code, days = value
        found = self.passages([stage.id for stage in self.stages if stage.code == code])
        if days:
            period = periods.parse(days, today=timezone.localdate(now))
            if period.start:
                found = found.filter(at__gte=_midnight(period.start, 0))
            if period.end:
                found = found.filter(at__lt=_midnight(period.end, 1))
        return Q(one_of("id", found.values("deal")))

    def pairs(self, value: tuple[str, str]) -> Pairs:
        return [(self.name, AFTER_STAGE.join(part for part in value if part))]

    def say(self, value: tuple[str, str]) -> str:
        code, days = value
        name = next((stage.name for stage in self.stages if stage.code == code), code)
        label = periods.parse(days, today=timezone.localdate()).label if days else ""
        return f"{name}, {label}" if label else name


def of_stages(stages: list[CompiledStage], group: str) -> Iterable[Condition]:
    lost = [stage.id for stage in stages if stage.kind == "lost"]
    yield PassedStage(
        "entered",
        gettext_lazy("Came to the stage"),
        group,
        stages=stages,
        passages=lambda asked: Passage.objects.filter(to_stage__in=asked, first=True),
    )
    yield PassedStage(
        "lost_from",
        gettext_lazy("Lost from the stage"),
        group,
        stages=stages,
        passages=lambda asked: Passage.objects.filter(from_stage__in=asked, to_stage__in=lost),
    )
    yield from expected.of_stages(stages, group)


def _midnight(day: date, more: int) -> datetime:
    return timezone.make_aware(datetime.combine(day + timedelta(days=more), time.min))
