"""A new contact or company."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import visibility
from crm.clients import people
from crm.forms import AnswersForm, CompanyForm, PersonForm
from crm.intake import policies
from crm.lists.shapes import MODELS
from crm.names import naming_rules
from crm.views.answers import SignedIn
from crm.views.cards.contacts import check, same_records
from crm.views.replies import go, me, status_of, window
from crm.views.tasks.task_dialogs import sent
from pipelines import catalog
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer, RegulationError
from pipelines.numbers import whole


@login_required
def new(request: SignedIn, kind: str) -> HttpResponse:
    """A new contact or company; one that we know by phone, e-mail or tax number is offered first."""
    make: type[AnswersForm] = PersonForm if kind == "contact" else CompanyForm
    form = make(sent(request), auto_id="person_%s")
    shown: dict[str, Any] = {
        "title": _("New contact") if kind == "contact" else _("New company"),
        "submit": _("Create"),
        "action": request.path,
        "kind": kind,
        "back": reverse("crm:contacts" if kind == "contact" else "crm:companies"),
    }
    if request.method != "POST":
        return _window(request, form, **shown)
    if (chosen := whole(request.POST.get("chosen"))) is not None:
        record = get_object_or_404(MODELS[kind].objects.visible_to(request.user), pk=chosen)
        return go(request, record.get_absolute_url())
    known = same_records(request, form, kind)
    if known and not request.POST.get("another"):
        form.is_valid()
        return _window(request, form, status=409, known=known, another=True, **shown)
    try:
        check(form)
        record = _create(request, kind, form)
    except RegulationError as error:
        form.take(error)
        return _window(request, form, status=status_of(error), known=known, **shown)
    return go(request, record.get_absolute_url())


@transaction.atomic
def _create(request: SignedIn, kind: str, form: AnswersForm) -> Any:
    create: Any = people.create_contact if kind == "contact" else people.create_company
    books = {pipeline.playbook: pipeline for pipeline in catalog.pipelines()}
    # Whose rules about names apply is known where there is one company only.
    only = next(iter(books.values())) if len(books) == 1 else None
    name = naming_rules.corrected(kind, form.cleaned_data["name"], only)
    given = form.cleaned_data | {"name": name, "pipeline": _careful(request)}
    try:
        return create(by=me(request), now=timezone.now(), owner=request.user, **given)
    except BadAnswer as error:
        places = {"contact_name": "name", "company": "name"}
        said = {places.get(code, code): text for code, text in error.errors.items()}
        raise BadAnswer(said) from error


def _careful(request: SignedIn) -> CompiledPipeline | None:
    """Of the pipelines in which the person works one where a client belongs to one manager."""
    return next(filter(policies.one_manager, visibility.pipelines_of(request.user)), None)


def _window(
    request: SignedIn, form: AnswersForm, *, status: int = 200, **shown: Any
) -> HttpResponse:
    context = {"form": form, **window(request), **shown}
    return render(request, "crm/card_attach.html", context, status=status)
