"""The date that the countdown counts from."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from crm.models import Deal
from licenses import clock
from licenses.keeping import EXPIRES_ON
from licenses.models import Licence
from pipelines.registry import date_source


@date_source(EXPIRES_ON, label=_("the licence's last day"), relation="licence")
def expires_on(deal: Deal) -> datetime | None:
    """The beginning of the last day, by the clock of the pipeline's schedule."""
    licence: Licence | None = getattr(deal, "licence", None)
    if licence is None or licence.expires_on is None:
        return None
    return clock.midnight(deal, licence.expires_on)
