"""A letter to a contact or a company outside any deal, from a template or without one (PZ-4.5b)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import board, outgoing
from crm.clients import feed as client_feed
from crm.clients import fields as client_fields
from crm.clients.fields import Client
from crm.clients.verbs import named
from crm.forms import LetterForm
from crm.models import Company
from crm.views.answers import SignedIn
from crm.views.clients import find_client
from crm.views.contacts import check
from crm.views.replies import done, me, status_of
from pipelines.errors import RegulationError


@login_required
def compose(request: SignedIn, kind: str, pk: int) -> HttpResponse:
    """The letter's form, filled in from a template; posted, the letter goes to the outbox."""
    record = find_client(request, kind, pk)
    templates = _templates(request, record)
    code = (request.POST if request.method == "POST" else request.GET).get("template", "")
    template = get_object_or_404(templates, code=code) if code else None
    if request.method != "POST":
        form = LetterForm(initial=_draft(request, record, template), auto_id="letter_%s")
        return _form(request, record, templates, template, form)
    form = LetterForm(request.POST, auto_id="letter_%s")
    try:
        check(form)
        given = form.cleaned_data
        outgoing.letters().queue_letter(
            **named(record), to=given["to"], subject=given["subject"],
            body=_body(request, record, template, given["body"]), template=template,
            files=_files(request, template), by=me(request), now=timezone.now(),
        )  # fmt: skip
    except RegulationError as error:
        form.take(error)
        return _form(request, record, templates, template, form, status=status_of(error))
    return done(request, record, _("The letter is on its way."))


def _form(
    request: SignedIn,
    record: Client,
    templates: Any,
    template: Any,
    form: LetterForm,
    *,
    status: int = 200,
) -> HttpResponse:
    attached = list(template.files.all()) if template else []
    context = {
        "record": record,
        "letter_url": request.path,
        "form": form,
        "template": template,
        "templates": templates,
        "attached": attached,
        # What was taken off stays off when the form comes back with an error.
        "kept": request.POST.getlist("attached")
        if form.is_bound
        else [str(item.pk) for item in attached],
    }
    page = "crm/letter_form.html" if request.htmx else "crm/letter_page.html"
    return render(request, page, context, status=status)


def _templates(request: SignedIn, record: Client) -> Any:
    """Those of the company whose pipelines the client's deals are in, or of the first that one sees."""
    places = client_feed.places_of(record, request.user).values()
    pipelines = client_fields.pipelines_of(request.user, {place.pipeline_id for place in places})
    pipelines = pipelines or board.pipelines_of(request.user)
    return outgoing.templates_for(pipelines[0].playbook if pipelines else "")


def _render(request: SignedIn, record: Client, template: Any) -> tuple[str, str]:
    return outgoing.letters().render(template, None, request.user, **named(record))


def _draft(request: SignedIn, record: Client, template: Any) -> dict[str, str]:
    subject, body = _render(request, record, template) if template else ("", "")
    return {"to": address_of(record, request), "subject": subject, "body": _as_text(body)}


def address_of(record: Client, request: SignedIn) -> str:
    """The record's first e-mail; of a company without one, that of its first contact who has one."""
    if (own := record.point("email")) or not isinstance(record, Company):
        return own
    people = record.contacts.visible_to(request.user).prefetch_related("points")
    return next((found for person in people[:20] if (found := person.point("email"))), "")


def _as_text(body: str) -> str:
    return outgoing.letters().to_text(body) if isinstance(body, SafeString) else body


def _body(request: SignedIn, record: Client, template: Any, typed: str) -> str:
    """What was typed; a formatted template that was left as it is keeps its formatting."""
    if template is not None:
        _subject, body = _render(request, record, template)
        if isinstance(body, SafeString) and _as_text(body).split() == typed.split():
            return body
    return typed


def _files(request: SignedIn, template: Any) -> list[Any]:
    """The template's files that were left on, and those uploaded for this letter."""
    kept = request.POST.getlist("attached")
    own = [item for item in template.files.all() if str(item.pk) in kept] if template else []
    return [*own, *request.FILES.getlist("upload")]
