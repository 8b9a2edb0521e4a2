"""Writing an SMS or a chat message from a card: to whom, a channel by which he can be reached, a template, a text."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import outgoing
from crm.card.correspondence import Correspondence
from crm.forms import AnswersForm
from crm.models import Contact
from crm.views.answers import SignedIn
from crm.views.cards.contacts import check
from crm.views.cards.letters import correspondence_of
from crm.views.replies import address, done, me, status_of
from pipelines.errors import RegulationError


class MessageForm(AnswersForm):
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


@login_required
def compose(request: SignedIn, pk: int, kind: str = "deal") -> HttpResponse:
    """The message's form; posted, the message goes to the outbox: of the deal, or of the person it is written to."""
    writing = correspondence_of(request, kind, pk)
    given = request.POST if request.method == "POST" else request.GET
    people = writing.people()
    contact = _chosen(people, given.get("contact", ""))
    channels = outgoing.letters().channels_of(contact)
    wished = given.get("channel", "")
    channel = next(
        (item for item in channels if item[0] == wished), channels[0] if channels else None
    )
    templates: Any = (
        outgoing.message_templates_for(channel[0], writing.playbook) if channel else None
    )
    code = given.get("template", "")
    template = templates.filter(code=code).first() if channel and code else None
    shown = {
        "people": [person for person in people if outgoing.letters().channels_of(person)],
        "contact": contact,
        "channels": channels,
        "channel": channel,
        "templates": templates,
        "template": template,
    }
    if request.method != "POST":
        start = request.GET.get("text", "")
        if template is not None:
            start = outgoing.letters().render_text(
                template, writing.deal, request.user, contact=contact, now=timezone.now()
            )
        form = MessageForm(initial={"text": start}, auto_id="message_%s")
        return _form(request, writing, form, shown, typed=start)
    form = MessageForm(request.POST, auto_id="message_%s")
    try:
        check(form)
        if contact is None:
            raise RegulationError(_("There is no contact yet to write to."))
        outgoing.letters().queue_message(
            deal=writing.deal, contact=contact, channel=wished, text=form.cleaned_data["text"],
            template=template, by=me(request), now=timezone.now(),
        )  # fmt: skip
    except RegulationError as error:
        form.take(error)
        typed = request.POST.get("text", "")
        return _form(request, writing, form, shown, typed=typed, status=status_of(error))
    return done(request, writing.record, _("The message is on its way."))


def _chosen(people: list[Contact], pk: str) -> Contact | None:
    """The person asked for, of those one may write to here; else the first."""
    asked = next((person for person in people if str(person.pk) == pk), None)
    return asked or next(iter(people), None)


def _form(
    request: SignedIn,
    writing: Correspondence,
    form: MessageForm,
    shown: dict[str, Any],
    *,
    typed: str,
    status: int = 200,
) -> HttpResponse:
    is_sms = bool(shown["channel"]) and shown["channel"][0] == "sms"
    context = shown | {
        "record": writing.record,
        "kind": str(writing.record._meta.model_name),
        "card_url": address(writing.record),
        "message_url": request.path,
        "form": form,
        "length": outgoing.letters().sms_length(typed) if is_sms else None,
    }
    page = "crm/message_form.html" if request.htmx else "crm/message_page.html"
    return render(request, page, context, status=status)
