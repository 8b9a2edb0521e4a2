"""«My day»: the queue, and the window in which an entry is ended."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import contacting
from crm.day import doing, queue, team
from crm.filters import people_of
from crm.models import User
from crm.views.answers import SignedIn
from crm.views.replies import done, find_deal, me, refused, window
from crm.views.tasks.task_dialogs import find_task
from pipelines.errors import RegulationError
from pipelines.numbers import whole

# Nobody scrolls further; more of them only make the page slow.
MOST = 500


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """One's own queue; with `?who=id` that of somebody whose records one sees. `?shown=` how many lines."""
    owner = whose(request)
    shown = min(whole(request.GET.get("shown")) or queue.PORTION, MOST)
    found = queue.read(request.user, owner, now=timezone.now(), shown=max(shown, queue.PORTION))
    is_own = owner == request.user
    shown_list = {
        "day": found,
        "is_own": is_own,
        # A head looks, and works through the remedies of his own page; who stands in for somebody works.
        "may_work": is_own or not team.leads(request.user, owner),
        "who": "" if is_own else f"who={owner.pk}&",
        "here": request.get_full_path(),
    }
    context = {
        **shown_list,
        "owner": owner,
        "list": SafeString(render_to_string("crm/day_list.html", shown_list)),
    }
    return render(request, "crm/day.html", context)


def whose(request: SignedIn) -> User:
    """Errors: Http404 for somebody whose day is not the reader's to see."""
    who = request.GET.get("who", "")
    if who in ("", str(request.user.pk)):
        return request.user
    if (pk := whole(who)) is not None:
        found = people_of(request.user).filter(pk=pk).first()
        if found is not None:
            return found  # type: ignore[no-any-return]
    raise Http404(_("There is no such person, or his day is not yours to see."))


@login_required
@require_GET
def deal(request: SignedIn, pk: int) -> HttpResponse:
    """What can be done about a deal, its task `?task=` first."""
    first = whole(request.GET.get("task"))
    found = doing.of_deal(
        find_deal(request, pk), user=request.user, now=timezone.now(), first=first
    )
    return _window(request, found)


@login_required
@require_GET
def task(request: SignedIn, pk: int) -> HttpResponse:
    """What can be done about a task that hangs on no deal."""
    return _window(request, doing.of_task(find_task(request, pk)))


def _window(request: SignedIn, found: doing.Doing) -> HttpResponse:
    # `d` and `p` of the queue open the window with their form in it.
    context = {
        "doing": found,
        "opened": doing.opened(found, request.GET.get("key", "")),
        **window(request),
    }
    return render(request, "crm/day_do.html", context)


@login_required
@require_POST
def waive(request: SignedIn, pk: int) -> HttpResponse:
    """What the client wrote needs no answer."""
    found = find_deal(request, pk)
    try:
        contacting.waive_answer(found, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, found, error)
    return done(request, found, _("No answer is needed: put on record."))
