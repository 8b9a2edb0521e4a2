"""«Обходы»: which guards were passed with a reason, and whether it was put right by the promised day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from crm.models import User
from crm.registers import overrides, xlsx
from crm.registers.asking import RegisterFilter, batches, clause_words, names_of_deals
from crm.views.answers import SignedIn
from crm.views.registers.registers import page_of, place, place_columns
from crm.views.taking_out import takes_out
from pipelines.models import Override

LABELS = {
    "waiting": pgettext_lazy("override", "to be put right"),
    "overdue": pgettext_lazy("override", "overdue"),
    "done": pgettext_lazy("override", "put right"),
}
TONES = {"waiting": "yellow", "overdue": "red", "done": "green"}


class Row(NamedTuple):
    """An override in words; `deal` is empty where the reader may not see the deal."""

    override: Override
    words: str
    deal: str
    state: str
    tone: str
    done_on: date | None


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """The same parts of the address as the register of violations."""
    asked, found = _asked(request)
    context = page_of(request, asked, found, rows_of)
    return render(request, "crm/overrides.html", context, status=400 if asked.errors else 200)


@login_required
@takes_out
@require_GET
def export(request: SignedIn) -> HttpResponse:
    """What the filter shows, all pages of it."""
    _filter, found = _asked(request)
    columns = [
        *place_columns(),
        (_("What the rule said"), 40),
        (_("Reason"), 40),
        (_("To be put right by"), 12),
        (_("State"), 16),
        (_("Put right on"), 12),
    ]
    name = f"overrides-{timezone.localdate()}"
    return xlsx.response(name, _("Overrides"), columns, _lines(found, request.user))


def _lines(found: QuerySet[Override], user: User) -> Iterator[list[Any]]:
    for batch in batches(found):
        for row in rows_of(batch, user):
            item = row.override
            yield [
                *place(item, item.by, words=row.words, deal=row.deal),
                item.message,
                item.reason,
                item.until,
                row.state,
                row.done_on,
            ]


def rows_of(found: Iterable[Override], user: User) -> list[Row]:
    """Overrides with their people, pipelines and tasks loaded, for a reader who may see them."""
    shown, today = list(found), timezone.localdate()
    words, deals = clause_words(shown), names_of_deals(shown, user)
    return [_row(item, words[item.pipeline_id, item.clause], deals, today) for item in shown]


def _row(item: Override, words: str, deals: dict[int, str], today: date) -> Row:
    state = overrides.state_of(item, today)
    ended = item.task.ended_at if item.task and state == "done" else None
    return Row(
        override=item,
        words=words,
        deal=deals.get(item.deal_id, ""),
        state=str(LABELS[state]),
        tone=TONES[state],
        done_on=timezone.localdate(ended) if ended else None,
    )


def _asked(request: SignedIn) -> tuple[RegisterFilter, QuerySet[Override]]:
    now = timezone.now()
    late = overrides.overdue(timezone.localdate(now))
    states = {"waiting": ~overrides.DONE & ~late, "overdue": late, "done": overrides.DONE}
    seen = overrides.visible_to(request.user)
    asked = RegisterFilter(
        request.GET,
        rows=seen,
        person="by",
        states={code: (LABELS[code], rows) for code, rows in states.items()},
        now=now,
    )
    related = seen.select_related("by", "pipeline", "task")
    return asked, asked.apply(related).order_by("-at", "-id")
