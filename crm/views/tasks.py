"""«Мои задачи»: what one is to do, by when it is due."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from crm.filters import people_of
from crm.models import User
from crm.planning import my_tasks
from crm.views.answers import SignedIn


@login_required
@require_GET
def page(request: SignedIn) -> HttpResponse:
    """One's own tasks, or with `?who=id` those of a person one is responsible for."""
    now = timezone.now()
    people = (
        list(people_of(request.user)) if request.user.visible_owner_ids != {request.user.pk} else []
    )
    owner = _whose(request, people)
    groups, is_more = my_tasks.groups(request.user, owner, now=now)
    context = {
        "owner": owner,
        "people": people,
        "groups": groups,
        "is_more": is_more,
        "forgotten": my_tasks.without_task(request.user, owner),
    }
    return render(request, "crm/tasks.html", context)


def _whose(request: SignedIn, people: list[User]) -> User:
    """Errors: Http404 for somebody whose tasks are not the user's to see."""
    who = request.GET.get("who", "")
    if who in ("", str(request.user.pk)):
        return request.user
    found = next((person for person in people if str(person.pk) == who), None)
    if found is None:
        raise Http404(_("There is no such person, or his tasks are not yours to see."))
    return found
