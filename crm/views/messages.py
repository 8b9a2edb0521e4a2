"""Writing an SMS or a chat message from the card: a channel by which the client can be reached, a template, a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import outgoing
from crm.forms import AnswersForm
from crm.models import Contact, Deal
from crm.names import naming_rules
from crm.views.answers import SignedIn
from crm.views.contacts import check
from crm.views.replies import done, find_deal, me, status_of
from pipelines import catalog
from pipelines.errors import RegulationError


class MessageForm(AnswersForm):
    text = forms.CharField(
        label=gettext_lazy("Text"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


@dataclass(frozen=True)
class Client:
    """Whom one writes to, and from which card."""

    contact: Contact | None
    deal: Deal | None
    playbook: str
    title: str
    card: str
    action: str


@login_required
def to_deal(request: SignedIn, pk: int) -> HttpResponse:
    """The message's form; posted, the message goes to the outbox and stands in the deal's feed."""
    deal = find_deal(request, pk)
    playbook = catalog.pipeline(deal.pipeline_id).playbook
    card = reverse("crm:deal", args=[deal.pk])
    return _compose(
        request, Client(deal.contact, deal, playbook, deal.name, card, f"{card}message/")
    )


@login_required
def to_contact(request: SignedIn, pk: int) -> HttpResponse:
    """The same to a contact outside any deal."""
    contacts = Contact.objects.visible_to(request.user).prefetch_related("points")
    contact = get_object_or_404(contacts, pk=pk)
    pipeline = naming_rules.pipeline_of(contact)
    playbook = pipeline.playbook if pipeline else ""
    action = reverse("crm:contact_message", args=[contact.pk])
    card = action.removesuffix("message/")
    return _compose(request, Client(contact, None, playbook, contact.name, card, action))


def _compose(request: SignedIn, client: Client) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    channels = outgoing.letters().channels_of(client.contact)
    wished = given.get("channel", "")
    channel = next(
        (item for item in channels if item[0] == wished), channels[0] if channels else None
    )
    templates: Any = (
        outgoing.message_templates_for(channel[0], client.playbook) if channel else None
    )
    code = given.get("template", "")
    template = templates.filter(code=code).first() if channel and code else None
    shown = {
        "client": client,
        "channels": channels,
        "channel": channel,
        "templates": templates,
        "template": template,
    }
    if request.method != "POST":
        start = request.GET.get("text", "")
        if template is not None:
            start = outgoing.letters().render_text(
                template, client.deal, request.user, contact=client.contact, now=timezone.now()
            )
        form = MessageForm(initial={"text": start}, auto_id="message_%s")
        return _form(request, form, shown, typed=start)
    form = MessageForm(request.POST, auto_id="message_%s")
    try:
        check(form)
        outgoing.letters().queue_message(
            deal=client.deal, contact=client.contact, channel=wished, text=form.cleaned_data["text"],
            template=template, by=me(request), now=timezone.now(),
        )  # fmt: skip
    except RegulationError as error:
        form.take(error)
        return _form(
            request, form, shown, typed=request.POST.get("text", ""), status=status_of(error)
        )
    return done(request, client.deal, _("The message is on its way."), back=client.card)


def _form(
    request: SignedIn, form: MessageForm, shown: dict[str, Any], *, typed: str, status: int = 200
) -> HttpResponse:
    is_sms = bool(shown["channel"]) and shown["channel"][0] == "sms"
    context = shown | {
        "form": form,
        "length": outgoing.letters().sms_length(typed) if is_sms else None,
    }
    page = "crm/message_form.html" if request.htmx else "crm/message_page.html"
    return render(request, page, context, status=status)
