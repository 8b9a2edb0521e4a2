"""«Analytics»: the overview, the reports with their XLSX, and the lists behind the numbers."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm import rights
from crm.analytics import histories, overview, panel, registry
from crm.analytics.asking import Filter, Question
from crm.models import Talk
from crm.registers import xlsx
from crm.views.answers import SignedIn
from crm.views.chosen import query_without
from crm.views.taking_out import takes_out

PAGE = 50


def _with_right(view: Any) -> Any:
    @login_required
    @require_GET
    @wraps(view)
    def allowed(request: SignedIn, *args: Any, **kwargs: Any) -> HttpResponse:
        rights.need(request.user, rights.ANALYTICS)
        return view(request, *args, **kwargs)

    return allowed


@_with_right
def index(request: SignedIn) -> HttpResponse:
    """`?pipeline=code|all`, `period=` or `since=` and `until=`, `who=`, `arrival=`, `tag=`: of every page here."""
    asked = _asked(request)
    question = asked.question
    context = {"overview": overview.read(question) if question else None}
    return _page(request, "crm/analytics/overview.html", asked, _("Analytics"), ALL_ASKED, context)


@_with_right
def report(request: SignedIn, code: str) -> HttpResponse:
    """A report's sections; `cohort=1` asks for the deals created in the period, where the report knows of it."""
    found, asked = _report(code), _asked(request)
    sections = found.sections(asked.question) if asked.question else []
    context = {"report": found, "sections": sections, "cohort": asked.typed("cohort") == "1"}
    return _page(request, "crm/analytics/report.html", asked, str(found.title), found.asks, context)


@_with_right
@takes_out
def export(request: SignedIn, code: str, section: str) -> HttpResponse:
    """A section's table, as the page shows it."""
    found, question = _report(code), _understood(request)
    for shown in found.sections(question):
        if shown.code == section:
            name = f"{code}-{section}-{question.period.start}-{question.period.end}"
            return xlsx.response(name, str(shown.title), shown.table.headings, shown.table.plain)
    raise Http404(_("There is nothing of this in the period."))


@_with_right
def calls(request: SignedIn) -> HttpResponse:
    """The history: `kind=call|letter|message|all`, `way=in|out`, `answered=0|1`, `page=`."""
    asked = _asked(request)
    found = _talks(request, asked.question)
    part = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": part,
        "rows": histories.talk_rows(part.object_list, request.user),
        "kind": _kind(request),
        "kinds": [*Talk.Kind.choices, ("all", _("everything"))],
        "way": request.GET.get("way", ""),
        "ways": histories.WAYS.items(),
        "answered": request.GET.get("answered", ""),
        "answers": [("1", _("answered")), ("0", _("not answered"))],
    }
    return _page(
        request,
        "crm/analytics/calls.html",
        asked,
        _("History of calls"),
        frozenset({registry.PERIOD}),
        context,
    )


@_with_right
@takes_out
def calls_export(request: SignedIn) -> HttpResponse:
    """All that the filter finds."""
    found = _talks(request, _understood(request))
    columns = [
        (_("When"), 17),
        (_("Employee"), 28),
        (_("What"), 12),
        (_("Direction"), 12),
        (_("Answered"), 10),
        (_("Length"), 10),
        (_("Client"), 30),
        (_("Deal"), 40),
        (_("Text"), 60),
    ]
    lines = (
        [
            row.at,
            row.who,
            str(Talk.Kind(row.kind).label),
            row.way,
            row.answered if row.kind == Talk.Kind.CALL else None,
            row.length if row.length else None,
            row.client,
            row.deal,
            row.text,
        ]
        for batch in histories.batches(found)
        for row in histories.talk_rows(batch, request.user)
    )
    return xlsx.response(f"calls-{timezone.localdate()}", _("History of calls"), columns, lines)


@_with_right
def tasks(request: SignedIn) -> HttpResponse:
    """The tasks behind a number of the report on employees: `what=created|done|late|overdue`."""
    asked, what = _asked(request), request.GET.get("what", "done")
    if what not in histories.TASKS:
        raise Http404(_("There is no such list of tasks."))
    found = histories.tasks(asked.question, what) if asked.question else ()
    part = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": part,
        "tasks": histories.with_deals(part.object_list, request.user),
        "what": what,
        "lists": histories.TASKS.items(),
    }
    title = str(histories.TASKS[what])
    return _page(
        request, "crm/analytics/tasks.html", asked, title, frozenset({registry.PERIOD}), context
    )


ALL_ASKED = frozenset({registry.PIPELINE, registry.PERIOD, registry.ARRIVAL, registry.TAG})


def _page(
    request: SignedIn,
    template: str,
    asked: Filter,
    title: str,
    asks: frozenset[str],
    context: dict[str, Any],
) -> HttpResponse:
    question = asked.question
    selects = panel.selects(asked, asks)
    common = {
        "asked": asked,
        "question": question,
        "title": title,
        "selects": selects,
        "chips": panel.chips(selects, request.GET) if question else [],
        "days": panel.days(asked) if registry.PERIOD in asks else None,
        "asks_cohort": registry.COHORT in asks,
        "reports": overview.reports(question),
        "may_export": request.user.may(rights.EXPORT),
        "here": request.path,
        "query": query_without(request, "page"),
        "common_query": query_without(request, "page", "what", "kind", "way", "answered", "cohort"),
    }
    return render(request, template, common | context, status=400 if asked.errors else 200)


def _asked(request: SignedIn) -> Filter:
    return Filter(user=request.user, now=timezone.now(), data=request.GET)


def _understood(request: SignedIn) -> Question:
    """For a file, which has no place to say what was wrong."""
    question = _asked(request).question
    if question is None:
        raise Http404(_("This can't be understood: open the report and choose anew."))
    return question


def _report(code: str) -> registry.Report:
    found = registry.find(code)
    if found is None:
        raise Http404(_("There is no such report."))
    return found


def _talks(request: SignedIn, question: Question | None) -> Any:
    if question is None:
        return ()
    asked = {name: request.GET.get(name, "") for name in ("way", "answered")}
    return histories.talks(question, kind=_kind(request), **asked)


def _kind(request: SignedIn) -> str:
    return request.GET.get("kind") or Talk.Kind.CALL
