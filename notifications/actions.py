"""What rules can say to clients."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import letters, messages
from notifications.models import Message, Template
from pipelines import reads
from pipelines.actions import offer
from pipelines.context import Context
from pipelines.params import ParamsForm, TemplateField
from pipelines.registry import action
from pipelines.transactions import once


class SendEmailParams(ParamsForm):
    template = TemplateField(label=gettext_lazy("letter template"))
    once = forms.BooleanField(label=gettext_lazy("once a deal"), required=False)


@action("send_email", label=gettext_lazy("Send a letter"), form=SendEmailParams)
def send_email(context: Context, params: Any) -> dict[str, Any]:
    """Queue a letter made from the template to the deal's contact, in the name of the deal's owner.

    A rule finds no address: that is a skip, kept in its run, and no failure. A person who accepted the offer
    is told (NoAddress).
    """
    deal, by_hand = context.deal, context.by.is_person
    _prepare(context)
    template = _template(params.template, Template.Kind.EMAIL)
    key = _key(deal.pk, template.code) if params.once else None
    if key and _was_said(deal.pk, template.code):
        return {"skipped": _("This letter has been sent once.")}
    if not by_hand and not (deal.contact and deal.contact.point("email")):
        return {"skipped": str(letters.NoAddress())}
    subject, body = letters.render(
        template, deal, context.by.user if by_hand else deal.owner, now=context.now
    )
    message = letters.queue_letter(
        deal=deal,
        subject=subject,
        body=body,
        by=context.by,
        now=context.now,
        template=template,
        files=template.files.all(),
        dedupe_key=key,
    )
    return {"message": message.pk, "to": message.to, "subject": message.subject}


class OfferLetterParams(ParamsForm):
    template = TemplateField(label=gettext_lazy("letter template"))
    text = forms.CharField(label=gettext_lazy("button"), max_length=200, required=False)


@action("offer_letter", label=gettext_lazy("Offer a letter"), form=OfferLetterParams)
def offer_letter(context: Context, params: Any) -> dict[str, Any]:
    """Put a button on the card: one click sends the letter."""
    template = _template(params.template, Template.Kind.EMAIL)
    text = params.text or _("Send the letter “%(name)s”") % {"name": template.name}
    return offer(context, "send_email", {"template": template.code}, text[:200])


class SendSmsParams(ParamsForm):
    template = TemplateField(label=gettext_lazy("template"))
    once = forms.BooleanField(label=gettext_lazy("once a deal"), required=False)


@action("send_sms", label=gettext_lazy("Send an SMS"), form=SendSmsParams)
def send_sms(context: Context, params: Any) -> dict[str, Any]:
    """Queue an SMS made from the template to the contact's phone, in the name of the deal's owner.

    As with letters: a rule that finds no phone is a skip, a person who accepted the offer is told (NoAddress).
    """
    return _say(context, params, Message.Channel.SMS)


CHATS = [("", gettext_lazy("the messenger that is known"))] + [
    (channel.value, channel.label) for channel in messages.CHATS
]


class SendChatParams(ParamsForm):
    template = TemplateField(label=gettext_lazy("template"))
    channel = forms.ChoiceField(label=gettext_lazy("channel"), choices=CHATS, required=False)
    once = forms.BooleanField(label=gettext_lazy("once a deal"), required=False)


@action("send_chat", label=gettext_lazy("Send a message in a messenger"), form=SendChatParams)
def send_chat(context: Context, params: Any) -> dict[str, Any]:
    """Queue a message made from the template: in the channel, or without one in Telegram if known, else WhatsApp.

    As with letters: a rule that finds no address is a skip, a person who accepted the offer is told (NoAddress).
    """
    return _say(context, params, params.channel or "chat")


class OfferMessageParams(ParamsForm):
    template = TemplateField(label=gettext_lazy("template"))
    channel = forms.ChoiceField(
        label=gettext_lazy("channel"), choices=[*CHATS, ("sms", "SMS")], required=False
    )
    text = forms.CharField(label=gettext_lazy("button"), max_length=200, required=False)


@action(
    "offer_message", label=gettext_lazy("Offer an SMS or a chat message"), form=OfferMessageParams
)
def offer_message(context: Context, params: Any) -> dict[str, Any]:
    """Put a button on the card: one click sends the message. The template's kind says whether it is an SMS."""
    kind = Template.Kind.SMS if params.channel == Message.Channel.SMS else ""
    template = _template(params.template, *([kind] if kind else _MESSAGES))
    text = params.text or _("Send the message “%(name)s”") % {"name": template.name}
    given = {"template": template.code}
    if template.kind == Template.Kind.SMS:
        return offer(context, "send_sms", given, text[:200])
    if params.channel:
        given["channel"] = params.channel
    return offer(context, "send_chat", given, text[:200])


_MESSAGES = (Template.Kind.SMS, Template.Kind.CHAT)


def _say(context: Context, params: Any, channel: str) -> dict[str, Any]:
    """Queue the template's text in the channel; "chat" is whatever messenger the contact has."""
    deal, by_hand = context.deal, context.by.is_person
    _prepare(context)
    sms = channel == Message.Channel.SMS
    template = _template(params.template, Template.Kind.SMS if sms else Template.Kind.CHAT)
    key = _key(deal.pk, template.code) if params.once else None
    if key and _was_said(deal.pk, template.code):
        return {"skipped": _("This message has been sent once.")}
    try:
        channel = messages.chat_for(deal.contact) if channel == "chat" else channel
        if not messages.address_of(deal.contact, channel):
            raise letters.NoAddress(channel)
    except letters.NoAddress as error:
        if by_hand:
            raise
        return {"skipped": str(error)}
    author = context.by.user if by_hand else deal.owner
    message = messages.queue_message(
        deal=deal,
        channel=channel,
        text=messages.render_text(template, deal, author, now=context.now),
        by=context.by,
        now=context.now,
        template=template,
        dedupe_key=key,
    )
    return {"message": message.pk, "to": message.to, "channel": message.channel}


def _key(deal: int, template: str) -> str:
    return f"{deal}:{template}"


def _was_said(deal: int, template: str) -> bool:
    """Whether what is said once a deal has been said on this one."""

    def load(deals: list[int]) -> dict[int, list[str]]:
        keys = {_key(pk, template): pk for pk in deals}
        said = Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True)
        return {keys[key]: [key] for key in said if key}

    return bool(reads.of_deal(deal, Message, ("said once", template), load))


def _prepare(context: Context) -> None:
    """What the address and the greeting both ask for, once."""
    deal = context.deal
    if deal.owner_id == context.by.user_id:
        deal.owner = context.by.user
    if deal.contact:
        prefetch_related_objects([deal.contact], "points")


def _template(code: str, *kinds: str) -> Template:
    """Errors: LetterError for a template that is gone, switched off, or for another channel."""
    template = once(
        ("template", code),
        lambda: Template.objects.active().filter(code=code).prefetch_related("files").first(),
    )
    if template is None:
        raise letters.LetterError(_("There is no template “%(code)s”.") % {"code": code})
    if template.kind not in kinds:
        raise letters.LetterError(
            _("The template “%(name)s” is for another channel: %(kind)s.")
            % {"name": template.name, "kind": template.get_kind_display()}
        )
    return template
