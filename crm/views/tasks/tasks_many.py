"""Many tasks at once: what is to be done with them is asked in a window, then a batch does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from django_htmx.http import retarget

from crm import rights
from crm.batches import verbs
from crm.batches.verbs import NewRow
from crm.card.page import owners_for
from crm.forms import AnswersForm, tomorrow
from crm.models import Task, User
from crm.planning.asked import TaskFilter
from crm.planning.forms import PostponeForm
from crm.views.answers import SignedIn
from crm.views.replies import form_key, go, me, window
from pipelines.errors import RegulationError
from pipelines.numbers import whole

# More than a list ever shows; whoever has more narrows the filter.
MOST = 10_000


class FinishForm(AnswersForm):
    result = forms.CharField(
        label=gettext_lazy("What came of it"), widget=forms.Textarea(attrs={"rows": 3})
    )


class CancelForm(AnswersForm):
    reason = forms.CharField(label=gettext_lazy("Why it is not needed"), required=False)


class KindForm(AnswersForm):
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Task.Kind.choices)


class OwnerForm(AnswersForm):
    owner = forms.ModelChoiceField(
        label=gettext_lazy("Responsible"), queryset=User.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people: Any = self.fields["owner"]
        mine = [person.pk for person in owners_for(user)] or [user.pk]
        people.queryset = User.objects.filter(pk__in=mine)


@dataclass(frozen=True)
class What:
    """One thing to do with many: its window, and what the batch is told."""

    title: Any
    form: Callable[[SignedIn, Any], AnswersForm]
    params: Callable[[SignedIn, Any], dict[str, Any]]


def _postponed(request: SignedIn, form: PostponeForm) -> dict[str, Any]:
    due_at = form.due_for(request.user)
    return {"due_at": due_at.isoformat(), "all_day": form.cleaned_data["all_day"]}


WHATS: dict[str, What] = {
    "finish": What(
        gettext_lazy("Finish the tasks"),
        lambda request, data: FinishForm(data),
        lambda request, form: {"result": form.cleaned_data["result"]},
    ),
    "postpone": What(
        gettext_lazy("Another time"),
        lambda request, data: PostponeForm(data, initial={"due_at": tomorrow(timezone.now())}),
        _postponed,
    ),
    "reassign": What(
        gettext_lazy("Give the tasks to"),
        lambda request, data: OwnerForm(data, user=request.user),
        lambda request, form: {"owner": form.cleaned_data["owner"].pk},
    ),
    "kind": What(
        gettext_lazy("Change the kind"),
        lambda request, data: KindForm(data),
        lambda request, form: {"kind": form.cleaned_data["kind"]},
    ),
    "cancel": What(
        gettext_lazy("Cancel the tasks"),
        lambda request, data: CancelForm(data),
        lambda request, form: {"reason": form.cleaned_data["reason"]},
    ),
}


@login_required
@require_POST
def many(request: SignedIn, what: str) -> HttpResponse:
    """`id` repeated, or `everything=1` with the list's `query`; with `go=1` and the window's answers it is done."""
    rights.need(request.user, rights.CHANGE_MANY)
    chosen = WHATS.get(what)
    if chosen is None:
        raise Http404
    found = _found(request)
    goes = "go" in request.POST
    form = chosen.form(request, request.POST if goes else None)
    if not goes or not form.is_valid() or not found:
        return _window(request, chosen, form, found, status=422 if goes else 200)
    title = ngettext("%(what)s: %(count)s task", "%(what)s: %(count)s tasks", len(found)) % {
        "what": chosen.title,
        "count": len(found),
    }
    try:
        batch = verbs.start(
            f"tasks.{what}",
            title=title,
            rows=[NewRow(record_id=pk, name=text) for pk, text in found],
            params=chosen.params(request, form),
            by=me(request),
            now=timezone.now(),
            key=form_key(request),
        )
    except RegulationError as error:
        form.add_error(None, str(error))
        return _window(request, chosen, form, found, status=422)
    return go(request, batch.get_absolute_url())


def _found(request: SignedIn) -> list[tuple[int, str]]:
    """Numbers and words of the tasks that are meant, of those the user sees."""
    tasks = Task.objects.visible_to(request.user).order_by("due_at", "pk")
    if request.POST.get("everything"):
        asked = TaskFilter(QueryDict(request.POST.get("query", "")), user=request.user)
        tasks = asked.apply(tasks, now=timezone.now())
    else:
        named = map(whole, request.POST.getlist("id"))
        tasks = tasks.filter(pk__in=[pk for pk in named if pk is not None])
    return list(tasks.values_list("pk", "text")[:MOST])


def _window(
    request: SignedIn,
    chosen: What,
    form: AnswersForm,
    found: list[tuple[int, str]],
    *,
    status: int,
) -> HttpResponse:
    everything = request.POST.get("everything")
    context = {
        "title": chosen.title,
        "form": form,
        "action": request.path,
        "number": len(found),
        # What was ticked is asked again; «everything» is the question and not its ten thousand numbers.
        "ids": [] if everything else [pk for pk, _text in found],
        "everything": everything,
        "query": request.POST.get("query", ""),
        "back": reverse("crm:tasks"),
        **window(request),
    }
    response = render(request, "crm/tasks_many.html", context, status=status)
    return retarget(response, "#dialog") if request.htmx else response
