"""Moving a deal to another stage, from the board, the card or a plain page: always through the engine."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import visibility
from crm.board import cards, reading
from crm.filters import DealFilter
from crm.models import Deal
from crm.moveforms import (
    MoveForm,
    PassForm,
    answers_of,
    is_hopeless,
    pass_form,
    pledge_of,
    refusals_now,
)
from crm.views.answers import SignedIn, WayBack, close_dialog, page_or_part, toast
from crm.views.replies import done, find_deal, me, refused
from pipelines import catalog, engine
from pipelines.catalog import CompiledStage
from pipelines.errors import BadAnswer, MoveRefused, RegulationError, StaleMove
from pipelines.grace import GRACE
from pipelines.models import StageChange
from pipelines.numbers import whole
from pipelines.undoing import obstacles, undo_move


@login_required
@require_POST
def move(request: SignedIn, pk: int) -> HttpResponse:
    """Move to the stage `to` with the answers `f-<code>`; `seen` is the id of the stage on which the deal was seen.

    Refused: 422 with one form for all that is missing. Moved by another meanwhile: 409, and the board shows where to.
    """
    deal, typed = find_deal(request, pk), request.POST
    left, to = deal.stage_id, typed.get("to", "")
    seen = whole(typed.get("seen"))
    try:
        change = engine.move(
            deal,
            to=to,
            by=me(request),
            now=timezone.now(),
            answers=answers_of(typed, deal),
            seen=seen,
            pledge=pledge_of(typed),
            grace=GRACE,
        )
    except MoveRefused as refusal:
        return _ask(request, deal, to, refusals=refusal.refusals, status=422)
    except BadAnswer as bad:
        stage = catalog.pipeline(deal.pipeline_id).stage_by_code[to]
        refusals = refusals_now(deal, stage, user=request.user, now=timezone.now())
        return _ask(request, deal, to, refusals=refusals, errors=bad.errors, status=422)
    except StaleMove as stale:
        return _stale(request, deal, seen, stale)
    except RegulationError as error:
        return refused(request, deal, error)
    return _moved(request, deal, left, change)


@login_required
@require_GET
def form(request: SignedIn, pk: int) -> HttpResponse:
    """What stands against the move to `?to=code`, and the form that lifts it: a window, or a page without JavaScript."""
    deal = find_deal(request, pk)
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = pipeline.stage_by_code.get(request.GET.get("to", ""))
    if stage is None or stage.id == deal.stage_id:
        return refused(
            request,
            deal,
            RegulationError(_("Choose a stage of “%(name)s”.") % {"name": pipeline.name}),
        )
    refusals = refusals_now(deal, stage, user=request.user, now=timezone.now())
    return _ask(request, deal, stage.code, refusals=refusals)


def _ask(
    request: SignedIn,
    deal: Deal,
    to: str,
    *,
    refusals: Any = (),
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The one form: fields that would lift the refusals, and those already typed with what was typed in them."""
    pipeline = catalog.pipeline(deal.pipeline_id)
    stage = pipeline.stage_by_code[to]
    typed = request.POST if request.method == "POST" else None
    asked = [code for refusal in refusals for code in refusal.fields]
    known = list(answers_of(typed, deal)) if typed is not None else []
    codes = list(dict.fromkeys([*known, *asked]))
    # Nothing typed yet: an unbound form shows what the fields hold now.
    move_form = MoveForm(deal, codes, typed if known else None)
    if known:
        pledged = PassForm.base_fields
        move_form.blame(
            {code: said for code, said in (errors or {}).items() if code not in pledged}
        )
    context = {
        "deal": deal,
        "stage": stage,
        "refusals": refusals,
        "form": move_form,
        # A refusal that no field lifts stands whatever one types.
        "hopeless": is_hopeless(refusals, me(request)),
        "only_passed": any(not refusal.fields for refusal in refusals),
        "pass_form": pass_form(refusals, me(request), typed, errors or {}),
    }
    return page_or_part(request, "crm/move_page.html", "crm/move_form.html", context, status=status)


@login_required
def undo(request: SignedIn, pk: int) -> HttpResponse:
    """Take the move back; a page that asks once more where the browser runs no scripts."""
    change = get_object_or_404(StageChange.every.select_related("from_stage", "to_stage"), pk=pk)
    deal = find_deal(request, change.deal_id)
    if request.method != "POST":
        return render(request, "crm/move_undo.html", {"deal": deal, "change": change})
    left, change.deal = deal.stage_id, deal
    try:
        undo_move(change, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, deal, error)
    said = _("“%(deal)s” is back on “%(stage)s”.") % {
        "deal": deal.name,
        "stage": catalog.stage(deal.stage_id).name,
    }
    asked = _board_behind(request)
    if asked is None:
        return done(request, deal, said)
    return toast(_redrawn(request, deal, {left, deal.stage_id}, asked), said)


def _moved(request: SignedIn, deal: Deal, left: int, change: StageChange) -> HttpResponse:
    said = _("“%(deal)s” is on the stage “%(stage)s”.") % {
        "deal": deal.name,
        "stage": catalog.stage(deal.stage_id).name,
    }
    back = WayBack(
        _("Undo"), reverse("crm:move_undo", args=[change.pk]), int(GRACE.total_seconds())
    )
    if lasting := obstacles(change):
        # Said at once: nobody looks for a button that would be refused.
        said = f"{said} " + _("It can't be undone: %(what)s.") % {"what": "; ".join(lasting)}
    undo_by = None if lasting else back
    asked = _board_behind(request)
    if asked is None:
        return done(request, deal, said, undo=undo_by)
    redrawn = _redrawn(request, deal, {left, deal.stage_id}, asked)
    return toast(close_dialog(redrawn), said, back=undo_by)


def _stale(request: SignedIn, deal: Deal, seen: int | None, error: StaleMove) -> HttpResponse:
    asked = _board_behind(request)
    if asked is None:
        return refused(request, deal, error)
    deal.refresh_from_db(fields=["stage"])
    response = _redrawn(request, deal, {seen or deal.stage_id, deal.stage_id}, asked)
    response.status_code = 409
    return toast(close_dialog(response), str(error), "warning")


def _board_behind(request: SignedIn) -> QueryDict | None:
    """What the board asks for in its address, when the move was made on one; None anywhere else."""
    if not request.headers.get("HX-Request"):
        return None
    url = urlsplit(request.headers.get("HX-Current-URL", ""))
    return QueryDict(url.query) if url.path == reverse("crm:board") else None


def _redrawn(request: SignedIn, deal: Deal, stage_ids: set[int], asked: QueryDict) -> HttpResponse:
    """The heads of these stages' columns and the deal's card, out of band."""
    now, pipeline = timezone.now(), catalog.pipeline(deal.pipeline_id)
    stages: list[CompiledStage] = visibility.stages_of(request.user, pipeline)
    shown = [stage for stage in stages if stage.id in stage_ids]
    filters = DealFilter(asked, user=request.user, stages=stages)
    totals = reading.totals_of(request.user, shown, filters, now=now)
    columns = [reading.Column(stage, totals.get(stage.id, reading.NOTHING)) for stage in shown]
    row = reading.card(request.user, deal.pk)
    html = cards.render_moved(
        columns, row=row, pk=deal.pk, user=request.user, currency=pipeline.currency, now=now
    )
    return HttpResponse(html)
