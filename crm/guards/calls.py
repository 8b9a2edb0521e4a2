"""Guards about calls: how long one lasted."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pipelines.context import Context
from pipelines.params import DurationField, ParamsForm
from pipelines.registry import No, guard


class LastedParams(ParamsForm):
    at_least = DurationField(label=gettext_lazy("at least"))


@guard("lasted", label=gettext_lazy("The conversation lasted"), form=LastedParams)
def lasted(context: Context, params: Any) -> No | None:
    """The conversation that took place lasted so long or longer."""
    facts = context.event.data if context.event is not None else {}
    seconds = int(facts.get("seconds") or 0)
    # By how much, for a violation that it makes.
    context.seen |= {"seconds": seconds, "over_seconds": seconds - params.at_least.seconds}
    return None if seconds >= params.at_least.seconds else No(_("the conversation was shorter"))
