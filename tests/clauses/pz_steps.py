"""Steps in which the tests walk a client of the scrap-metal buyer; every one is a verb of the project."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from crm import deliveries
from crm.clients import lives
from crm.models import ClientLife, Deal, Delivery, User
from pipelines import catalog, engine
from pipelines.actor import Actor
from pipelines.models import StageChange
from tests.clauses.steps import DAY, fresh, move
from tests.factories import NOON, make_deal

QUESTIONNAIRE: dict[str, Any] = {
    "scrap_kind": ["copper", "cable"],
    "volume": "3",
    "city": "Тула",
    "transport": "own",
    "payment_form": "card",
}
OFFER = QUESTIONNAIRE | {"price": "700000"}


def lead(owner: User, **kwargs: Any) -> Deal:
    kwargs.setdefault("name", "Медь из Тулы")
    return make_deal(owner, pipeline="scrap", **kwargs)


def offered(owner: User, *, now: datetime = NOON, **kwargs: Any) -> Deal:
    """A lead who was told the price."""
    return move(lead(owner, now=now, **kwargs), "offered", now=now, **OFFER)


def deliver(
    deal: Deal,
    *,
    now: datetime = NOON,
    by: User | None = None,
    day: Any = None,
    accepted: bool = True,
    **more: Any,
) -> Delivery:
    """A delivery of two and a half tonnes, weighed and accepted on its day."""
    return deliveries.register_delivery(
        fresh(deal),
        day=day or lives.today(catalog.pipeline(deal.pipeline_id), now),
        weight=more.pop("weight", Decimal("2.5")),
        amount=more.pop("amount", Decimal(150000)),
        accepted=accepted,
        by=Actor.person(by or deal.owner),
        now=now,
        **more,
    )


def deliver_times(deal: Deal, times: int, *, start: datetime = NOON) -> list[Delivery]:
    """So many deliveries, one a day."""
    return [deliver(deal, now=start + number * DAY) for number in range(times)]


def regular(owner: User, *, now: datetime = NOON) -> Deal:
    """The deal in the client department after five deliveries, the last of them at `now`."""
    start = now - 4 * DAY
    deliver_times(offered(owner, now=start), 5, start=start)
    return regular_deal()


def regular_deal() -> Deal:
    return Deal.objects.get(pipeline__code="regulars")


def cancel(delivery: Delivery, *, now: datetime = NOON, by: User | None = None) -> Delivery:
    return deliveries.cancel_delivery(
        Delivery.objects.select_related("deal__owner").get(pk=delivery.pk),
        reason="взвесили чужую машину",
        by=Actor.person(by or delivery.deal.owner),
        now=now,
    )


def stage_of(deal: Deal) -> str:
    return fresh(deal).stage.code


def life(deal: Deal) -> tuple[str, int]:
    """What the client is, and the number of his completed deliveries."""
    found = lives.life_of(fresh(deal), catalog.pipeline(deal.pipeline_id))
    return (found.state, found.deliveries) if found else (ClientLife.State.POTENTIAL.value, 0)


def passed(deal: Deal) -> list[str]:
    """The stages in the order in which the deal came to them."""
    changes = StageChange.objects.filter(deal=deal).order_by("pk")
    return list(changes.values_list("to_stage__code", flat=True))


def tick(now: datetime) -> None:
    while engine.fire_due(now):
        pass


def days(number: int) -> timedelta:
    return number * DAY
