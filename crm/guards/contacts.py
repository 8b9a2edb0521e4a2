"""Guards about contacts with the client: since when there was one, and whether he turned to us himself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.contacting import ATTEMPTS, COMMUNICATION
from crm.evidence import is_turning
from crm.guards.entries import EntryParams, names_entry
from pipelines.context import Context
from pipelines.models import Event
from pipelines.params import ParamsForm
from pipelines.registry import No, guard

SINCE = [
    ("entry", gettext_lazy("the deal entered its stage")),
    ("creation", gettext_lazy("the deal was created")),
]


def since_when(context: Context, since: str) -> datetime:
    found: datetime = context.deal.created_at if since == "creation" else context.deal.stage_since
    return found


class ContactedParams(ParamsForm):
    since = forms.ChoiceField(label=gettext_lazy("since"), choices=SINCE)
    really = forms.BooleanField(label=gettext_lazy("the client took part in it"), required=False)


@guard("contacted", label=gettext_lazy("The client was contacted"), form=ContactedParams)
def contacted(context: Context, params: Any) -> No | None:
    """We called or wrote to the client since then, or (`really`) he talked or wrote to us."""
    verbs = COMMUNICATION if params.really else COMMUNICATION | ATTEMPTS
    since = since_when(context, params.since)
    found = context.fact(
        f"contacted since {params.since}{' really' if params.really else ''}",
        lambda: Event.objects.filter(deal=context.deal, verb__in=verbs, at__gte=since).exists(),
    )
    if found:
        return None
    return No(
        _("There was no conversation with the client and no message from him.")
        if params.really
        else _("Nobody has tried to contact the client.")
    )


@guard("client_turned", label=gettext_lazy("The client turned to us himself"), form=EntryParams)
def client_turned(context: Context, params: Any) -> No | None:
    """The field names an incoming call, letter or message of this deal that came after the deal entered its stage."""
    return names_entry(
        context,
        params.field,
        lambda entry: is_turning(entry) and entry.at >= context.deal.stage_since,
        none=_("Choose in the feed the incoming call, letter or message of the client."),
        wrong=_(
            "This entry does not show it: choose an incoming call, letter or message that came since."
        ),
    )
