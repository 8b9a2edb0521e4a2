"""Writing a letter from a card: a template fills it, its files can be taken off, those of the card and own ones go along."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm import outgoing
from crm.card import correspondence
from crm.card.correspondence import Correspondence
from crm.forms import LetterForm
from crm.models import Company, Contact, Deal, User
from crm.views.answers import SignedIn
from crm.views.cards.clients import find_client
from crm.views.cards.contacts import check
from crm.views.replies import address, done, find_deal, me, refused, status_of
from pipelines.errors import RegulationError


def correspondence_of(request: SignedIn, kind: str, pk: int) -> Correspondence:
    """Of a deal, a contact or a company that the person sees; or 404."""
    record = find_deal(request, pk) if kind == "deal" else find_client(request, kind, pk)
    return correspondence.of(record, request.user)


@login_required
def compose(request: SignedIn, pk: int, kind: str = "deal") -> HttpResponse:
    """The letter's form, filled in from a template; posted, the letter goes to the outbox."""
    writing = correspondence_of(request, kind, pk)
    code = (request.POST if request.method == "POST" else request.GET).get("template", "")
    template = get_object_or_404(writing.templates(), code=code) if code else None
    if request.method != "POST":
        form = LetterForm(initial=_draft(writing, template), auto_id="letter_%s")
        return _form(request, writing, template, form)
    form = LetterForm(request.POST, auto_id="letter_%s")
    try:
        check(form)
        given = form.cleaned_data
        outgoing.letters().queue_letter(
            **writing.named, to=given["to"], subject=given["subject"],
            body=_body(writing, template, given["body"]), template=template,
            files=_files(request, writing, template), by=me(request), now=timezone.now(),
        )  # fmt: skip
    except RegulationError as error:
        form.take(error)
        again = correspondence_of(request, kind, pk)
        return _form(request, again, template, form, status=status_of(error))
    return done(request, writing.record, _("The letter is on its way."))


def _form(
    request: SignedIn,
    writing: Correspondence,
    template: Any,
    form: LetterForm,
    *,
    status: int = 200,
) -> HttpResponse:
    attached = list(template.files.all()) if template else []
    context = {
        "record": writing.record,
        "card_url": address(writing.record),
        "letter_url": request.path,
        "form": form,
        "template": template,
        "templates": writing.templates(),
        "attached": attached,
        # What was taken off stays off when the form comes back with an error.
        "kept": request.POST.getlist("attached")
        if form.is_bound
        else [str(item.pk) for item in attached],
        "own_files": writing.files(),
        "chosen": request.POST.getlist("own_file"),
    }
    page = "crm/letter_form.html" if request.htmx else "crm/letter_page.html"
    return render(request, page, context, status=status)


def _draft(writing: Correspondence, template: Any) -> dict[str, str]:
    subject, body = writing.render(template) if template else ("", "")
    return {"to": writing.address(), "subject": subject, "body": _as_text(body)}


def _as_text(body: str) -> str:
    return outgoing.letters().to_text(body) if isinstance(body, SafeString) else body


def _body(writing: Correspondence, template: Any, typed: str) -> str:
    """What was typed; a formatted template that was left as it is keeps its formatting."""
    if template is not None:
        _subject, body = writing.render(template)
        if isinstance(body, SafeString) and _as_text(body).split() == typed.split():
            return body
    return typed


def _files(request: SignedIn, writing: Correspondence, template: Any) -> list[Any]:
    """The template's files that were left on, those chosen of the card's, and those uploaded for this letter."""

    def ticked(name: str, offered: Any) -> list[Any]:
        asked = request.POST.getlist(name)
        return [item for item in offered if str(item.pk) in asked] if asked else []

    kept = ticked("attached", template.files.all()) if template else []
    return [*kept, *ticked("own_file", writing.files()), *request.FILES.getlist("upload")]


@login_required
@require_GET
def letter(request: SignedIn, pk: int) -> HttpResponse:
    """A letter as it went out, whole."""
    message = find_message(request, pk)
    return render(
        request,
        "crm/letter.html",
        {
            "message": message,
            "base": "crm/task_window.html" if request.htmx else "crm/task_page.html",
        },
    )


@login_required
@require_POST
def retry(request: SignedIn, pk: int) -> HttpResponse:
    """Send a letter that failed once more."""
    message = find_message(request, pk)
    deal = find_deal(request, message.deal_id) if message.deal_id else None
    try:
        outgoing.letters().retry_message(message, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal, _("The letter is on its way again."))


def find_message(request: SignedIn, pk: int) -> Any:
    """The letter of a deal or a client that the person sees, or of the sale that such a deal continues; or 404."""
    message = outgoing.messages_by_id([pk]).get(pk)
    if message is None or not _is_seen(message, request.user):
        raise Http404
    return message


def _is_seen(message: Any, user: User) -> bool:
    if message.deal_id is None:
        model: Any = Contact if message.contact_id else Company
        pk = message.contact_id or message.company_id
        return bool(model.objects.visible_to(user).filter(pk=pk).exists())
    seen = Deal.objects.visible_to(user)
    return (seen.filter(pk=message.deal_id) | seen.filter(origin=message.deal_id)).exists()
