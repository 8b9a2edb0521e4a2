"""Guards about messages and the channels they come and go by."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.contacting import CHANNELS, MESSAGE_SENT, channel_label
from crm.guards.contacts import SINCE, since_when
from pipelines.context import Context
from pipelines.models import Event
from pipelines.params import ParamsForm
from pipelines.registry import No, guard


class ThroughParams(ParamsForm):
    channels = forms.MultipleChoiceField(
        label=gettext_lazy("channels"), choices=list(CHANNELS.items())
    )


@guard("through", label=gettext_lazy("By the channel"), form=ThroughParams)
def through(context: Context, params: Any) -> No | None:
    """What happened came or went by one of the channels."""
    channel = context.event.data.get("channel", "") if context.event is not None else ""
    context.seen["channel"] = channel
    return None if channel in params.channels else No(_("by another channel"))


class SentParams(ThroughParams):
    since = forms.ChoiceField(label=gettext_lazy("since"), choices=SINCE, required=False)


@guard("sent_message", label=gettext_lazy("A message was sent"), form=SentParams)
def sent_message(context: Context, params: Any) -> No | None:
    """We wrote to the client by one of the channels, since the deal entered its stage or since it came."""
    since = since_when(context, params.since)
    sent = context.fact(
        f"sent by {','.join(params.channels)} since {params.since or 'entry'}",
        lambda: (
            Event.objects.filter(deal=context.deal, verb=MESSAGE_SENT, at__gte=since)
            .filter(data__channel__in=params.channels)
            .exists()
        ),
    )
    names = _(" or ").join(channel_label(code) for code in params.channels)
    return (
        None
        if sent
        else No(_("No message was sent to the client by %(names)s.") % {"names": names})
    )
