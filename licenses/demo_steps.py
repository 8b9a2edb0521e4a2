"""What the demo's stories can tell about licences."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from crm.demo.tale import Tale, step
from licenses import verbs
from pipelines.actor import Actor


@step("licence")
def licence(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    """A licence found in the client's account, which ends in so many `days`."""
    verbs.enter_licence(
        tale.deal,
        expires_on=(at + timedelta(days=told["days"])).date(),
        account_id=str(tale.chance.randint(20_000_000, 39_999_999)),
        users=told["users"],
        months=told.get("months", 12),
        last_price=Decimal(told["price"]),
        by=by,
        now=at,
    )


@step("renewal")
def renewal(tale: Tale, told: dict[str, Any], at: datetime, by: Actor) -> None:
    """A paid renewal."""
    verbs.renew_licence(
        tale.deal,
        paid_on=at.date(),
        months=told.get("months", 12),
        bonus_months=told.get("bonus", 0),
        price=Decimal(told["price"]),
        by=by,
        now=at,
    )
