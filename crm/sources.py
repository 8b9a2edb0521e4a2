"""Dates of a deal that timers and conditions count from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.clients import lives
from pipelines import catalog
from pipelines.registry import date_source


@date_source("created", label=_("the deal was created"))
def created(deal: Any) -> datetime | None:
    return deal.created_at


@date_source("last_contact", label=_("the last communication with the client"))
def last_contact(deal: Any) -> datetime | None:
    return deal.last_contact_at


@date_source("silent_since", label=_("the last communication, or the creation if there was none"))
def silent_since(deal: Any) -> datetime | None:
    return deal.last_contact_at or deal.created_at


@date_source(
    "last_delivery", label=_("the client's last delivery, or the creation if there was none")
)
def last_delivery(deal: Any) -> datetime | None:
    pipeline = catalog.pipeline(deal.pipeline_id)
    life = lives.life_of(deal, pipeline)
    if life is None or life.last_delivery_on is None:
        return deal.created_at
    return lives.beginning(life.last_delivery_on, pipeline)
