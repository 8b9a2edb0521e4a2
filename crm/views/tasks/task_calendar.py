"""«Задачи» as a calendar: the page, its feed, and a task dragged to another time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from csp.constants import NONCE, SELF
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.forms import DueField
from crm.planning import calendar, tasks, times
from crm.planning.asked import TaskFilter
from crm.views.answers import SignedIn
from crm.views.places import Around, opening
from crm.views.replies import me, status_of
from crm.views.tasks.task_dialogs import find_task
from crm.views.tasks.tasks import PLACE
from pipelines import fields
from pipelines.errors import RegulationError
from pipelines.numbers import whole

VIEWS = ("day", "week", "month", "list")


# FullCalendar writes its rules into a style block of its own: this page alone allows one, by its nonce.
@csp_update({"style-src": [SELF, NONCE]})  # type: ignore[arg-type]  # of a request of somebody signed in
@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """`?view=day|week|month|list`, `day=2026-03-10`, and the list's conditions."""
    if usual := opening(request, PLACE):
        return usual
    asked = TaskFilter(request.GET, user=request.user)
    around = Around(request, PLACE, asked, [], here="crm:task_calendar")
    if "apply" in request.GET and not asked.errors:
        return redirect(around.url())
    now = timezone.now()
    today = timezone.localdate(now)
    day = calendar.day_of(request.GET.get("day", ""), today)
    view = request.GET.get("view", "")
    context = {
        "query": asked.query(),
        "view_query": urlencode(around.pairs()),
        "shown": view if view in VIEWS else "",
        "day": day,
        "now": timezone.localtime(now).replace(tzinfo=None).isoformat(timespec="seconds"),
        # Without scripts days and weeks are read in the list.
        "days": [
            (label, f"{reverse('crm:tasks')}?{urlencode([*asked.pairs(without=['due']), ('due', f'{start}..{end}')])}")
            for label, start, end in _spans(day)
        ],
        "view": "calendar",
        **around.context(),
    }  # fmt: skip
    return render(request, "crm/task_calendar.html", context, status=400 if asked.errors else 200)


@login_required
@require_GET
def feed(request: SignedIn) -> HttpResponse:
    """What is to be drawn from `start` to `end` (by the reader's clock), and a sentence where there is more."""
    try:
        start, end = (fields.parse_moment(request.GET.get(name, "")) for name in ("start", "end"))
    except (ValueError, OverflowError) as error:
        return JsonResponse({"said": str(error)}, status=400)
    if not timedelta() < end - start <= calendar.LONGEST:
        return JsonResponse({"said": _("Ask for two months at most.")}, status=400)
    asked = TaskFilter(request.GET, user=request.user)
    now = timezone.now()
    events, is_more = calendar.read(request.user, asked, start=start, end=end, now=now)
    said = ""
    if is_more:
        said = _("Only the first %(most)s tasks are shown: narrow the filter.") % {
            "most": calendar.MOST
        }
    off = calendar.time_off(request.user, start=start, end=end)
    return JsonResponse({"events": [*events, *off], "said": said})


@login_required
@require_POST
def drag(request: SignedIn, pk: int) -> HttpResponse:
    """A task put to `start` (with an hour, or a day alone: all day), and with `end` made so long.

    Answers with its new revision, or with the sentence why it stays where it was.
    """
    task = find_task(request, pk)
    try:
        given = _asked(request)
        with transaction.atomic():
            tasks.postpone_task(task, by=me(request), now=timezone.now(), **given(task))
    except RegulationError as error:
        return JsonResponse({"said": str(error)}, status=status_of(error))
    except (ValueError, OverflowError) as error:
        return JsonResponse({"said": str(error)}, status=422)
    return JsonResponse({"revision": task.revision, "said": _("The task is moved.")})


def _asked(request: SignedIn) -> Any:
    """Errors: ValueError with a sentence."""
    revision = request.POST.get("revision", "")
    try:
        start = DueField().clean(request.POST.get("start", ""))
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from error
    end = fields.parse_moment(request.POST["end"]) if request.POST.get("end") else None

    def given(task: Any) -> dict[str, Any]:
        found: dict[str, Any] = {"revision": whole(revision)}
        if not isinstance(start, datetime):
            day_end = times.end_of_day(start, times.zone_of(task.owner))
            return found | {"due_at": day_end, "all_day": True}
        found |= {"due_at": start, "all_day": False}
        if end is not None:
            found["minutes"] = int((end - start).total_seconds()) // 60
        return found

    return given


def _spans(day: date) -> list[tuple[str, date, date]]:
    monday = day - timedelta(days=day.weekday())
    week = timedelta(days=6)
    return [
        (_("The day"), day, day),
        (_("This week"), monday, monday + week),
        (_("Next week"), monday + timedelta(days=7), monday + timedelta(days=7) + week),
    ]
