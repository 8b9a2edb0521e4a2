"""The funnel: how many deals came to each stage, how many went on, how long they stood."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, IntegerField, Sum, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from crm.analytics import registry
from crm.analytics.asking import Question
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, share
from crm.filters.passed import AFTER_STAGE
from pipelines.catalog import CompiledPipeline, CompiledStage

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# A median is shown by minutes below an hour, by hours below ten days, by days beyond. Rounding down keeps the order, so
# the median of what is rounded is the rounded median: exact as shown, and the database sorts nothing.
STEPS = ((HOUR, MINUTE), (10 * DAY, HOUR))


@dataclass
class Standing:
    """What the passages say of one stage."""

    entered: int = 0
    left: int = 0
    seconds: int = 0
    # How many stood so long, by the rounded seconds.
    stays: Counter[int] = field(default_factory=Counter)

    @property
    def average(self) -> timedelta | None:
        return timedelta(seconds=self.seconds // self.left) if self.left else None

    @property
    def median(self) -> timedelta | None:
        """The shortest time within which at least half of them left."""
        passed = 0
        for seconds in sorted(self.stays):
            passed += self.stays[seconds]
            if passed * 2 >= self.left:
                return timedelta(seconds=seconds)
        return None


class _Counted(NamedTuple):
    """All that the report shows, by the stages' ids."""

    found: dict[int, Standing]
    before: dict[int, int]
    lost: dict[int, int]
    now: dict[int, int]


@registry.report(
    "funnel",
    title=gettext_lazy("Funnel"),
    about=gettext_lazy("Conversion from stage to stage, and how long deals stand"),
    icon="filter",
    position=10,
    asks=(
        registry.PIPELINE,
        registry.PERIOD,
        registry.ARRIVAL,
        registry.TAG,
        registry.COHORT,
    ),
)
def sections(question: Question) -> list[Section]:
    counted = _Counted(
        read(question), entries(question.before), lost_from(question), standing(question)
    )
    return [
        section
        for pipeline in question.pipelines
        for section in _of_pipeline(question, pipeline, counted)
    ]


def read(question: Question) -> dict[int, Standing]:
    """By the stage's id: its entries, and the times of those who left it; one pass over the period."""
    passages = question.passages(ever=question.is_cohort)
    if question.is_cohort:
        passages = passages.filter(deal__in=question.created().values("id"))
    rows = (
        passages.values_list("to_stage", "from_stage", "first", _rounded())
        .annotate(number=Count("*"), total=Sum("seconds"))
        .order_by()
    )
    found: dict[int, Standing] = defaultdict(Standing)
    for to_stage, from_stage, first, stay, number, total in rows:
        if first:
            found[to_stage].entered += number
        if from_stage is not None and stay is not None:
            left = found[from_stage]
            left.left += number
            left.seconds += total
            left.stays[stay] += number
    return found


def entries(question: Question) -> dict[int, int]:
    """By the stage's id how many deals came to it for the first time."""
    if question.is_cohort:
        return {pk: found.entered for pk, found in read(question).items()}
    rows = question.passages().filter(first=True).order_by().values_list("to_stage")
    return dict(rows.annotate(number=Count("*")))


def lost_from(question: Question) -> dict[int, int]:
    """By the stage's id how many deals were moved from it to a lost one."""
    passages = question.passages(ever=question.is_cohort).filter(
        to_stage__in=question.stages_of("lost"), from_stage__isnull=False
    )
    if question.is_cohort:
        passages = passages.filter(deal__in=question.created().values("id"))
    rows = passages.order_by().values_list("from_stage")
    return dict(rows.annotate(Count("deal", distinct=True)))


def standing(question: Question) -> dict[int, int]:
    """By the stage's id how many deals are on it now."""
    deals = question.created() if question.is_cohort else question.deals()
    return dict(deals.order_by().values_list("stage").annotate(number=Count("*")))


def _of_pipeline(
    question: Question, pipeline: CompiledPipeline, counted: _Counted
) -> list[Section]:
    """Nothing of a pipeline to which nobody came and in which nothing stands."""
    # A refusal is no step on the way: it has a report of its own.
    way = [
        stage for stage in pipeline.stages if stage.id in question.stages and stage.kind != "lost"
    ]
    if not any(counted.found[stage.id].entered or counted.now.get(stage.id) for stage in way):
        return []
    named = f"{pipeline.name}: " if len(question.pipelines) > 1 else ""
    return [
        _stages(question, pipeline.code, way, counted, named),
        _times(pipeline.code, way, counted.found, named),
    ]


def _stages(
    question: Question, code: str, way: list[CompiledStage], counted: _Counted, named: str
) -> Section:
    """Conversion: each stage beside the one above it and the first that anybody came to."""
    rows = list(_conversion(question, code, way, counted))
    return Section(
        f"stages-{code}",
        named + _("Stages"),
        Table(
            [
                _stage_column(),
                Column(_("Came")),
                Column(_("The period before")),
                Column(_("Of the previous stage"), "percent"),
                Column(_("Of the first"), "percent"),
                *_length_columns(),
                Column(pgettext("stage", "Stand now")),
                Column(_("Lost from here")),
            ],
            rows,
        ),
        chart(
            "funnel",
            title=_("Funnel"),
            categories=[stage.name for stage in way],
            series=[
                {"name": _("Came"), "points": [point(row[1].value, row[1].url) for row in rows]}
            ],
        ),
        _("Deals created in the period, and how far they have come by now.")
        if question.is_cohort
        else _("Deals that came to the stage for the first time in the period."),
    )


def _conversion(
    question: Question, code: str, way: list[CompiledStage], counted: _Counted
) -> Iterator[list[Cell]]:
    found = counted.found
    first = next((stage.id for stage in way if found[stage.id].entered), None)
    previous: int | None = None
    for stage in way:
        here, before = found[stage.id], counted.before.get(stage.id, 0)
        urls = _addresses(question, stage, code)
        is_open = stage.kind == "open"
        yield [
            Cell(stage.name),
            Cell(here.entered, urls["entered"], before, beside=True),
            Cell(before),
            Cell(share(here.entered, found[previous].entered) if previous else None),
            Cell(share(here.entered, found[first].entered) if first else None),
            Cell(here.average if is_open else None),
            Cell(here.median if is_open else None),
            Cell(counted.now.get(stage.id, 0), urls["standing"]),
            Cell(counted.lost.get(stage.id, 0), urls["lost"]),
        ]
        previous = stage.id


def _times(code: str, way: list[CompiledStage], found: dict[int, Standing], named: str) -> Section:
    """How long those stood who left, average beside median."""
    times = [(stage, found[stage.id]) for stage in way if found[stage.id].left]
    return Section(
        f"times-{code}",
        named + _("Days on a stage"),
        Table(
            [_stage_column(), *_length_columns(), Column(_("Left it"))],
            [
                [Cell(stage.name), Cell(here.average), Cell(here.median), Cell(here.left)]
                for stage, here in times
            ],
        ),
        chart(
            "bar",
            title=_("Days on a stage"),
            categories=[stage.name for stage, _here in times],
            series=[
                {"name": _("Average"), "points": _in_days(here.average for _stage, here in times)},
                {
                    "name": _("Median"),
                    "points": _in_days(here.median for _stage, here in times),
                    "color": "cyan",
                },
            ],
            format="days",
            horizontal=True,
        ),
        _("By the calendar; of the deals that left the stage in the period."),
    )


def _stage_column() -> Column:
    return Column(_("Stage"), "text", width=30)


def _length_columns() -> list[Column]:
    return [
        Column(_("On the stage, average"), "length", width=20),
        Column(_("On the stage, median"), "length", width=20),
    ]


def _in_days(lengths: Iterable[timedelta | None]) -> list[dict[str, Any]]:
    return [point((length or timedelta()) / timedelta(days=1)) for length in lengths]


def came_url(question: Question, stage: CompiledStage, code: str) -> str:
    """The deals that came to the stage."""
    return _addresses(question, stage, code)["entered"]


def _addresses(question: Question, stage: CompiledStage, code: str) -> dict[str, str]:
    asked: dict[str, Any] = {"pipeline": code}
    period = AFTER_STAGE + question.period.code
    if question.is_cohort:
        asked, period = asked | {"created": question.period.code}, ""
    return {
        "entered": question.deals_url(**asked, entered=f"{stage.code}{period}"),
        "lost": question.deals_url(**asked, lost_from=f"{stage.code}{period}"),
        "standing": question.deals_url(**asked, stage=stage.code),
    }


def _rounded() -> Case:
    whens = [
        When(seconds__lt=limit, then=F("seconds") / Value(step) * Value(step))
        for limit, step in STEPS
    ]
    return Case(
        *whens,
        default=F("seconds") / Value(DAY) * Value(DAY),
        output_field=IntegerField(),
    )
