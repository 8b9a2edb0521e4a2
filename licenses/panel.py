"""What the card, the board and the table show of a licence; registered with `crm.panels`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from crm.models import Deal, User
from crm.money.sums import say_sum
from crm.panels import Mark, Panel
from licenses import clock, terms
from licenses.keeping import EXPIRES_ON
from licenses.models import EXPIRED, REFUSED, Licence, Period
from pipelines import catalog
from pipelines.catalog import CompiledPipeline, CompiledStage

COLUMN = gettext_lazy("Licence")
TEMPLATE = "licenses/panel.html"
PAGE = "licenses:calendar"


@dataclass(frozen=True)
class Shown:
    """A licence in words."""

    licence: Licence
    periods: list[Period]
    left: int | None
    left_words: str
    tone: str
    source: str
    may_edit: bool
    # Where a deal goes whose client does not renew.
    refusals: list[CompiledStage]

    @property
    def may_confirm(self) -> bool:
        """The payment for the present period is not confirmed yet."""
        return not self.periods or self.periods[0].paid_on is None

    def price_of(self, period: Period) -> str:
        return say_sum(period.price, period.currency) if period.price is not None else ""

    @property
    def may_renew(self) -> bool:
        return self.licence.expires_on is not None


def serves(pipeline: CompiledPipeline) -> bool:
    """Licences are where a rule counts down to their end."""
    return EXPIRES_ON in pipeline.dates


def panel(deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None:
    licence = Licence.objects.filter(deal=deal).select_related("expiry_set_by").first()
    if licence is None:
        return None
    licence.deal = deal
    left = clock.days_left(licence, now) if licence.expires_on else None
    stages = catalog.pipeline(deal.pipeline_id).stages
    return Panel(
        TEMPLATE,
        Shown(
            licence=licence,
            periods=list(licence.periods.select_related("by").order_by("-number")),
            left=left,
            left_words=in_words(left) if left is not None else _("the end is not known"),
            tone=tone(licence.state, left),
            source=_source(licence),
            may_edit=may_edit,
            refusals=[
                stage for stage in stages if stage.kind == "lost" and stage.id != deal.stage_id
            ],
        ),
    )


def marks(deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
    """The days left, on the board and in the table."""
    today = timezone.localdate(now)
    rows = Licence.objects.filter(deal__in=deals).values_list("deal", "state", "expires_on")
    found = {}
    for deal, state, day in rows:
        if day is None:
            found[deal] = Mark("?", "yellow", _("The licence's end is not known."), "license")
            continue
        left = terms.days_left(day, today)
        until = _("Licence until %(day)s") % {"day": date_format(day, "SHORT_DATE_FORMAT")}
        short = f"{left}" + pgettext("days", "d")
        found[deal] = Mark(short, tone(state, left), f"{until}: {in_words(left)}", "license")
    return found


def in_words(left: int) -> str:
    """«12 days left», «the last day», «expired 3 days ago»."""
    if left > 0:
        return ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left}
    if left == 0:
        return _("the last day")
    return ngettext("expired %(n)s day ago", "expired %(n)s days ago", -left) % {"n": -left}


def tone(state: str, left: int | None) -> str:
    """The colour by how near the end is: what the ladder's own steps say, and red from the last week on."""
    if left is None:
        return "yellow"
    if state == REFUSED:
        return "secondary"
    if state == EXPIRED or left <= 7:
        return "red"
    return "yellow" if state.startswith("due_") else "green"


def _source(licence: Licence) -> str:
    """How we know the end (AX-LIC5), who wrote it down and when."""
    if not licence.expires_on:
        return ""
    said = [
        Licence.Source(licence.expiry_source).label,
        str(licence.expiry_set_by or _("the system")),
    ]
    if licence.expiry_set_at:
        said.append(date_format(timezone.localtime(licence.expiry_set_at), "SHORT_DATETIME_FORMAT"))
    return ", ".join(map(str, said))
