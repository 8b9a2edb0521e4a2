"""Deliveries on the cards of deal, contact and company; how many there are on the board and in the table."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.clients import lives
from crm.deliveries import COMPLETED, LAST_DELIVERY, weight_in_words
from crm.models import ClientLife, Company, Contact, Deal, Delivery, DeliveryTerms, User
from crm.money.sums import say_sum
from crm.panels import Mark, Panel
from pipelines import catalog
from pipelines.catalog import CompiledPipeline

COLUMN: str | Promise = gettext_lazy("Deliveries")
TEMPLATE = "crm/card_deliveries.html"
SHOWN = 15
TONES = {"potential": "azure", "client": "green", "dormant": "orange"}


@dataclass(frozen=True)
class Line:
    """One delivery in words; `is_mine`: it can be accepted and cancelled from here."""

    delivery: Delivery
    weight: str
    sum: str
    is_mine: bool


@dataclass(frozen=True)
class Shown:
    """What a client has delivered, and what he is by it."""

    state: str
    tone: str
    number: int
    regular_from: int
    clause: str
    lines: list[Line]
    # How many there are beside those shown.
    more: int
    may_enter: bool

    @property
    def words(self) -> str:
        """«3 completed deliveries, 2 more to become regular»."""
        said = ngettext("%(n)s completed delivery", "%(n)s completed deliveries", self.number)
        said %= {"n": self.number}
        if (left := self.regular_from - self.number) <= 0:
            return said
        more = ngettext(
            "%(n)s more makes the client regular", "%(n)s more make the client regular", left
        )
        return f"{said}, {more % {'n': left}}"


def serves(pipeline: CompiledPipeline) -> bool:
    """Deliveries are where a rule hears of them or counts from the last one."""
    return COMPLETED in pipeline.hears or LAST_DELIVERY in pipeline.dates


def panel(deal: Deal, *, user: User, now: datetime, may_edit: bool) -> Panel | None:
    pipeline = catalog.pipeline(deal.pipeline_id)
    terms = lives.terms_of(pipeline)
    if terms is None:
        return None
    life = lives.life_of(deal, pipeline)
    # The sale that a deal continues is shown with it, its deliveries too.
    seen = Q(deal=deal.pk) | Q(deal=deal.origin_id) | Q(deal__in=Deal.objects.visible_to(user))
    found = Delivery.objects.filter(seen, life=life) if life else Delivery.objects.none()
    return Panel(
        TEMPLATE,
        _shown(
            life,
            terms,
            found,
            mine=deal.pk if may_edit else None,
            may_enter=may_edit and deal.status == "open",
        ),
    )


def client_panel(record: Contact | Company, *, user: User, now: datetime) -> Panel | None:
    life = record.lives.order_by("-deliveries").first()
    terms = DeliveryTerms.objects.filter(playbook=life.playbook).first() if life else None
    if life is None or terms is None:
        return None
    found = Delivery.objects.filter(life=life, deal__in=Deal.objects.visible_to(user))
    return Panel(TEMPLATE, _shown(life, terms, found, mine=None, may_enter=False))


def _shown(
    life: ClientLife | None,
    terms: DeliveryTerms,
    found: QuerySet[Delivery],
    *,
    mine: int | None,
    may_enter: bool,
) -> Shown:
    rows = list(found.select_related("created_by", "completed_by", "cancelled_by")[: SHOWN + 1])
    more = found.count() - SHOWN if len(rows) > SHOWN else 0
    state = life.state if life else ClientLife.State.POTENTIAL.value
    return Shown(
        state=str(ClientLife.State(state).label),
        tone=TONES[state],
        number=life.deliveries if life else 0,
        regular_from=terms.regular_from,
        clause=terms.clause,
        lines=[
            Line(row, weight_in_words(row), say_sum(row.amount, row.currency), row.deal_id == mine)
            for row in rows[:SHOWN]
        ],
        more=more,
        may_enter=may_enter,
    )


def marks(deals: Collection[int], *, now: datetime) -> dict[int, Mark]:
    """«3 / 5» until the client is a regular one, then how many there were."""
    life = ClientLife.objects.filter(playbook=OuterRef("pipeline__playbook")).filter(
        Q(company=OuterRef("company")) | Q(company=None, contact=OuterRef("lone_contact"))
    )
    terms = DeliveryTerms.objects.filter(playbook=OuterRef("pipeline__playbook"))
    rows = (
        Deal.objects.filter(pk__in=deals)
        # A person of a company delivers as the company does.
        .annotate(lone_contact=Case(When(company=None, then=F("contact"))))
        .annotate(
            number=Coalesce(Subquery(life.values("deliveries")[:1]), 0),
            client=Subquery(life.values("state")[:1]),
            need=Subquery(terms.values("regular_from")),
        )
        .exclude(need=None)
        .values_list("pk", "number", "client", "need")
    )
    found = {}
    for pk, number, client, need in rows:
        counted = ngettext("%(n)s completed delivery", "%(n)s completed deliveries", number)
        state = ClientLife.State(client or ClientLife.State.POTENTIAL)
        title = f"{state.label}: {counted % {'n': number}}"
        text = f"{number} / {need}" if number < need else str(number)
        found[pk] = Mark(text, TONES[state], title, "truck-delivery")
    return found


def ask_whether_to_accept(delivery: Delivery) -> str:
    """The heading of the window in which a delivery is accepted."""
    return _("Accept the delivery of %(weight)s") % {"weight": weight_in_words(delivery)}
