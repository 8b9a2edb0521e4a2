"""«Отсутствия»: who is away, who stands in; entered by oneself or by one's head."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm import roles
from crm.forms import AnswersForm
from crm.leaves import verbs
from crm.models import Leave, User
from crm.views.answers import SignedIn
from crm.views.replies import done, me, refused, status_of, window
from pipelines.errors import RegulationError


class LeaveForm(AnswersForm):
    user = forms.ModelChoiceField(
        label=gettext_lazy("Who is away"), queryset=User.objects.none(), empty_label=None
    )
    first_day = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput({"type": "date"})
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput({"type": "date"})
    )
    deputy = forms.ModelChoiceField(
        label=gettext_lazy("Who stands in"), queryset=User.objects.none(), empty_label="—"
    )

    def __init__(self, *args: Any, me: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = User.objects.filter(is_active=True).exclude(groups__name=roles.ROBOT)
        who: Any = self.fields["user"]
        deputy: Any = self.fields["deputy"]
        deputy.queryset = active
        if me.leads:
            who.queryset = active if me.led_ids is None else active.filter(pk__in=me.led_ids)
        else:
            del self.fields["user"]


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """Those that last and are to come, of oneself, one's people, and those in which one stands in; and the last ones."""
    now = timezone.now()
    leaves = Leave.objects.visible_to(request.user).select_related("user", "deputy")
    context = {
        "lasting": list(leaves.lasting(now)),
        "coming": list(leaves.filter(starts_at__gt=now, ends_at__gt=now)[:100]),
        "past": list(leaves.filter(ends_at__lte=now).order_by("-ends_at")[:20]),
        "mine": {request.user.pk} if request.user.led_ids is not None else set(),
        "led": request.user.led_ids,
    }
    return render(request, "crm/leaves.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: SignedIn) -> HttpResponse:
    start = {"user": request.user.pk, "first_day": timezone.localdate()}
    sent = request.POST if request.method == "POST" else None
    form = LeaveForm(sent, me=request.user, initial=start, auto_id="leave_%s")
    if sent is None or not form.is_valid():
        return _window(request, form, status=200 if sent is None else 422)
    given = form.cleaned_data
    try:
        verbs.enter_leave(
            user=given.get("user") or request.user,
            first_day=given["first_day"],
            last_day=given["last_day"],
            deputy=given["deputy"],
            by=me(request),
            now=timezone.now(),
        )
    except RegulationError as error:
        form.take(error)
        return _window(request, form, status=status_of(error))
    return done(request, None, _("The leave is entered."), back=reverse("crm:leaves"))


@login_required
@require_POST
def end(request: SignedIn, pk: int) -> HttpResponse:
    """End a leave today, or take off one that has not begun."""
    found = Leave.objects.visible_to(request.user).select_related("user", "deputy")
    leave = get_object_or_404(found, pk=pk)
    back = reverse("crm:leaves")
    try:
        verbs.end_leave(leave, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, None, error, back=back)
    return done(request, None, _("The leave is over."), back=back)


def _window(request: SignedIn, form: LeaveForm, *, status: int) -> HttpResponse:
    context = {
        "form": form,
        "title": _("Leave"),
        "submit": _("Enter the leave"),
        "action": request.path,
        "back": reverse("crm:leaves"),
        **window(request),
    }
    return render(request, "crm/task_ask.html", context, status=status)
