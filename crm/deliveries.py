"""The verbs of deliveries: each locks the deal and its client, changes, counts anew and writes the feed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Max
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.clients import lives
from crm.models import ClientLife, Deal, Delivery, DeliveryTerms
from crm.money.sums import say_sum
from pipelines import asking, catalog, engine, fields, registry
from pipelines.actor import Actor
from pipelines.catalog import CompiledPipeline
from pipelines.errors import BadAnswer, RegulationError
from pipelines.locking import check_right_to_edit
from pipelines.transactions import verb

REGISTERED = registry.event(
    "delivery.registered", label=gettext_lazy("delivery expected"), icon="truck"
)
COMPLETED = registry.event(
    "delivery.completed", label=gettext_lazy("delivery accepted"), icon="truck-delivery"
)
CANCELLED = registry.event(
    "delivery.cancelled", label=gettext_lazy("delivery cancelled"), icon="truck-off"
)
LIFE_CHANGED = registry.event(
    "client.life_changed", label=gettext_lazy("client's state changed"), icon="user-star"
)

# The date of a deal that rules count from: the client's last completed delivery.
LAST_DELIVERY = "last_delivery"

NOTE_LIMIT = 500
MOST_WEIGHT, MOST_AMOUNT = Decimal(10**9), Decimal(10**12)
FARTHEST = timedelta(days=366 * 5)


class NoClient(RegulationError):
    """The deal has neither contact nor company, so nobody delivers."""

    def __init__(self) -> None:
        super().__init__(_("Link a contact or a company to the deal first: whose delivery is it?"))


class DeliveryGone(RegulationError):
    """Somebody has accepted or cancelled the delivery meanwhile."""

    def __init__(self, delivery: Delivery) -> None:
        said = _("This delivery is no longer as you saw it: %(state)s.")
        super().__init__(said % {"state": delivery.get_state_display()})


@verb
def register_delivery(
    deal: Deal,
    *,
    day: date,
    weight: Decimal,
    amount: Decimal,
    by: Actor,
    now: datetime,
    note: str = "",
    accepted: bool = False,
    key: UUID | None = None,
) -> Delivery:
    """Enter a delivery that is expected, or with `accepted` one that is weighed and taken already: then it is
    completed at once, and never was one that is expected.

    `key` is that of the form: sent again, it is the same delivery. Weight is in the unit of the playbook, the sum in
    the deal's currency. Errors: BadAnswer, NoClient, MoveRefused, RegulationError.
    """
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    if key and (found := Delivery.objects.filter(key=key, deal=deal).first()):
        return found
    terms = lives.terms_of(pipeline)
    if terms is None:
        raise RegulationError(_("This company keeps no record of deliveries."))
    if deal.status != "open":
        raise RegulationError(
            _("The deal is closed: enter the delivery on the client's open deal.")
        )
    _check(day, weight, amount, lives.today(pipeline, now))
    delivery = Delivery(
        deal=deal,
        day=day,
        weight=weight,
        unit=terms.unit,
        amount=amount,
        currency=deal.currency,
        note=fields.storable(note).strip()[:NOTE_LIMIT],
        key=key,
        created_by=by.user,
        created_at=now,
    )
    if not accepted:
        asking.ask_before(deal, REGISTERED, data=_facts(delivery), by=by, now=now)
    delivery.life = _lock_life(deal, pipeline, now)
    delivery.save(force_insert=True)
    if accepted:
        return complete_delivery(delivery, by=by, now=now)
    _record(REGISTERED, delivery, by=by, now=now)
    return delivery


@verb
def complete_delivery(
    delivery: Delivery,
    *,
    by: Actor,
    now: datetime,
    weight: Decimal | None = None,
    amount: Decimal | None = None,
) -> Delivery:
    """The goods are here, weighed (maybe otherwise than expected) and taken; returns the delivery as it is now.

    One expected for a later day has come today. Errors: BadAnswer, DeliveryGone, MoveRefused.
    """
    delivery, pipeline = _lock(delivery, by)
    if delivery.state != Delivery.State.REGISTERED:
        raise DeliveryGone(delivery)
    delivery.weight = delivery.weight if weight is None else weight
    delivery.amount = delivery.amount if amount is None else amount
    today = lives.today(pipeline, now)
    delivery.day = min(delivery.day, today)
    _check(delivery.day, delivery.weight, delivery.amount, today)
    asking.ask_before(delivery.deal, COMPLETED, data=_facts(delivery), by=by, now=now)
    delivery.complete()
    delivery.completed_by, delivery.completed_at = by.user, now
    delivery.save()
    _count(delivery.life, delivery.deal, by=by, now=now)
    _record(COMPLETED, delivery, by=by, now=now)
    return delivery


@verb
def cancel_delivery(delivery: Delivery, *, reason: str = "", by: Actor, now: datetime) -> Delivery:
    """It does not come, or was accepted by mistake: then the reason is asked for, and it counts no more.

    Errors: BadAnswer, DeliveryGone, MoveRefused.
    """
    delivery, _pipeline = _lock(delivery, by)
    if delivery.state == Delivery.State.CANCELLED:
        raise DeliveryGone(delivery)
    reason, counted = fields.storable(reason).strip(), delivery.state == Delivery.State.COMPLETED
    if counted and not reason:
        raise BadAnswer({"reason": _("An accepted delivery is cancelled with a reason.")})
    if len(reason) > NOTE_LIMIT:
        raise BadAnswer({"reason": _("At most %(limit)s characters.") % {"limit": NOTE_LIMIT}})
    facts = _facts(delivery) | {"counted": counted}
    asking.ask_before(delivery.deal, CANCELLED, data=facts, by=by, now=now)
    delivery.cancel()
    delivery.cancelled_by, delivery.cancelled_at, delivery.reason = by.user, now, reason
    delivery.save()
    if counted:
        _count(delivery.life, delivery.deal, by=by, now=now)
    _record(CANCELLED, delivery, by=by, now=now, counted=counted, reason=reason)
    return delivery


@verb
def follow_client(deal: Deal, *, by: Actor, now: datetime) -> None:
    """The (locked) deal has got another company or contact: its deliveries are that client's now."""
    brought = Delivery.objects.filter(deal=deal)
    known = set(brought.values_list("life", flat=True))
    if not known or not lives.client_of(deal):
        return
    pipeline = catalog.pipeline(deal.pipeline_id)
    if known == {getattr(lives.life_of(deal, pipeline), "pk", None)}:
        return
    present = _lock_life(deal, pipeline, now)
    brought.update(life=present)
    for life in ClientLife.objects.filter(pk__in=known).select_for_update().order_by("pk"):
        _count(life, deal, by=by, now=now)
    _count(present, deal, by=by, now=now)


@verb
def let_rest(deal: Deal, *, by: Actor, now: datetime) -> bool:
    """The (locked) deal's regular client has stopped delivering; whether anything changed."""
    life = _find_life(deal)
    if life is None or life.state != ClientLife.State.CLIENT:
        return False
    life.rest()
    _turn(life, ClientLife.State.CLIENT, deal, by=by, now=now)
    return True


@verb
def wake(deal: Deal, *, by: Actor, now: datetime) -> bool:
    """The (locked) deal's client delivers again; whether anything changed."""
    life = _find_life(deal)
    if life is None or life.state != ClientLife.State.DORMANT:
        return False
    life.wake()
    _turn(life, ClientLife.State.DORMANT, deal, by=by, now=now)
    return True


@verb
def judge_all(playbook: str, *, now: datetime) -> int:
    """The threshold has changed: whoever is on the other side of it now; how many."""
    terms = DeliveryTerms.objects.filter(playbook=playbook).first()
    changed = 0
    for life in ClientLife.objects.filter(playbook=playbook).select_for_update().order_by("pk"):
        if terms and life.is_regular != (life.deliveries >= terms.regular_from):
            was = life.state
            life.judge(regular=not life.is_regular)
            _turn(life, was, None, by=Actor(), now=now)
            changed += 1
    return changed


@verb
def give_to_life(
    ids: list[int], *, life: ClientLife, was: ClientLife, by: Actor, now: datetime
) -> None:
    """These deliveries of `was` are those of `life`; both are counted anew. For two records of one client."""
    locked = {
        row.pk: row
        for row in ClientLife.objects.filter(pk__in=[life.pk, was.pk])
        .select_for_update()
        .order_by("pk")
    }
    Delivery.objects.filter(pk__in=ids, life=was).update(life=life)
    for pk in (was.pk, life.pk):
        _count(locked[pk], None, by=by, now=now)


def _lock(delivery: Delivery, by: Actor) -> tuple[Delivery, CompiledPipeline]:
    """Lock deal, client and delivery in this order; the delivery as it stands now."""
    deal = delivery.deal
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    # Which client it is can change under the deal's lock alone.
    life = Delivery.objects.values_list("life", flat=True).get(pk=delivery.pk)
    locked = ClientLife.objects.select_for_update().get(pk=life)
    fresh = Delivery.objects.select_for_update().get(pk=delivery.pk)
    fresh.deal, fresh.life = deal, locked
    return fresh, pipeline


def _lock_life(deal: Deal, pipeline: CompiledPipeline, now: datetime) -> ClientLife:
    if not (client := lives.client_of(deal)):
        raise NoClient
    life, _created = ClientLife.objects.get_or_create(
        playbook=pipeline.playbook, **client, defaults={"since": now}
    )
    return ClientLife.objects.select_for_update().get(pk=life.pk)


def _find_life(deal: Deal) -> ClientLife | None:
    found = lives.life_of(deal, catalog.pipeline(deal.pipeline_id))
    return ClientLife.objects.select_for_update().get(pk=found.pk) if found else None


def _count(life: ClientLife, deal: Deal | None, *, by: Actor, now: datetime) -> None:
    """Count the (locked) client's completed deliveries anew, and what he is by them.

    Counted, not added to: a number that is summed up can go wrong for good, one that is counted can't.
    """
    done = Delivery.objects.filter(life=life, state=Delivery.State.COMPLETED)
    found: dict[str, Any] = done.aggregate(number=Count("pk"), last=Max("day"))
    before, was = life.last_delivery_on, life.state
    life.deliveries, life.last_delivery_on = found["number"], found["last"]
    terms = DeliveryTerms.objects.filter(playbook=life.playbook).first()
    regular = terms is not None and life.deliveries >= terms.regular_from
    if regular != life.is_regular:
        life.judge(regular=regular)
    if life.last_delivery_on != before:
        life.save(update_fields=["deliveries", "last_delivery_on"])
        _count_time_anew(life, deal, now=now)
    else:
        life.save(update_fields=["deliveries"])
    if life.state != was:
        _turn(life, was, deal, by=by, now=now)


def _count_time_anew(life: ClientLife, deal: Deal | None, *, now: datetime) -> None:
    """The timers of all the client's deals: a delivery on one of them is a delivery for each."""
    if deal is not None:
        engine.date_changed(deal, [LAST_DELIVERY], now=now)
    for other in lives.deals_of(life).exclude(pk=deal.pk if deal else None):
        engine.date_changed(other, [LAST_DELIVERY], now=now)


def _turn(life: ClientLife, was: str, deal: Deal | None, *, by: Actor, now: datetime) -> None:
    life.since = now
    life.save(update_fields=["state", "since"])
    states = dict(ClientLife.State.choices)
    data = {
        "from": str(states[was]),
        "to": life.get_state_display(),
        "state": life.state,
        "number": life.deliveries,
        "text": life.get_state_display(),
    }
    engine.record(
        LIFE_CHANGED,
        deal=deal,
        contact=life.contact,
        company=life.company,
        by=by,
        now=now,
        data=data,
    )


def _record(verb: str, delivery: Delivery, *, by: Actor, now: datetime, **more: Any) -> None:
    data = _facts(delivery) | {"number": delivery.life.deliveries} | more
    engine.record(verb, deal=delivery.deal, by=by, now=now, data=data)


def _facts(delivery: Delivery) -> dict[str, Any]:
    return {
        "delivery": delivery.pk,
        "day": delivery.day.isoformat(),
        "weight": str(delivery.weight),
        "unit": delivery.unit,
        "amount": str(delivery.amount),
        "currency": delivery.currency,
        "text": in_words(delivery),
    }


def in_words(delivery: Delivery) -> str:
    """«12.03.2026, 5,2 t, 120 000 RUB»."""
    return ", ".join(
        [
            date_format(delivery.day, "SHORT_DATE_FORMAT"),
            weight_in_words(delivery),
            say_sum(delivery.amount, delivery.currency),
        ]
    )


def weight_in_words(delivery: Delivery) -> str:
    """Without zeros that say nothing: «5,2 t»."""
    weight = Decimal(delivery.weight).normalize()
    places = max(0, -int(weight.as_tuple().exponent))
    return f"{number_format(weight, places, force_grouping=True)} {delivery.get_unit_display()}"


def _check(day: date, weight: Decimal, amount: Decimal, today: date) -> None:
    errors = {}
    if abs(day - today) > FARTHEST:
        errors["day"] = _("This date is too far away.")
    if not 0 < weight < MOST_WEIGHT:
        errors["weight"] = _("The weight must be more than nothing.")
    if not 0 <= amount < MOST_AMOUNT:
        errors["amount"] = _("This sum is out of reason.")
    if errors:
        raise BadAnswer(errors)
