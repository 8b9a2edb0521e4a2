"""«Нарушения»: the register, its XLSX, explaining and excusing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET

from crm.forms import AnswersForm
from crm.models import User
from crm.registers import violations, xlsx
from crm.registers.asking import RegisterFilter, batches, clause_words, names_of_deals, say_over
from crm.views.answers import SignedIn
from crm.views.chosen import query_without
from crm.views.registers.registers import page_of, place, place_columns
from crm.views.replies import done, me, refused, status_of, window
from crm.views.taking_out import takes_out
from pipelines.errors import BadAnswer, RegulationError
from pipelines.models import Violation

STATES = {
    "open": (pgettext_lazy("violation", "open"), Q(explained_at=None, excused_at=None)),
    "explained": (
        pgettext_lazy("violation", "explained"),
        Q(explained_at__isnull=False, excused_at=None),
    ),
    "excused": (pgettext_lazy("violation", "excused"), Q(excused_at__isnull=False)),
}
TONES = {"open": "red", "explained": "yellow", "excused": "green"}


class Row(NamedTuple):
    """A violation in words; `deal` is empty where the reader may not see the deal."""

    violation: Violation
    words: str
    deal: str
    over: str
    state: str
    tone: str
    may_explain: bool
    may_excuse: bool


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """`?period=`, or `since=` and `until=`; `person=`, `clause=`, `pipeline=`, `state=`, `deal=`, `page=`."""
    asked, found = _asked(request)
    context = page_of(request, asked, found, rows_of) | {
        "persons": violations.by_person(found) if _has_people(request.user) else [],
        "clauses": violations.by_clause(found),
        "query_but_person": query_without(request, "page", "person"),
        "query_but_clause": query_without(request, "page", "clause"),
    }
    return render(request, "crm/violations.html", context, status=400 if asked.errors else 200)


@login_required
@takes_out
@require_GET
def export(request: SignedIn) -> HttpResponse:
    """What the filter shows, all pages of it."""
    _filter, found = _asked(request)
    columns = [
        *place_columns(),
        (_("What was broken"), 40),
        (_("By how much"), 22),
        (_("Beyond, h:mm:ss"), 12),
        (_("State"), 12),
        (_("Explanation"), 40),
        (_("Why it was excused"), 40),
        (_("Excused by"), 25),
    ]
    name = f"violations-{timezone.localdate()}"
    return xlsx.response(name, _("Violations"), columns, _lines(found, request.user))


def _lines(found: QuerySet[Violation], user: User) -> Iterator[list[Any]]:
    for batch in batches(found):
        for row in rows_of(batch, user):
            item = row.violation
            yield [
                *place(item, item.culprit, words=row.words, deal=row.deal),
                item.text,
                row.over,
                item.over,
                row.state,
                item.explanation,
                item.excuse,
                str(item.excused_by) if item.excused_by else "",
            ]


def rows_of(found: Iterable[Violation], user: User) -> list[Row]:
    """Violations with their people and pipelines loaded, for a reader who may see them."""
    shown = list(found)
    words, deals = clause_words(shown), names_of_deals(shown, user)
    return [
        Row(
            violation=item,
            words=words[item.pipeline_id, item.clause],
            deal=deals.get(item.deal_id, ""),
            over=say_over(item.over, item.allowed),
            state=str(STATES[item.state][0]),
            tone=TONES[item.state],
            may_explain=violations.may_explain(item, user),
            may_excuse=violations.may_excuse(item, user),
        )
        for item in shown
    ]


def _asked(request: SignedIn) -> tuple[RegisterFilter, QuerySet[Violation]]:
    seen = violations.visible_to(request.user)
    asked = RegisterFilter(
        request.GET, rows=seen, person="culprit", states=STATES, now=timezone.now()
    )
    related = seen.select_related("culprit", "pipeline", "explained_by", "excused_by")
    return asked, asked.apply(related).order_by("-at", "-id")


def _has_people(user: User) -> bool:
    return user.leads


class WordsForm(AnswersForm):
    """A few sentences; `name` is what the verb calls them when it finds none."""

    def __init__(self, *args: Any, name: str, label: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = forms.Textarea(attrs={"rows": 4, "autofocus": True})
        self.fields[name] = forms.CharField(label=label, required=False, widget=area)


class Speech(NamedTuple):
    """One of the two things said about a violation."""

    name: str
    title: Any
    label: Any
    said: Any
    allowed: Callable[[Violation, User], bool]
    not_allowed: Any
    verb: Callable[..., Violation]


EXPLANATION = Speech(
    "explanation",
    gettext_lazy("Explain the violation"),
    gettext_lazy("How it came to it"),
    gettext_lazy("The explanation is kept."),
    violations.may_explain,
    gettext_lazy("This violation can't be explained any more, or it is not yours to explain."),
    violations.explain,
)
EXCUSE = Speech(
    "excuse",
    gettext_lazy("Excuse the violation"),
    gettext_lazy("Why it is excused"),
    gettext_lazy("The violation is excused."),
    violations.may_excuse,
    gettext_lazy("This violation is excused already, or it is not yours to excuse."),
    violations.excuse,
)


@login_required
def explain(request: SignedIn, pk: int) -> HttpResponse:
    """The culprit's words, in a window or on a page."""
    return _say(request, pk, EXPLANATION)


@login_required
def excuse(request: SignedIn, pk: int) -> HttpResponse:
    """The head's words, in a window or on a page."""
    return _say(request, pk, EXCUSE)


def _say(request: SignedIn, pk: int, speech: Speech) -> HttpResponse:
    seen = violations.visible_to(request.user).select_related("culprit", "deal", "explained_by")
    violation, register = get_object_or_404(seen, pk=pk), reverse("crm:violations")
    if not speech.allowed(violation, request.user):
        error = RegulationError(str(speech.not_allowed))
        return refused(request, violation.deal, error, back=register)
    form = WordsForm(
        request.POST if request.method == "POST" else None,
        name=speech.name,
        label=speech.label,
        initial={speech.name: getattr(violation, speech.name)},
        auto_id="violation_%s",
    )
    status = 200
    if request.method == "POST":
        try:
            text = request.POST.get(speech.name, "")
            speech.verb(violation, text=text, by=me(request), now=timezone.now())
            return done(request, violation.deal, str(speech.said), back=register)
        except BadAnswer as bad:
            form.full_clean()
            form.take(bad)
            status = status_of(bad)
        except RegulationError as error:
            return refused(request, violation.deal, error, back=register)
    context = {
        "form": form,
        "title": speech.title,
        "subtitle": f"{violation.clause}: {violation.text}" if violation.text else violation.clause,
        # One judges with what was said before one's eyes.
        "quote": {"text": violation.explanation, "by": violation.explained_by}
        if speech is EXCUSE and violation.explanation
        else None,
        "action": request.path,
        "submit": _("Save"),
        "back": register,
    }
    return render(request, "crm/task_ask.html", context | window(request), status=status)
