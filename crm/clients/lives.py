"""Reading what deliveries have made of a client: whose they are, how many, since when."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from crm.models import ClientLife, Deal, Delivery, DeliveryTerms
from pipelines.catalog import CompiledPipeline
from pipelines.clock import Duration

COMPLETED = Delivery.State.COMPLETED


def terms_of(pipeline: CompiledPipeline) -> DeliveryTerms | None:
    return DeliveryTerms.objects.filter(playbook=pipeline.playbook).first()


def client_of(deal: Deal) -> dict[str, Any]:
    """The client of the deal as columns: its company, or its contact where it has none; empty without either."""
    if deal.company_id:
        return {"company_id": deal.company_id}
    return {"contact_id": deal.contact_id} if deal.contact_id else {}


def life_of(deal: Deal, pipeline: CompiledPipeline) -> ClientLife | None:
    """None for a client of whom no delivery was ever entered, and for a deal without one."""
    if not (client := client_of(deal)):
        return None
    return ClientLife.objects.filter(playbook=pipeline.playbook, **client).first()


def deals_of(life: ClientLife) -> QuerySet[Any]:
    """The client's deals that stand open."""
    deals = Deal.objects.open().filter(archived_at=None, pipeline__playbook=life.playbook)
    if life.company_id:
        return deals.filter(company=life.company_id)
    return deals.filter(contact=life.contact_id, company=None)


def completed_within(
    life: ClientLife | None, pipeline: CompiledPipeline, period: Duration, *, now: datetime
) -> int:
    """How many deliveries were completed on days from whose beginning the period has not passed yet."""
    if life is None:
        return 0
    since = pipeline.calendar.before(now, period).astimezone(ZoneInfo(pipeline.calendar.zone))
    return Delivery.objects.filter(life=life, state=COMPLETED, day__gt=since.date()).count()


def today(pipeline: CompiledPipeline, now: datetime) -> date:
    """The day by the company's clock."""
    return now.astimezone(ZoneInfo(pipeline.calendar.zone)).date()


def beginning(day: date, pipeline: CompiledPipeline) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(pipeline.calendar.zone))
