"""«Контроль закрытий»: what heads look at before confirming that deals are closed, one by one or several at once."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from crm.models import Task, User
from crm.planning import tasks
from crm.registers import control
from crm.views.answers import SignedIn
from crm.views.replies import me
from pipelines.errors import RegulationError
from pipelines.numbers import whole


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    _need_controller(request.user)
    return render(
        request,
        "crm/control.html",
        {"closings": control.closings(request.user, now=timezone.now())},
    )


@login_required
@require_POST
def choose(request: SignedIn) -> HttpResponse:
    """Give the ticked tasks (`task=id~revision`) one outcome, each by itself, and say which could not have it."""
    _need_controller(request.user)
    seen = dict(
        pair for text in request.POST.getlist("task")[: control.LIMIT] if (pair := _ticked(text))
    )
    found = Task.objects.visible_to(request.user).filter(pk__in=seen).select_related("deal")
    done = 0
    for task in found.order_by("due_at", "pk"):
        try:
            with transaction.atomic():
                tasks.choose_outcome(
                    task,
                    request.POST.get("outcome", ""),
                    by=me(request),
                    now=timezone.now(),
                    answers={"result": request.POST.get("result", "")},
                    revision=seen[task.pk],
                )
            done += 1
        except RegulationError as error:
            messages.error(
                request,
                _("“%(deal)s”: %(error)s") % {"deal": task.deal or task, "error": error},
            )
    if done:
        said = ngettext("%(number)s closing decided.", "%(number)s closings decided.", done)
        messages.success(request, said % {"number": done})
    elif not seen:
        messages.warning(request, _("No closing was chosen."))
    return redirect("crm:control")


def _need_controller(user: User) -> None:
    if not control.is_controller(user):
        raise PermissionDenied(_("Closings are looked at by a head."))


def _ticked(text: str) -> tuple[int, int] | None:
    """`7~2` as (task, revision)."""
    task, _sign, version = text.partition("~")
    pk, revision = whole(task), whole(version)
    return None if pk is None or revision is None else (pk, revision)
