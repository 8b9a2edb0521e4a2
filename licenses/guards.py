"""Guards about the licence that a deal carries."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from licenses import clock, terms
from licenses.keeping import DUE
from licenses.models import Licence
from pipelines.context import Context
from pipelines.params import DurationField, ParamsForm
from pipelines.registry import No, guard


class DaysLeftParams(ParamsForm):
    more_than = forms.IntegerField(label=gettext_lazy("more than, days"), required=False)
    at_most = forms.IntegerField(label=gettext_lazy("at most, days"), required=False)


@guard("licence_days_left", label=gettext_lazy("Days left of the licence"), form=DaysLeftParams)
def days_left(context: Context, params: Any) -> No | None:
    """The licence has more than, or at most, so many days left."""
    licence = _licence(context)
    if licence is None or licence.expires_on is None:
        return No(_("The licence's end is not known."))
    left = context.seen["days_left"] = clock.days_left(licence, context.now)
    enough = params.more_than is None or left > params.more_than
    few = params.at_most is None or left <= params.at_most
    if enough and few:
        return None
    return No(ngettext("%(n)s day is left", "%(n)s days are left", left) % {"n": left})


@guard("licence_unknown", label=gettext_lazy("The licence's end is not known yet"))
def unknown(context: Context, params: Any) -> No | None:
    """The deal carries no licence yet, or one whose end nobody has written down."""
    licence = _licence(context)
    if licence is None or licence.expires_on is None:
        return None
    return No(_("the licence's end is known"))


class StepParams(ParamsForm):
    days = forms.IntegerField(label=gettext_lazy("days"), min_value=0)


@guard("licence_step", label=gettext_lazy("The licence came to the step"), form=StepParams)
def step(context: Context, params: Any) -> No | None:
    """What happened is that so many days are left, for the first time or again after the date was corrected."""
    said = context.event.data if context.event and context.event.verb == DUE else {}
    context.seen["step"] = said.get("step")
    return None if said.get("step") == params.days else No(_("another step of the countdown"))


@guard(
    "licence_reminder",
    label=gettext_lazy("The licence came to the step for the first time"),
    form=StepParams,
)
def reminder(context: Context, params: Any) -> No | None:
    """The same, and nobody has been reminded of this step in the present period."""
    if no := step(context, params):
        return no
    return None if context.event.data.get("first") else No(_("reminded in this period already"))


class KnownParams(ParamsForm):
    ahead = DurationField(label=gettext_lazy("ahead"))


@guard(
    "licence_known",
    label=gettext_lazy("The licence's end was written down in time"),
    form=KnownParams,
)
def known(context: Context, params: Any) -> No | None:
    """When the end was written down, more than this was left: a late reminder is ours, not one of a late entry."""
    licence = _licence(context)
    if licence is None or licence.expires_on is None or licence.expiry_set_at is None:
        return No(_("The licence's end is not known."))
    day = licence.expiry_set_at.astimezone(clock.zone_of(context.deal)).date()
    left = context.seen["days_left_then"] = terms.days_left(licence.expires_on, day)
    if left * 86_400 > params.ahead.seconds:
        return None
    return No(_("it was written down %(n)s days before the end") % {"n": left})


def _licence(context: Context) -> Licence | None:
    return getattr(context.deal, "licence", None)
