"""Reasons of refusal: where lost deals went, from which stage, and what was said for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db.models import Count, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.analytics import funnel, registry
from crm.analytics.asking import Question
from crm.analytics.shapes import Cell, Column, Section, Table, chart, point, share
from crm.filters.own import EMPTY, PREFIX
from crm.filters.passed import AFTER_STAGE
from pipelines.catalog import CompiledField, CompiledPipeline


@registry.report(
    "refusals",
    title=gettext_lazy("Refusals"),
    about=gettext_lazy("Why deals are lost, and at which stage"),
    icon="mood-sad",
    position=30,
)
def sections(question: Question) -> list[Section]:
    found = [*_by_stage(question)]
    if not found:
        return []
    for pipeline in question.pipelines:
        found += _from_stages(question, pipeline)
        for field in reasons_of(pipeline):
            found += _by_reason(question, pipeline, field)
    return found


def reasons_of(pipeline: CompiledPipeline) -> list[CompiledField]:
    """The lists of choices that the regulation asks for on the way to a lost stage."""
    asked = {
        code
        for stage in pipeline.stages
        if stage.kind == "lost"
        for rule in pipeline.rules_of("enter", "require", stage_id=stage.id)
        for code in _texts(rule.raw)
    }
    return [
        field
        for code, field in pipeline.fields.items()
        if code in asked and field.record == "deal" and field.choices and not field.built_in
    ]


def _by_stage(question: Question) -> Iterator[Section]:
    counts, before = _stages(question), _stages(question.before)
    pipelines = {stage.id: item.code for item in question.pipelines for stage in item.stages}

    def url(pk: int) -> str:
        return _lost(question, pipeline=pipelines[pk], stage=question.stages[pk].code)

    yield from _section(
        "stages",
        _("Where they went"),
        _("Stage"),
        counts,
        before,
        name=lambda pk: question.stages[pk].name,
        url=url,
        color="red",
    )


def _from_stages(question: Question, pipeline: CompiledPipeline) -> Iterator[Section]:
    ours = {stage.id: stage for stage in pipeline.stages}
    counts, before = (
        {pk: number for pk, number in funnel.lost_from(asked).items() if pk in ours}
        for asked in (question, question.before)
    )
    yield from _section(
        f"from-{pipeline.code}",
        _titled(question, pipeline, _("From which stage")),
        _("Stage"),
        counts,
        before,
        name=lambda pk: ours[pk].name,
        url=lambda pk: question.deals_url(
            pipeline=pipeline.code, lost_from=f"{ours[pk].code}{AFTER_STAGE}{question.period.code}"
        ),
        color="orange",
        note=_("Each deal once a stage; one taken up again since is counted too."),
    )


def _by_reason(
    question: Question, pipeline: CompiledPipeline, field: CompiledField
) -> Iterator[Section]:
    counts, before = (_answers(asked, pipeline, field) for asked in (question, question.before))

    def url(code: str) -> str:
        return _lost(question, pipeline=pipeline.code, **{PREFIX + field.code: code or EMPTY})

    yield from _section(
        f"reason-{pipeline.code}-{field.code}",
        _titled(question, pipeline, str(field.label)),
        str(field.label),
        counts,
        before,
        name=lambda code: str(field.choices.get(code, code)) if code else _("not said"),
        url=url,
        kind="pie",
    )


def _stages(question: Question) -> dict[int, int]:
    rows = question.closed("lost").order_by().values_list("stage")
    return dict(rows.annotate(number=Count("*")))


def _answers(
    question: Question, pipeline: CompiledPipeline, field: CompiledField
) -> dict[str, int]:
    deals = question.closed("lost").filter(pipeline=pipeline.id).order_by()
    if field.type == "choices":
        found: dict[str, int] = {}
        rows = deals.annotate(answer=KeyTransform(field.code, "values"))
        for codes, number in rows.values_list("answer").annotate(number=Count("*")):
            for code in codes or [""]:
                found[code] = found.get(code, 0) + number
        return found
    answer = Coalesce(KeyTextTransform(field.code, "values"), Value("", output_field=TextField()))
    return dict(deals.annotate(answer=answer).values_list("answer").annotate(number=Count("*")))


def _section(
    code: str,
    title: str,
    heading: str,
    counts: dict[Any, int],
    before: dict[Any, int],
    *,
    name: Callable[[Any], str],
    url: Callable[[Any], str],
    kind: str = "bar",
    color: str = "",
    note: str = "",
) -> Iterator[Section]:
    """Nothing where nothing was counted."""
    total = sum(counts.values())
    if not total:
        return
    order = sorted(counts, key=lambda key: (-counts[key], name(key)))
    rows = [
        [
            Cell(name(key)),
            Cell(counts[key], url(key), before.get(key, 0), good=False, beside=True),
            Cell(before.get(key, 0)),
            Cell(share(counts[key], total)),
        ]
        for key in order
    ]
    series = {"name": _("Deals"), "points": [point(row[1].value, row[1].url) for row in rows]}
    yield Section(
        code,
        title,
        Table(
            [
                Column(heading, "text", width=40),
                Column(_("Deals")),
                Column(_("The period before")),
                Column(_("Share"), "percent"),
            ],
            rows,
        ),
        chart(
            kind,
            title=title,
            categories=[name(key) for key in order],
            series=[series | ({"color": color} if color else {})],
            horizontal=True,
        ),
        note,
    )


def _lost(question: Question, **conditions: Any) -> str:
    return question.deals_url(status="lost", closed=question.period.code, **conditions)


def _titled(question: Question, pipeline: CompiledPipeline, title: str) -> str:
    return f"{pipeline.name}: {title}" if len(question.pipelines) > 1 else title


def _texts(raw: Any) -> Iterable[str]:
    """Every text in a rule's parameters, however deep."""
    if isinstance(raw, str):
        yield raw
    elif isinstance(raw, dict):
        for value in raw.values():
            yield from _texts(value)
    elif isinstance(raw, (list, tuple)):
        for value in raw:
            yield from _texts(value)
