"""Goals: people and teams by months, with what was sold; a head sets them."""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import rights, visibility
from crm.board.cards import Words
from crm.filters import address
from crm.goals import reading, verbs
from crm.goals.forms import GoalForm
from crm.models import Goal, Team, User
from crm.views.answers import SignedIn
from crm.views.replies import done, me, status_of, window
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Event

# Months on the page: those before the chosen one, and after it.
BEFORE, AFTER = 2, 2
CHANGES = 20


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """`?month=2026-03` the middle one, `?pipeline=` of one pipeline instead of all."""
    now = timezone.now()
    middle, pipelines = _month(request.GET.get("month", "")), visibility.pipelines_of(request.user)
    pipeline = _pipeline(request.GET.get("pipeline", ""), pipelines)
    months = [reading.first_of(middle, number) for number in range(-BEFORE, AFTER + 1)]
    table = reading.table(
        request.user, first=months[0], until=reading.first_of(months[-1], 1), pipeline=pipeline
    )
    words, today = Words(now), timezone.localdate(now)
    calendar = reading.calendar_of(pipelines, pipeline)
    paces = {
        month: reading.pace_of(month, today, calendar) if calendar else reading.Pace(0, 0)
        for month in months
    }
    context = {
        "rows": [_row(row, months, paces, pipeline, words) for row in table],
        "months": [
            {"first": month, "is_now": month == reading.first_of(today), "pace": paces[month]}
            for month in months
        ],
        "pipeline": pipeline,
        "pipelines": pipelines,
        "may_set": any(row.may_set for row in table),
        "may_see_report": request.user.may(rights.ANALYTICS),
        "before": reading.first_of(middle, -1),
        "after": reading.first_of(middle, 1),
        "middle": middle,
        "changes": _changes(request.user, table) if request.user.leads else [],
    }
    return render(request, "crm/goals.html", context)


def _row(
    row: reading.Row,
    months: list[date],
    paces: dict[date, reading.Pace],
    pipeline: CompiledPipeline | None,
    words: Words,
) -> dict[str, Any]:
    is_person = isinstance(row.whose, User)
    cells = []
    for month in months:
        done, goals = row.sold[month], row.goals.get(month, [])
        progress = [item for goal in goals for item in reading.progress(goal, done, paces[month])]
        cells.append(
            {
                "count": done.count,
                "sums": [
                    words.money(amount, code)
                    for code, amount in sorted(done.sums.items())
                    if amount
                ],
                "progress": [
                    {
                        "item": item,
                        "plan": words.money(item.plan, item.goal.currency)
                        if item.is_money
                        else ngettext("%(count)s deal", "%(count)s deals", int(item.plan))
                        % {"count": item.plan},
                    }
                    for item in progress
                ],
                "list": reading.list_of(row.owners, month, pipeline) if row.owners else "",
                "edit": address(
                    "crm:goals", month=f"{month:%Y-%m}", pipeline=pipeline.code if pipeline else ""
                ).partition("?")[2],
            }
        )
    return {
        "whose": row.whose,
        "kind": "person" if is_person else "team",
        "may_set": row.may_set,
        "cells": cells,
    }


def _month(text: str) -> date:
    """«2026-03»; this month for nothing, for nonsense, and where the calendar has no months around it."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        month = date.min
    if not MINYEAR < month.year < MAXYEAR:
        return reading.first_of(timezone.localdate())
    return month


def _pipeline(code: str, pipelines: list[CompiledPipeline]) -> CompiledPipeline | None:
    return next((item for item in pipelines if item.code == code), None)


def _changes(user: User, table: list[reading.Row]) -> list[dict[str, Any]]:
    """The last changes of goals, as the audit keeps them: of the people and teams of the table, which he leads."""
    found = Event.objects.filter(verb=verbs.GOAL_SET).select_related("actor").order_by("-pk")
    if user.led_ids is not None:
        teams = [row.whose.pk for row in table if isinstance(row.whose, Team)]
        of_people = found.filter(data__user__in=[*user.led_ids])
        found = of_people | found.filter(data__team__in=teams)
    return [
        {
            "event": event,
            "month": date.fromisoformat(event.data["month"]),
            "before": _aim_in_words(event.data["from"], event.data["currency"]),
            "after": _aim_in_words(event.data["to"], event.data["currency"]),
        }
        for event in found[:CHANGES]
    ]


def _aim_in_words(aim: dict[str, Any] | None, currency: str) -> str:
    if not aim:
        return _("no goal")
    parts = [f"{aim['amount']} {currency}"] if aim["amount"] else []
    if aim["count"]:
        parts.append(
            ngettext("%(count)s deal", "%(count)s deals", aim["count"]) % {"count": aim["count"]}
        )
    return ", ".join(parts)


@login_required
@require_http_methods(["GET", "POST"])
def cell(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """The goal of a person or a team in `?month=`, of `?pipeline=` or of all."""
    whose = _whose(request, kind, pk)
    pipelines = visibility.pipelines_of(request.user)
    month = _month(request.GET.get("month", ""))
    pipeline = _pipeline(request.GET.get("pipeline", ""), pipelines)
    currencies = list(dict.fromkeys(item.currency for item in pipelines))
    if pipeline is not None:
        currencies = sorted(currencies, key=lambda code: code != pipeline.currency)
    own = {"user": whose} if isinstance(whose, User) else {"team": whose}
    goal = Goal.objects.filter(
        **own, month=month, pipeline=pipeline.id if pipeline else None
    ).first()
    start = {"amount": goal.amount, "currency": goal.currency, "count": goal.count} if goal else {}
    form = GoalForm(
        request.POST if request.method == "POST" else None, currencies=currencies, initial=start
    )
    back = f"{reverse('crm:goals')}?{request.GET.urlencode()}"
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                verbs.set_goal(
                    whose,
                    month=month,
                    pipeline=pipeline.id if pipeline else None,
                    currency=form.cleaned_data["currency"],
                    aim=form.aim,
                    by=me(request),
                    now=timezone.now(),
                )
        except RegulationError as error:
            form.take(error)
            status = status_of(error)
        else:
            return done(request, None, _("The goal is set."), back=back)
    context = {
        "form": form,
        "title": _("The goal of %(whose)s") % {"whose": whose},
        "subtitle": f"{date_format(month, 'YEAR_MONTH_FORMAT')}, "
        + (pipeline.name if pipeline else _("all pipelines")),
        "action": request.get_full_path(),
        "submit": _("Save"),
        "back": back,
        **window(request),
    }
    return render(request, "crm/task_ask.html", context, status=422 if form.errors else status)


def _whose(request: SignedIn, kind: str, pk: int) -> User | Team:
    """Errors: Http404 for a stranger, PermissionDenied for one whose goals are not the user's to set."""
    if kind == "person":
        whose: User | Team = get_object_or_404(
            User.objects.filter(pk__in=[item.pk for item in reading.people_of(request.user)]), pk=pk
        )
    elif kind == "team":
        whose = get_object_or_404(
            Team.objects.filter(pk__in=[item.pk for item in reading.teams_of(request.user)]), pk=pk
        )
    else:
        raise Http404
    if not verbs.may_set(request.user, whose):
        raise PermissionDenied(str(_("Goals are set by a head for his people.")))
    return whose


@login_required
@require_POST
def copy(request: SignedIn) -> HttpResponse:
    """The goals of the month before `month` again in it, where there are none."""
    month = _month(request.POST.get("month", ""))
    pipeline = _pipeline(request.POST.get("pipeline", ""), visibility.pipelines_of(request.user))
    before = reading.goals_of(request.user, reading.first_of(month, -1), month, pipeline)
    try:
        with transaction.atomic():
            copied = verbs.copy_month(before, to=month, by=me(request), now=timezone.now())
    except BadAnswer as error:
        messages.error(request, "; ".join(error.errors.values()))
    else:
        said = ngettext("%(count)s goal copied.", "%(count)s goals copied.", copied)
        messages.success(request, said % {"count": copied})
    query = {"month": f"{month:%Y-%m}", "pipeline": pipeline.code if pipeline else ""}
    return redirect(address("crm:goals", **query))
