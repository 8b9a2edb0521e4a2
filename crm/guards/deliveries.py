"""Guards about what the client has delivered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.clients import lives
from crm.models import ClientLife
from pipelines.context import Context
from pipelines.params import DurationField, ParamsForm
from pipelines.registry import No, guard


class DeliveriesParams(ParamsForm):
    at_least = forms.IntegerField(label=gettext_lazy("at least"), min_value=1, required=False)
    exactly = forms.IntegerField(label=gettext_lazy("exactly"), min_value=0, required=False)
    within = DurationField(
        label=gettext_lazy("within the last"),
        required=False,
        help_text=gettext_lazy("Empty: at any time."),
    )


@guard(
    "deliveries",
    label=gettext_lazy("Completed deliveries of the client"),
    form=DeliveriesParams,
)
def deliveries(context: Context, params: Any) -> No | None:
    """The client of the deal has completed so many deliveries, on whichever of his deals they were entered."""
    number = _number(context, params)
    exact = params.exactly is None or number == params.exactly
    enough = params.at_least is None or number >= params.at_least
    if exact and enough:
        return None
    message = ngettext(
        "The client has %(n)s completed delivery.",
        "The client has %(n)s completed deliveries.",
        number,
    )
    if params.within:
        message = ngettext(
            "In the set time the client has completed %(n)s delivery.",
            "In the set time the client has completed %(n)s deliveries.",
            number,
        )
    return No(message % {"n": number})


def _number(context: Context, params: Any) -> int:
    life: ClientLife | None = lives.life_of(context.deal, context.pipeline)
    if not params.within:
        found = life.deliveries if life else 0
        context.seen["deliveries"] = found
        return found
    found = lives.completed_within(life, context.pipeline, params.within, now=context.now)
    context.seen[f"deliveries within {params.within}"] = found
    return found


class LifeParams(ParamsForm):
    states = forms.MultipleChoiceField(label=gettext_lazy("is"), choices=ClientLife.State.choices)


@guard("client_is", label=gettext_lazy("The client by his deliveries"), form=LifeParams)
def client_is(context: Context, params: Any) -> No | None:
    """The client is a potential one, a regular one, or a regular one who stopped delivering."""
    life = lives.life_of(context.deal, context.pipeline)
    state = context.seen["client"] = life.state if life else ClientLife.State.POTENTIAL.value
    if state in params.states:
        return None
    return No(_("the client is: %(state)s") % {"state": ClientLife.State(state).label})
