"""The table: the board's filters, sorting, pages by key, and moving many deals at once."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from crm import ageing, board, panels, table
from crm.ageing import Countdown, Tone
from crm.cards import TaskState, Words
from crm.filters import DealFilter
from crm.models import Deal
from crm.panels import Mark
from crm.views.answers import SignedIn, page_or_part
from crm.views.board import ALL, Around, chosen_pipeline, opening, query_without
from crm.views.replies import me
from pipelines import catalog, engine
from pipelines.catalog import CompiledPipeline, CompiledStage
from pipelines.errors import MoveRefused, Refusal, RegulationError

MANY_LIMIT = max(table.SIZES)


class Shown(NamedTuple):
    """A line in words; `marks` are those of other apps, one or none a column."""

    line: table.Line
    stage: CompiledStage
    sum: str
    owner: str
    task: TaskState
    task_at: str
    created: str
    days: int
    age: Tone
    quiet: int | None
    quiet_age: Tone
    countdown: Countdown | None
    marks: list[Mark | None]


class Columns(NamedTuple):
    """The columns that not every page has; `marked` are the headings of marks by their number in `Shown.marks`."""

    company: bool
    owner: bool
    marked: dict[int, str]


class Report(NamedTuple):
    """What became of one deal of many."""

    deal: Deal
    refusals: list[Refusal]


@login_required
def page(request: SignedIn) -> HttpResponse:
    """`?pipeline=code|all`, the filters, `sort=[-]column`, `size=50|100|200`, `after=` or `before=` a mark.

    `count=exact` counts all that the filter finds, however many.
    """
    now, pipelines = timezone.now(), board.pipelines_of(request.user)
    if not pipelines:
        return render(request, "crm/board_none.html")
    if usual := opening(request, "crm:table"):
        return usual
    pipeline = None if request.GET.get("pipeline") == ALL else chosen_pipeline(request, pipelines)
    shown = pipelines if pipeline is None else [pipeline]
    stages = [stage for item in shown for stage in board.stages_of(request.user, item)]
    asked = DealFilter(request.GET, user=request.user, stages=stages)
    around = Around(request, asked, pipeline, here="crm:table")
    if "apply" in request.GET and not asked.errors:
        return around.tidy()
    order, size = table.Order.parse(request.GET.get("sort", "")), _size(request)
    marks = {name: request.GET.get(name, "") for name in ("after", "before")}
    try:
        found = table.read_page(
            request.user, pipeline, asked, order=order, size=size, now=now, **marks
        )
    except ValueError:
        messages.warning(
            request, _("This place of the list can't be understood; here is its beginning.")
        )
        return redirect(f"{request.path}?{query_without(request, *marks)}")
    exact = "count" in request.GET
    counted = table.count(request.user, pipeline, stages, asked, now=now, exact=exact)
    lines = _shown(found.lines, shown, now)
    columns = _columns(request, lines, [str(source.COLUMN) for source in panels.sources_of(shown)])
    context = {
        "pipelines": pipelines,
        "pipeline": pipeline,
        "stages": stages,
        "page": found,
        "rows": _rows(lines, columns, show_moves=pipeline is not None, is_filtered=asked.is_active),
        "columns": columns,
        "total": _total(counted),
        "is_more": counted.is_more,
        "query": query_without(request, "after", "before", "filters", "count"),
        "sorts": _sorts(request, order),
        "sizes": table.SIZES,
        "size": size,
        "query_but_size": query_without(request, "after", "before", "filters", "count", "size"),
        "show_moves": pipeline is not None,
        **around.context(),
    }
    return render(request, "crm/table.html", context, status=400 if asked.errors else 200)


@login_required
@require_POST
def move_many(request: SignedIn) -> HttpResponse:
    """Move the ticked deals (`deal=id~seen stage id`) to the stage `to`, each by itself, and tell of each (PZ-5.5)."""
    seen = dict(
        pair for text in request.POST.getlist("deal")[:MANY_LIMIT] if (pair := _ticked(text))
    )
    deals = Deal.objects.visible_to(request.user).filter(pk__in=seen).order_by("-created_at", "-id")
    reports = [_move_one(request, deal, seen[deal.pk]) for deal in deals]
    moved, back = (
        [report for report in reports if not report.refusals],
        request.POST.get("back", ""),
    )
    context = {
        "moved": moved,
        "refused": [report for report in reports if report.refusals],
        "gone": len(seen) - len(reports),
        "back": back
        if url_has_allowed_host_and_scheme(back, allowed_hosts=None)
        else reverse("crm:table"),
    }
    return page_or_part(request, "crm/table_report_page.html", "crm/table_report.html", context)


def _move_one(request: SignedIn, deal: Deal, seen: int) -> Report:
    try:
        engine.move(
            deal, to=request.POST.get("to", ""), by=me(request), now=timezone.now(), seen=seen
        )
    except MoveRefused as refusal:
        return Report(deal, refusal.refusals)
    except RegulationError as error:
        return Report(deal, [Refusal("", str(error))])
    return Report(deal, [])


def _ticked(text: str) -> tuple[int, int] | None:
    pk, _tilde, stage = text.partition("~")
    known = all(part.isascii() and part.isdigit() and len(part) <= 18 for part in (pk, stage))
    return (int(pk), int(stage)) if known else None


def _size(request: SignedIn) -> int:
    asked = request.GET.get("size", "")
    return int(asked) if asked in map(str, table.SIZES) else table.SIZES[0]


def _columns(request: SignedIn, lines: list[Shown], marked: list[str]) -> Columns:
    """Those that say something on this page: the room of an empty one is the others'."""
    owners = request.user.visible_owner_ids
    return Columns(
        company=any(item.line.company for item in lines),
        owner=owners is None or len(owners) > 1,
        marked={
            number: heading
            for number, heading in enumerate(marked)
            if any(item.marks[number] for item in lines)
        },
    )


def _rows(lines: list[Shown], columns: Columns, **flags: bool) -> SafeString:
    shown = {
        "lines": lines,
        "columns": columns,
        "deal_url": reverse("crm:deal", args=[0]).removesuffix("0/"),
        "contact_url": reverse("crm:contacts"),
        "company_url": reverse("crm:companies"),
    }
    return SafeString(render_to_string("crm/table_rows.html", shown | flags))


def _shown(
    lines: list[table.Line], pipelines: list[CompiledPipeline], now: datetime
) -> list[Shown]:
    words, stages = Words(now), {stage.id: stage for item in pipelines for stage in item.stages}
    marks = panels.marks_of(pipelines, [line.id for line in lines], now=now)
    return [
        Shown(
            line=line,
            stage=(stage := stages.get(line.stage_id) or catalog.stage(line.stage_id)),
            sum=words.money(line.budget, line.currency) if line.budget else "",
            owner=f"{line.owner_last} {line.owner_first}".strip(),
            task=words.task(line.next_task_at, needed=stage.needs_task and line.status == "open"),
            task_at=words.due(line.next_task_at) if line.next_task_at else "",
            created=words.day(line.created_at),
            days=words.days_since(line.stage_since),
            age=ageing.tone(line.stage_since, line.stage_deadline, now),
            quiet=words.days_since(line.last_contact_at) if line.last_contact_at else None,
            quiet_age=ageing.silence_tone(
                line.last_contact_at, line.stage_since, line.stage_deadline, now
            ),
            countdown=words.countdown(line.stage_id, line.stage_deadline)
            if line.stage_deadline
            else None,
            marks=[found.get(line.id) for found in marks],
        )
        for line in lines
    ]


def _total(counted: table.Count) -> str:
    number = f"{counted.deals:,}".replace(",", "\u00a0")
    if counted.is_more:
        return _("more than %(number)s deals") % {"number": number}
    return ngettext("%(number)s deal", "%(number)s deals", counted.deals) % {"number": number}


def _sorts(request: SignedIn, order: table.Order) -> dict[str, dict[str, str]]:
    """For each sortable column the address that sorts by it (a second press turns it round) and its arrow."""
    base = query_without(request, "after", "before", "filters", "count", "sort")
    found = {}
    for column in table.SORTS:
        is_current = column == order.column
        # Names are read from the first letter, everything else from the largest and latest.
        turned = not order.down if is_current else column != "name"
        arrow = ("descending" if order.down else "ascending") if is_current else ""
        found[column] = {"url": f"?{base}&sort={'-' if turned else ''}{column}", "aria": arrow}
    return found
