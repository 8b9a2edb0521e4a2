"""The kinds of events that the engine itself records."""

from django.utils.translation import gettext_lazy

from pipelines import registry

DEAL_OPENED = registry.event("deal.opened", label=gettext_lazy("deal opened"), icon="plus")
DEAL_MOVED = registry.event("deal.moved", label=gettext_lazy("moved"), icon="arrow-right")
FIELD_CHANGED = registry.event("field.changed", label=gettext_lazy("fields changed"), icon="pencil")
SCENARIO_CHOSEN = registry.event(
    "scenario.chosen", label=gettext_lazy("outcome chosen"), icon="git-branch"
)
OFFER_TAKEN = registry.event("offer.taken", label=gettext_lazy("offer accepted"), icon="bulb")
TIMER_FIRED = registry.event("timer.fired", label=gettext_lazy("time came"), icon="clock")
