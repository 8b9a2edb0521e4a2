"""The table: the board's filters, sorting, pages by key."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm import ageing, columns, panels, rights, visibility
from crm.ageing import Countdown, Tone
from crm.board import deal_columns, table
from crm.board.cards import TaskState, Words
from crm.columns import Column
from crm.filters import saved
from crm.models import Deal
from crm.panels import Mark
from crm.views.answers import SignedIn
from crm.views.chosen import query_without
from crm.views.places import Around, DealsAsked, deals_kept, opening
from pipelines import catalog, fields
from pipelines.catalog import CompiledField, CompiledPipeline, CompiledStage

# Where in the list the page lies.
MARKS = ("after", "before")


class Shown(NamedTuple):
    """A line in words; `marks` are those of other apps and `own` the regulation's fields, by the codes of their columns."""

    line: table.Line
    stage: CompiledStage
    sum: str
    owner: str
    task: TaskState
    task_at: str
    created: str
    closed: str
    arrival: str
    days: int
    age: Tone
    quiet: int | None
    quiet_age: Tone
    countdown: Countdown | None
    marks: dict[str, Mark | None]
    own: dict[str, str]


class Heading(NamedTuple):
    """A column with the address that sorts by it and, where it is the one sorted by, which way."""

    column: Column
    url: str
    aria: str


@login_required
def page(request: SignedIn) -> HttpResponse:
    """`?pipeline=code|all`, the filters, `sort=[-]column`, `size=50|100|200`, `after=` or `before=` a mark.

    `count=exact` counts all that the filter finds, however many.
    """
    now, pipelines = timezone.now(), visibility.pipelines_of(request.user)
    if not pipelines:
        return render(request, "crm/board_none.html")
    if usual := opening(request, saved.DEALS):
        return usual
    deals = DealsAsked.read(request, pipelines)
    kept = deals_kept(request, deals.pipeline)
    around = Around(request, saved.DEALS, deals.filter, kept, here="crm:table")
    if "apply" in request.GET and not deals.filter.errors:
        return redirect(around.url())
    look = _look(request, deals)
    try:
        found = table.read_page(
            request.user,
            deals.pipeline,
            deals.filter,
            order=look.order,
            size=look.size,
            now=now,
            columns=[column.code for column in look.chosen.columns],
            **{mark: request.GET.get(mark, "") for mark in MARKS},
        )
    except ValueError:
        messages.warning(
            request, _("This place of the list can't be understood; here is its beginning.")
        )
        return redirect(f"{request.path}?{query_without(request, *MARKS)}")
    exact = "count" in request.GET
    counted = table.count(
        request.user, deals.pipeline, deals.stages, deals.filter, now=now, exact=exact
    )
    context = {
        "pipelines": pipelines,
        "pipeline": deals.pipeline,
        "stages": deals.stages,
        "show_moves": deals.pipeline is not None,
        **_shown_page(request, deals, look, found, now),
        **_counts(counted),
        # What «all that the filter finds» asks for.
        "everything": urlencode([*around.kept[:1], *deals.filter.pairs()]),
        **_addresses(request),
        **around.context(),
    }
    return render(request, "crm/table.html", context, status=400 if deals.filter.errors else 200)


class Look(NamedTuple):
    """In what order, how many a page and in which columns the deals are shown; `scope` is whose columns they are."""

    order: table.Order
    size: int
    scope: str
    chosen: columns.Chosen


def _look(request: SignedIn, deals: DealsAsked) -> Look:
    scope = deal_columns.scope_of(deals.pipeline)
    known = deal_columns.of(request.user, deals.shown)
    return Look(
        order=table.Order.parse(request.GET.get("sort", ""), deals.shown),
        size=_size(request),
        scope=scope,
        chosen=columns.chosen(request.user, deal_columns.KIND, scope, known),
    )


def _shown_page(
    request: SignedIn, deals: DealsAsked, look: Look, found: table.Page, now: datetime
) -> dict[str, Any]:
    """The lines of the page in their columns, and what may be done with them."""
    lines = _shown(found.lines, deals.shown, look.chosen.columns, now)
    headings = _headings(request, look.chosen, lines, look.order)
    return {
        "page": found,
        "rows": _rows(lines, headings, show_ticks=True),
        "headings": headings,
        "scope": look.scope,
        "sizes": table.SIZES,
        "size": look.size,
        "may_arrange": request.user.may(rights.ARRANGE),
        "may_export": request.user.may(rights.EXPORT),
    }


def _counts(counted: table.Count) -> dict[str, Any]:
    return {"total": _total(counted), "counted": counted, "is_more": counted.is_more}


def _addresses(request: SignedIn) -> dict[str, str]:
    """The question to be put into links: for another page, for another size, for another order."""
    beside = (*MARKS, "filters", "count")
    return {
        "query": query_without(request, *beside),
        "query_but_size": query_without(request, *beside, "size"),
    }


def _size(request: SignedIn) -> int:
    asked = request.GET.get("size", "")
    return int(asked) if asked in map(str, table.SIZES) else table.SIZES[0]


def _headings(
    request: SignedIn, chosen: columns.Chosen, lines: list[Shown], order: table.Order
) -> list[Heading]:
    """The columns to show. Where nobody chose, one that says nothing on this page leaves its room to the others."""
    base = query_without(request, *MARKS, "filters", "count", "sort")
    shown = [
        column for column in chosen.columns if chosen.is_own or _says_something(column.code, lines)
    ]
    return [_heading(column, base, order) for column in shown]


def _says_something(code: str, lines: list[Shown]) -> bool:
    """Companies and marks are what most deals of some pipelines have none of."""
    if code.startswith(deal_columns.MARK):
        return any(item.marks.get(code) for item in lines)
    return code != "company" or any(item.line.company for item in lines)


def _heading(column: Column, base: str, order: table.Order) -> Heading:
    """A second press turns the order round."""
    if not column.is_sortable:
        return Heading(column, "", "")
    is_current = column.code == order.column
    turned = not order.down if is_current else not deal_columns.is_upwards(column.code)
    arrow = ("descending" if order.down else "ascending") if is_current else ""
    return Heading(column, f"?{base}&sort={'-' if turned else ''}{column.code}", arrow)


def _rows(lines: list[Shown], headings: list[Heading], **flags: bool) -> SafeString:
    shown = {
        "lines": lines,
        "columns": [heading.column for heading in headings],
        "deal_url": reverse("crm:deal", args=[0]).removesuffix("0/"),
        "contact_url": reverse("crm:contact", args=[0]).removesuffix("0/"),
        "company_url": reverse("crm:company", args=[0]).removesuffix("0/"),
    }
    return SafeString(render_to_string("crm/table_rows.html", shown | flags))


def _shown(
    lines: list[table.Line], pipelines: list[CompiledPipeline], chosen: list[Column], now: datetime
) -> list[Shown]:
    words, stages = Words(now), {stage.id: stage for item in pipelines for stage in item.stages}
    codes = {column.code for column in chosen}
    marks = {
        deal_columns.mark_code(source): source.marks([line.id for line in lines], now=now)
        for source in panels.sources_of(pipelines)
        if lines and deal_columns.mark_code(source) in codes
    }
    own = {
        code: field
        for code, field in deal_columns.own_fields(pipelines).items()
        if deal_columns.OWN + code in codes
    }
    arrivals = dict(Deal.Arrival.choices) if "arrival" in codes else {}
    return [
        Shown(
            line=line,
            stage=(stage := stages.get(line.stage_id) or catalog.stage(line.stage_id)),
            sum=words.money(line.budget, line.currency) if line.budget else "",
            owner=f"{line.owner_last} {line.owner_first}".strip(),
            task=words.task(line.next_task_at, needed=stage.needs_task and line.status == "open"),
            task_at=words.due(line.next_task_at) if line.next_task_at else "",
            created=words.day(line.created_at),
            closed=words.day(line.closed_at) if line.closed_at else "",
            arrival=str(arrivals.get(line.arrival, "")),
            days=words.days_since(line.stage_since),
            age=ageing.tone(line.stage_since, line.stage_deadline, now),
            quiet=words.days_since(line.last_contact_at) if line.last_contact_at else None,
            quiet_age=ageing.silence_tone(
                line.last_contact_at, line.stage_since, line.stage_deadline, now
            ),
            countdown=words.countdown(line.stage_id, line.stage_deadline)
            if line.stage_deadline
            else None,
            marks={code: found.get(line.id) for code, found in marks.items()},
            own={deal_columns.OWN + code: _own(line, field) for code, field in own.items()},
        )
        for line in lines
    ]


def _own(line: table.Line, field: CompiledField) -> str:
    record, _dot, code = field.code.rpartition(".")
    values = {"": line.values, "contact": line.contact_values, "company": line.company_values}[
        record
    ]
    return fields.show(field, (values or {}).get(code))


def _total(counted: table.Count) -> str:
    number = f"{counted.deals:,}".replace(",", "\u00a0")
    if counted.is_more:
        return _("more than %(number)s deals") % {"number": number}
    return ngettext("%(number)s deal", "%(number)s deals", counted.deals) % {"number": number}
