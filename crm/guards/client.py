"""Guards about the client and our contacts with him, tasks, tags and evidence."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.evidence import proves
from crm.guards.entries import EntryParams, names_entry
from crm.models import ContactPoint, Deal
from pipelines import reads
from pipelines.context import Context
from pipelines.engine import SCENARIO_CHOSEN
from pipelines.models import Event
from pipelines.params import DurationField, ParamsForm, ScenarioField
from pipelines.registry import No, guard


class AttemptsParams(ParamsForm):
    at_least = forms.IntegerField(label=gettext_lazy("at least"), min_value=1)


@guard(
    "attempts",
    label=gettext_lazy("Contact attempts since the last communication"),
    form=AttemptsParams,
)
def attempts(context: Context, params: Any) -> No | None:
    """There were enough attempts since the client last communicated with us."""
    made = context.deal.attempts
    context.seen["attempts"] = made
    if made >= params.at_least:
        return None
    message = ngettext(
        "%(made)s contact attempt was made, at least %(need)s are needed.",
        "%(made)s contact attempts were made, at least %(need)s are needed.",
        made,
    )
    return No(message % {"made": made, "need": params.at_least})


class SilenceParams(ParamsForm):
    period = DurationField(label=gettext_lazy("at least"))


@guard("silence", label=gettext_lazy("Silence since the last communication"), form=SilenceParams)
def silence(context: Context, params: Any) -> No | None:
    """Enough time has passed since the client last communicated with us (for a lead never reached, since it came)."""
    since = context.deal.last_contact_at or context.deal.created_at
    context.seen["silent_since"] = since.isoformat()
    allowed_from = context.pipeline.calendar.add(since, params.period)
    if context.now >= allowed_from:
        return None
    day = date_format(timezone.localtime(allowed_from), "DATETIME_FORMAT")
    return No(_("Too early: allowed from %(day)s.") % {"day": day})


@guard("reached", label=gettext_lazy("The client was reached at least once"))
def reached(context: Context, params: Any) -> No | None:
    """There was communication with the client at some time."""
    context.seen["last_contact_at"] = str(context.deal.last_contact_at or "")
    return None if context.deal.last_contact_at else No(_("The client was never reached."))


class ChannelsParams(ParamsForm):
    only = forms.MultipleChoiceField(
        label=gettext_lazy("known channels"), choices=ContactPoint.Kind.choices
    )


@guard("channels", label=gettext_lazy("The only known channels"), form=ChannelsParams)
def channels(context: Context, params: Any) -> No | None:
    """The contact (and its company) can be reached by these channels, all of them and no other."""
    kinds = context.fact("channels", lambda: _channels(context.deal))
    if set(kinds) == set(params.only):
        return None
    names = ", ".join(str(ContactPoint.Kind(kind).label) for kind in kinds) or _("none")
    return No(_("Other channels are known: %(names)s.") % {"names": names})


class ChannelParams(ParamsForm):
    kind = forms.ChoiceField(label=gettext_lazy("channel"), choices=ContactPoint.Kind.choices)


@guard("has_channel", label=gettext_lazy("A known channel"), form=ChannelParams)
def has_channel(context: Context, params: Any) -> No | None:
    """The contact (or its company) can be reached by this channel."""
    kinds = context.fact("channels", lambda: _channels(context.deal))
    return (
        None
        if params.kind in kinds
        else No(_("not known: %(kind)s") % {"kind": ContactPoint.Kind(params.kind).label})
    )


def _channels(deal: Deal) -> list[str]:
    if deal._state.adding:
        points = ContactPoint.objects.none()
        if deal.contact_id:
            points = ContactPoint.objects.filter(contact=deal.contact_id)
        if deal.company_id:
            points = points | ContactPoint.objects.filter(company=deal.company_id)
        return sorted(set(points.values_list("kind", flat=True)))
    return sorted(reads.of_deal(deal.pk, ContactPoint, "channels", _read_channels))


def _read_channels(deals: list[int]) -> dict[int, list[str]]:
    of_contacts, of_companies = (
        Deal._base_manager.filter(pk__in=deals, **{f"{who}__points__isnull": False})
        .order_by()
        .values_list("pk", f"{who}__points__kind")
        for who in ("contact", "company")
    )
    found: dict[int, list[str]] = defaultdict(list)
    for deal, kind in of_contacts.union(of_companies):
        found[deal].append(kind)
    return found


@guard("evidence", label=gettext_lazy("Evidence from the feed"), form=EntryParams)
def evidence(context: Context, params: Any) -> No | None:
    """The field names an incoming letter or message of this deal, or a conversation with its recording."""
    return names_entry(
        context,
        params.field,
        proves,
        none=_(
            "Choose the proof in the feed: a letter or message of the client, or a recorded conversation."
        ),
        wrong=_(
            "This entry proves nothing: choose a letter or message of the client, or a recorded conversation."
        ),
    )


class ArrivalParams(ParamsForm):
    ways = forms.MultipleChoiceField(label=gettext_lazy("came by"), choices=Deal.Arrival.choices)


@guard("arrival", label=gettext_lazy("The deal came by"), form=ArrivalParams)
def arrival(context: Context, params: Any) -> No | None:
    """How the deal came to us."""
    context.seen["arrival"] = context.deal.arrival
    return (
        None
        if context.deal.arrival in params.ways
        else No(_("came by: %(way)s") % {"way": context.deal.get_arrival_display()})
    )


class TagParams(ParamsForm):
    name = forms.CharField(label=gettext_lazy("tag"))


def _tags(deal: Deal) -> list[str]:
    # A deal not saved yet, asked whether it may stand on a stage, carries none.
    if deal._state.adding:
        return []
    return reads.of_deal(deal.pk, Deal.tags.through, "names", _read_tags)


def _read_tags(deals: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    put_on = Deal.tags.through._base_manager.filter(deal__in=deals)
    for deal, name in put_on.values_list("deal", "tag__name"):
        found[deal].append(name)
    return found


@guard("tagged", label=gettext_lazy("Has the tag"), form=TagParams)
def tagged(context: Context, params: Any) -> No | None:
    """The deal carries the tag."""
    names = context.fact("tags", lambda: sorted(_tags(context.deal)))
    found = params.name.casefold() in {name.casefold() for name in names}
    return None if found else No(_("no tag “%(name)s”") % {"name": params.name})


class OutcomesParams(ParamsForm):
    scenario = ScenarioField(label=gettext_lazy("outcome"))
    exactly = forms.IntegerField(label=gettext_lazy("exactly"), min_value=0, required=False)
    at_least = forms.IntegerField(label=gettext_lazy("at least"), min_value=1, required=False)


@guard(
    "outcomes", label=gettext_lazy("How often an outcome was chosen in a row"), form=OutcomesParams
)
def outcomes(context: Context, params: Any) -> No | None:
    """How many times this outcome was chosen since the last communication, the present time included."""
    count = context.fact(
        f"outcomes {params.scenario}", lambda: _outcomes(context.deal, params.scenario)
    )
    exact = params.exactly is None or count == params.exactly
    enough = params.at_least is None or count >= params.at_least
    return None if exact and enough else No(_("chosen so far: %(count)s") % {"count": count})


def _outcomes(deal: Deal, scenario: str) -> int:
    events = Event.objects.filter(deal=deal, verb=SCENARIO_CHOSEN, data__scenario=scenario)
    return (events.filter(at__gt=deal.last_contact_at) if deal.last_contact_at else events).count()
