"""What rules can do with licences."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import deals
from crm.models import Deal
from licenses import countdown, keeping, refusing, verbs
from licenses.models import Licence
from pipelines import catalog
from pipelines.context import Context
from pipelines.errors import RegulationError
from pipelines.params import FieldField, ParamsForm, PipelineField
from pipelines.registry import action


class OpenLicenceParams(ParamsForm):
    pipeline = PipelineField(label=gettext_lazy("pipeline"))


@action("open_licence", label=gettext_lazy("Open the sold licence"), form=OpenLicenceParams)
def open_licence(context: Context, params: Any) -> dict[str, Any]:
    """Open a deal in the licences' pipeline for a licence sold, exactly once; the responsible stays.

    It takes along the contact, the company and the budget; that the deal there carries a licence is a rule of its
    own (`carry_licence`), so that one entered by hand does too.
    """
    sale = context.deal
    if found := Deal.objects.filter(origin=sale, pipeline__code=params.pipeline).first():
        return {"deal": found.pk, "already": True}
    opened = deals.open_deal(
        pipeline=catalog.by_code(params.pipeline),
        name=sale.name,
        owner=sale.owner,
        contact=sale.contact,
        company=sale.company,
        arrival=Deal.Arrival.HAND_OVER,
        origin=sale,
        answers={"budget": sale.budget},
        tags=list(sale.tags.values_list("name", flat=True)),
        by=context.by,
        now=context.now,
    )
    return {"deal": opened.pk}


class CarryLicenceParams(ParamsForm):
    months = forms.IntegerField(
        label=gettext_lazy("for months"), min_value=1, max_value=120, initial=12, required=False
    )


@action(
    "carry_licence", label=gettext_lazy("Make the deal carry a licence"), form=CarryLicenceParams
)
def carry_licence(context: Context, params: Any) -> dict[str, Any]:
    """The deal carries a licence from now on, bought for a year where nothing else is said."""
    months = params.months or 12
    licence = verbs.open_licence(context.deal, by=context.by, now=context.now, months=months)
    return {"licence": licence.pk, "months": licence.renewal_months}


@action("mark_due", label=gettext_lazy("Count the licence down to this step"))
def mark_due(context: Context, params: Any) -> dict[str, Any]:
    """The step is the rule's own period before the licence's last day: 30d makes it 30 days."""
    rule = context.rule
    if rule is None or rule.when != "before" or rule.period is None:
        raise RegulationError(_("This is done so many days before the licence's last day only."))
    days = rule.period.seconds // 86_400
    told = countdown.mark_due(_licence(context), days=days, by=context.by, now=context.now)
    return {"step": days, "told": told}


@action("mark_expired", label=gettext_lazy("Mark the licence expired"))
def mark_expired(context: Context, params: Any) -> dict[str, Any]:
    """The licence's last day is over."""
    told = countdown.mark_expired(_licence(context), by=context.by, now=context.now)
    return {"told": told}


class RefuseLicenceParams(ParamsForm):
    kind = FieldField(label=gettext_lazy("field that says which refusal"))
    reason = FieldField(label=gettext_lazy("field with the reason"))


@action(
    "refuse_licence", label=gettext_lazy("Put the refusal on the licence"), form=RefuseLicenceParams
)
def refuse_licence(context: Context, params: Any) -> dict[str, Any]:
    """The client does not renew, as the deal's fields say: elsewhere or not at all, and why."""
    licence = refusing.refuse_licence(
        context.deal,
        kind=str(context.value(params.kind) or ""),
        reason=str(context.value(params.reason) or ""),
        by=context.by,
        now=context.now,
    )
    return {"licence": licence.pk, "kind": licence.refusal_kind}


@action("resume_licence", label=gettext_lazy("Take the refusal off the licence"))
def resume_licence(context: Context, params: Any) -> dict[str, Any]:
    """The client stays after all."""
    licence = refusing.resume_licence(context.deal, by=context.by, now=context.now)
    return {"licence": licence.pk}


def _licence(context: Context) -> Licence:
    licence: Licence | None = getattr(context.deal, "licence", None)
    if licence is None:
        raise keeping.NoLicence
    # One instance of the deal: what the licence's verbs record, the rules of this deal hear.
    licence.deal = context.deal
    return licence
