"""What rules can say to clients."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import letters
from notifications.models import Message, Template
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
    if deal.owner_id == context.by.user_id:
        deal.owner = context.by.user
    if deal.contact:
        # Asked for twice, by the address and by the greeting.
        prefetch_related_objects([deal.contact], "points")
    template = _template(params.template)
    key = f"{deal.pk}:{template.code}" if params.once else None
    if key and Message.objects.filter(dedupe_key=key).exists():
        return {"skipped": _("This letter has been sent once.")}
    if not by_hand and not (deal.contact and deal.contact.point("email")):
        return {"skipped": str(letters.NoAddress())}
    subject, body = letters.render(template, deal, context.by.user if by_hand else deal.owner)
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
    template = _template(params.template)
    text = params.text or _("Send the letter “%(name)s”") % {"name": template.name}
    return offer(context, "send_email", {"template": template.code}, text[:200])


def _template(code: str) -> Template:
    """Errors: LetterError for a template that is gone or switched off."""
    template = once(
        ("letter template", code),
        lambda: Template.objects.active().filter(code=code).prefetch_related("files").first(),
    )
    if template is None:
        raise letters.LetterError(_("There is no letter template “%(code)s”.") % {"code": code})
    return template
