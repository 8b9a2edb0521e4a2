"""What the verbs of licences share: their events, their lock, their entries in the feed, their checks and words."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.models import Deal
from licenses import terms
from licenses.models import Licence
from pipelines import engine, registry
from pipelines.actor import Actor
from pipelines.errors import BadAnswer, RegulationError
from pipelines.locking import check_right_to_edit

EXPIRES_ON = "licence.expires_on"

OPENED = registry.event("licence.opened", label=gettext_lazy("licence opened"), icon="license")
EXPIRY_SET = registry.event(
    "licence.expiry_set", label=gettext_lazy("licence's end set"), icon="calendar-event"
)
CHANGED = registry.event("licence.changed", label=gettext_lazy("licence changed"), icon="pencil")
PAID = registry.event("licence.paid", label=gettext_lazy("licence paid"), icon="cash")
RENEWAL_PAID = registry.event(
    "licence.renewed", label=gettext_lazy("licence renewed"), icon="refresh"
)
DUE = registry.event("licence.due", label=gettext_lazy("licence runs out"), icon="hourglass")
RAN_OUT = registry.event(
    "licence.expired", label=gettext_lazy("licence expired"), icon="hourglass-off"
)
REFUSED = registry.event(
    "licence.refused", label=gettext_lazy("licence not renewed"), icon="license-off"
)
RESUMED = registry.event(
    "licence.resumed", label=gettext_lazy("licence in force again"), icon="license"
)


class NoLicence(RegulationError):
    """This deal carries no licence."""

    def __init__(self) -> None:
        super().__init__(_("This deal carries no licence."))


class LicenceChanged(RegulationError):
    """Somebody has changed the licence since the page was opened."""

    def __init__(self) -> None:
        super().__init__(
            _("This licence was changed meanwhile. Look at it again before you go on.")
        )


def lock(deal: Deal, by: Actor, revision: int | None) -> Licence:
    """Lock the deal, which is the lock of its licence too, and read the licence. Errors: NoLicence, LicenceChanged."""
    pipeline = engine.lock(deal)
    check_right_to_edit(deal, pipeline, by)
    licence = Licence.objects.filter(deal=deal).first()
    if licence is None:
        raise NoLicence
    if revision is not None and licence.revision != revision:
        raise LicenceChanged
    # What the timers read is what is written here.
    licence.deal = deal
    return licence


def record(
    name: str, licence: Licence, *, by: Actor, now: datetime, text: str = "", **data: Any
) -> None:
    facts = {
        "licence": licence.pk,
        "expires_on": licence.expires_on.isoformat() if licence.expires_on else None,
        "text": text,
    }
    engine.record(name, deal=licence.deal, by=by, now=now, data=facts | data)


def check_months(months: int, code: str) -> None:
    if not 1 <= months <= terms.LONGEST:
        raise BadAnswer({code: _("From 1 to %(most)s.") % {"most": terms.LONGEST}})


def check_day(day: date, code: str, now: datetime) -> None:
    if abs((day - timezone.localdate(now)).days) > 366 * 20:
        raise BadAnswer({code: _("This date is too far away.")})


def months_in_words(number: int) -> str:
    return ngettext("%(n)s month", "%(n)s months", number) % {"n": number}


def until(day: date) -> str:
    return _("until %(day)s") % {"day": date_format(day, "SHORT_DATE_FORMAT")}
