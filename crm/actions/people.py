"""Actions on whose a deal and its client are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from crm import deals
from crm.clients import owner as client_owner
from crm.intake import distribution
from crm.models import Way
from pipelines.context import Context
from pipelines.params import ParamsForm, RoleField
from pipelines.registry import action


class DistributeParams(ParamsForm):
    role = RoleField(label=gettext_lazy("among people of the role"))
    way = forms.ChoiceField(label=gettext_lazy("how"), choices=Way.choices, required=False)


@action("distribute", label=gettext_lazy("Give the deal to somebody"), form=DistributeParams)
def distribute(context: Context, params: Any) -> dict[str, Any]:
    """Give the deal to somebody of the role: strictly in turn, or to who has the fewest open deals."""
    person = distribution.pick(
        params.role,
        playbook=context.pipeline.playbook,
        now=context.now,
        way=params.way or Way.LEAST_BUSY,
    )
    deals.assign_deal(context.deal, owner=person, by=context.by, now=context.now)
    return {"owner": str(person)}


@action("give_client", label=gettext_lazy("Give the client to the responsible"))
def give_client(context: Context, params: Any) -> dict[str, Any]:
    """Make the deal's responsible the manager of its contact and companies."""
    deal = context.deal
    given = client_owner.give_client(deal, owner=deal.owner, by=context.by, now=context.now)
    return {"owner": str(deal.owner), "given": [str(record) for record in given]}
