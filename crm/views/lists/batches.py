"""Batches: the list of them, the progress and the report of one, stopping it and putting it back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import rights
from crm.batches import kinds, running, verbs
from crm.models import Batch, BatchRow
from crm.registers import xlsx
from crm.views.answers import SignedIn
from crm.views.chosen import query_without
from crm.views.replies import go, me, refused
from crm.views.taking_out import takes_out
from pipelines.errors import RegulationError
from pipelines.streams import rows_of

PAGE = 100
# What a report opens with: first what went wrong.
FILTERS = {
    "refused": [BatchRow.State.REFUSED, BatchRow.State.KEPT],
    "done": [BatchRow.State.DONE, BatchRow.State.UNDONE],
}
TONES = {"done": "green", "refused": "red", "kept": "orange", "undone": "blue"}


class Line(NamedTuple):
    """A row in words; `refusals` as pairs of clause and sentence."""

    row: BatchRow
    url: str
    tone: str
    refusals: list[tuple[str, str]]


@login_required
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """One's own batches and those of one's people, the latest first."""
    found = Batch.objects.visible_to(request.user).select_related("by").order_by("-pk")
    part = Paginator(found, PAGE).get_page(request.GET.get("page"))
    owners = request.user.visible_owner_ids
    context = {
        "page": part,
        "query": query_without(request, "page"),
        "has_people": owners is None or len(owners) > 1,
    }
    return render(request, "crm/batches.html", context)


@login_required
@require_GET
def page(request: SignedIn, pk: int) -> HttpResponse:
    """`rows=refused|done` narrows the report, `page=` walks it."""
    batch = _find(request, pk)
    return render(request, "crm/batch.html", report_context(batch, request))


@login_required
@require_GET
def progress(request: SignedIn, pk: int) -> HttpResponse:
    """The bar alone while it runs; the whole page again as soon as it has ended."""
    batch = _find(request, pk)
    if not batch.is_active:
        return go(request, batch.get_absolute_url())
    silent = running.is_silent(batch, timezone.now())
    return render(request, "crm/batch_progress.html", {"batch": batch, "is_silent": silent})


@login_required
@takes_out
@require_GET
def export(request: SignedIn, pk: int) -> HttpResponse:
    """The report, every row of it."""
    batch = _find(request, pk)
    columns = [(_("No."), 8), (_("Record"), 44), (_("Result"), 16), (_("Answer"), 80)]
    return xlsx.response(f"batch-{batch.pk}", batch.title, columns, _sheet(batch))


@login_required
@require_POST
def stop(request: SignedIn, pk: int) -> HttpResponse:
    batch = _find(request, pk)
    if batch.by_id != request.user.pk and not request.user.is_crm_admin:
        raise PermissionDenied(_("Who started it may stop it, or an administrator."))
    try:
        verbs.stop(batch, now=timezone.now())
    except RegulationError as error:
        return refused(request, None, error, back=batch.get_absolute_url())
    return go(request, batch.get_absolute_url())


@login_required
@require_POST
def undo(request: SignedIn, pk: int) -> HttpResponse:
    batch = _find(request, pk)
    try:
        verbs.undo(batch, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, None, error, back=batch.get_absolute_url())
    return go(request, batch.get_absolute_url())


def report_context(batch: Batch, request: SignedIn) -> dict[str, Any]:
    asked = request.GET.get("rows", "")
    rows = batch.rows.order_by("position")
    if asked in FILTERS:
        rows = rows.filter(state__in=FILTERS[asked])
    part = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    chosen = kinds.of(batch)
    return {
        "batch": batch,
        "kind": chosen.label if chosen else "",
        "page": part,
        "lines": [line_of(row) for row in part.object_list],
        "asked": asked,
        "query": query_without(request, "page"),
        "may_export": request.user.may(rights.EXPORT),
        "gone": batch.params.get("gone", 0),
        "stopped_at_row": _first_left(batch) if batch.stopped_at else 0,
        "is_silent": running.is_silent(batch, timezone.now()),
        "refused": [line_of(row) for row in batch.rows.filter(state__in=FILTERS["refused"])[:PAGE]],
        **_undoing(batch, request),
    }


def _first_left(batch: Batch) -> int:
    """The row at which it was stopped, of an import as its file counts them; 0 where all had been done."""
    skipped = batch.rows.filter(state=BatchRow.State.SKIPPED).order_by("position")
    row = skipped.only("position", "payload").first()
    return int(row.payload.get("number", row.position)) if row else 0


def _undoing(batch: Batch, request: SignedIn) -> dict[str, Any]:
    """Whether this person may undo it now, and what that would not bring back; else why not."""
    try:
        verbs.check_undo(batch, by=me(request), now=timezone.now())
    except (RegulationError, PermissionDenied) as error:
        return {"can_undo": False, "why_not": str(error), "lost": []}
    chosen = kinds.of(batch)
    return {"can_undo": True, "why_not": "", "lost": chosen.lost(batch) if chosen else []}


def line_of(row: BatchRow) -> Line:
    said = row.payload.get("refusals") if row.state == BatchRow.State.REFUSED else None
    refusals = [(clause, text) for clause, text in said] if said else [("", row.text)]
    return Line(row, _address(row), TONES.get(row.state, "secondary"), refusals if row.text else [])


def _address(row: BatchRow) -> str:
    """The record's page, where it has one under its model's name."""
    if not row.record or row.record_id is None:
        return ""
    try:
        return reverse(f"crm:{row.record}", args=[row.record_id])
    except NoReverseMatch:
        return ""


def safe_back(request: SignedIn) -> str:
    back = request.POST.get("back", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    return back if safe else reverse("crm:table")


def _find(request: SignedIn, pk: int) -> Batch:
    found = Batch.objects.visible_to(request.user).select_related("by", "undone_by")
    return get_object_or_404(found, pk=pk)


def _sheet(batch: Batch) -> Iterator[list[Any]]:
    with closing(rows_of(batch.rows.order_by("position"), at_once=2000)) as rows:
        for row in rows:
            yield [row.position, str(row), row.get_state_display(), row.text]
