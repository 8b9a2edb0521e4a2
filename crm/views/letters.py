"""Writing a letter from the card: a template fills it, its files can be taken off, own files go along."""

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
from crm.card import feed_lines
from crm.card import page as card
from crm.files import keeping as files
from crm.forms import LetterForm
from crm.models import Company, Contact, Deal, User
from crm.views.answers import SignedIn
from crm.views.contacts import check
from crm.views.replies import done, find_deal, me, refused, status_of
from pipelines import catalog
from pipelines.errors import RegulationError


@login_required
def compose(request: SignedIn, pk: int) -> HttpResponse:
    """The letter's form, filled in from a template; posted, the letter goes to the outbox."""
    deal = find_deal(request, pk)
    template = _template(request, deal)
    if request.method != "POST":
        return _form(
            request,
            deal,
            template,
            LetterForm(initial=_draft(request, deal, template), auto_id="letter_%s"),
        )
    form = LetterForm(request.POST, auto_id="letter_%s")
    try:
        check(form)
        given = form.cleaned_data
        outgoing.letters().queue_letter(
            deal=deal, to=given["to"], subject=given["subject"], body=_body(request, deal, template, given["body"]),
            template=template, files=_files(request, deal, template), by=me(request), now=timezone.now(),
        )  # fmt: skip
    except RegulationError as error:
        form.take(error)
        return _form(request, find_deal(request, pk), template, form, status=status_of(error))
    return done(request, deal, _("The letter is on its way."))


def _form(
    request: SignedIn, deal: Deal, template: Any, form: LetterForm, *, status: int = 200
) -> HttpResponse:
    attached = list(template.files.all()) if template else []
    context = {
        "deal": deal,
        "letter_url": request.path,
        "form": form,
        "template": template,
        "templates": card.letter_templates(catalog.pipeline(deal.pipeline_id)),
        "attached": attached,
        # What was taken off stays off when the form comes back with an error.
        "kept": request.POST.getlist("attached")
        if form.is_bound
        else [str(item.pk) for item in attached],
        "deal_files": files.files_of(item.pk for item in feed_lines.chain(deal)),
        "chosen": request.POST.getlist("deal_file"),
    }
    page = "crm/letter_form.html" if request.htmx else "crm/letter_page.html"
    return render(request, page, context, status=status)


def _template(request: SignedIn, deal: Deal) -> Any:
    code = (request.POST if request.method == "POST" else request.GET).get("template", "")
    found = card.letter_templates(catalog.pipeline(deal.pipeline_id))
    return get_object_or_404(found, code=code) if code else None


def _draft(request: SignedIn, deal: Deal, template: Any) -> dict[str, str]:
    to = deal.contact.point("email") if deal.contact else ""
    subject, body = (
        outgoing.letters().render(template, deal, request.user) if template else ("", "")
    )
    return {"to": to, "subject": subject, "body": _as_text(body)}


def _as_text(body: str) -> str:
    return outgoing.letters().to_text(body) if isinstance(body, SafeString) else body


def _body(request: SignedIn, deal: Deal, template: Any, typed: str) -> str:
    """What was typed; a formatted template that was left as it is keeps its formatting."""
    if template is not None:
        _subject, body = outgoing.letters().render(template, deal, request.user)
        if isinstance(body, SafeString) and _as_text(body).split() == typed.split():
            return body
    return typed


def _files(request: SignedIn, deal: Deal, template: Any) -> list[Any]:
    """The template's files that were left on, files of the deal, and those uploaded for this letter."""
    kept = (
        [item for item in template.files.all() if str(item.pk) in request.POST.getlist("attached")]
        if template
        else []
    )
    own = files.files_of(item.pk for item in feed_lines.chain(deal))
    chosen = [item for item in own if str(item.pk) in request.POST.getlist("deal_file")]
    return [*kept, *chosen, *request.FILES.getlist("upload")]


@login_required
@require_GET
def letter(request: SignedIn, pk: int) -> HttpResponse:
    """A letter as it went out, whole."""
    message = _message(request, pk)
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
    message = _message(request, pk)
    deal = find_deal(request, message.deal_id) if message.deal_id else None
    try:
        outgoing.letters().retry_message(message, by=me(request), now=timezone.now())
    except RegulationError as error:
        return refused(request, deal, error)
    return done(request, deal, _("The letter is on its way again."))


def _message(request: SignedIn, pk: int) -> Any:
    """The letter of a deal or a contact that the person sees, or of the sale that such a deal continues; or 404."""
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
