"""What day it is for a licence: in the time zone of its pipeline's schedule, whoever looks."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from crm.models import Deal
from licenses import terms
from licenses.models import Licence
from pipelines import catalog


def zone_of(deal: Deal) -> ZoneInfo:
    return ZoneInfo(catalog.pipeline(deal.pipeline_id).calendar.zone)


def today(deal: Deal, now: datetime) -> date:
    return now.astimezone(zone_of(deal)).date()


def midnight(deal: Deal, day: date) -> datetime:
    """The moment at which the day begins."""
    return datetime.combine(day, time(), zone_of(deal))


def days_left(licence: Licence, now: datetime) -> int:
    """0 on the last day, negative after it. The end must be known."""
    assert licence.expires_on
    return terms.days_left(licence.expires_on, today(licence.deal, now))
