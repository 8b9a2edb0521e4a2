from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import GET_STATE, FSMField, transition

POTENTIAL, CLIENT, DORMANT = "potential", "client", "dormant"


class DeliveryTerms(models.Model):
    """How a playbook's company counts deliveries: how many make a client regular, and what it weighs in."""

    class Unit(models.TextChoices):
        KILOGRAM = "kg", pgettext_lazy("weight", "kg")
        TONNE = "t", pgettext_lazy("weight", "t")

    playbook = models.SlugField(_("playbook"), unique=True)
    regular_from = models.PositiveSmallIntegerField(_("regular from so many deliveries"))
    unit = models.CharField(
        _("unit of weight"), max_length=2, choices=Unit.choices, default=Unit.TONNE
    )
    clause = models.CharField(_("clause"), max_length=20, blank=True)

    class Meta:
        ordering = ["playbook"]
        verbose_name = _("terms of deliveries")
        verbose_name_plural = _("terms of deliveries")
        constraints = [
            models.CheckConstraint(condition=Q(regular_from__gte=1), name="regular_from_one_up")
        ]

    def __str__(self) -> str:
        return self.playbook


class ClientLife(models.Model):
    """How far a company, or a person without one, has come as a supplier of a playbook's company.

    `state` and `deliveries` follow the completed deliveries and are written by `crm.deliveries` only. Its row is the
    lock under which they are counted: two deals of one client have no other row in common.
    """

    class State(models.TextChoices):
        POTENTIAL = POTENTIAL, pgettext_lazy("client", "potential client")
        CLIENT = CLIENT, pgettext_lazy("client", "regular client")
        DORMANT = DORMANT, pgettext_lazy("client", "regular client who stopped delivering")

    playbook = models.SlugField(_("playbook"), db_index=False)
    company = models.ForeignKey(
        "Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="lives",
        verbose_name=_("company"),
    )
    contact = models.ForeignKey(
        "Contact",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="lives",
        verbose_name=_("contact"),
    )
    state = FSMField(
        _("state"), max_length=9, choices=State.choices, default=POTENTIAL, protected=True
    )
    deliveries = models.PositiveIntegerField(_("completed deliveries"), default=0)
    last_delivery_on = models.DateField(_("last delivery"), null=True, blank=True)
    since = models.DateTimeField(_("in this state since"))

    class Meta:
        verbose_name = _("client's life")
        verbose_name_plural = _("clients' lives")
        constraints = [
            models.UniqueConstraint(fields=["company", "playbook"], name="one_life_a_company"),
            models.UniqueConstraint(fields=["contact", "playbook"], name="one_life_a_contact"),
            models.CheckConstraint(
                condition=Q(company__isnull=True, contact__isnull=False)
                | Q(company__isnull=False, contact__isnull=True),
                name="a_life_is_of_one_client",
            ),
        ]

    def __str__(self) -> str:
        return str(self.company or self.contact)

    @property
    def is_regular(self) -> bool:
        return bool(self.state != POTENTIAL)

    @transition(
        field=state,
        source="*",
        target=GET_STATE(
            lambda life, *, regular: CLIENT if regular else POTENTIAL, states=[POTENTIAL, CLIENT]
        ),
    )
    def judge(self, *, regular: bool) -> None:
        """By the number of deliveries, both ways."""

    @transition(field=state, source=CLIENT, target=DORMANT)
    def rest(self) -> None:
        """A regular client has delivered nothing for the time that the playbook allows."""

    @transition(field=state, source=DORMANT, target=CLIENT)
    def wake(self) -> None:
        """He delivers again."""


class Delivery(models.Model):
    """What a client brought, or is to bring, on a day: weighed, priced, and accepted or not."""

    class State(models.TextChoices):
        REGISTERED = "registered", pgettext_lazy("delivery", "expected")
        COMPLETED = "completed", pgettext_lazy("delivery", "accepted")
        CANCELLED = "cancelled", pgettext_lazy("delivery", "cancelled")

    life = models.ForeignKey(
        ClientLife,
        models.PROTECT,
        related_name="all_deliveries",
        verbose_name=_("client"),
        db_index=False,
    )
    deal = models.ForeignKey(
        "Deal", models.PROTECT, related_name="deliveries", verbose_name=_("deal")
    )
    state = FSMField(
        _("state"), max_length=10, choices=State.choices, default=State.REGISTERED, protected=True
    )
    day = models.DateField(_("day"))
    weight = models.DecimalField(_("weight"), max_digits=12, decimal_places=3)
    unit = models.CharField(_("unit of weight"), max_length=2, choices=DeliveryTerms.Unit.choices)
    amount = models.DecimalField(_("sum"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    note = models.CharField(_("note"), max_length=500, blank=True)
    # Of the form it was typed in: sent twice, it is one delivery.
    key = models.UUIDField(_("form"), null=True, blank=True, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("entered by"),
    )
    created_at = models.DateTimeField(_("entered at"))
    completed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("accepted by"),
    )
    completed_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("cancelled by"),
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    reason = models.CharField(_("why it was cancelled"), max_length=500, blank=True)

    class Meta:
        ordering = ["-day", "-id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.CheckConstraint(condition=Q(weight__gt=0), name="a_delivery_weighs"),
            models.CheckConstraint(
                condition=Q(amount__gte=0), name="a_delivery_costs_no_less_than_0"
            ),
        ]
        indexes = [
            models.Index(fields=["life", "-day", "-id"], name="deliveries_of_a_client"),
            models.Index(
                fields=["life", "day"], condition=Q(state="completed"), name="deliveries_counted"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.weight} {self.unit}"

    @transition(field=state, source=State.REGISTERED, target=State.COMPLETED)
    def complete(self) -> None:
        """Only through `crm.deliveries.complete_delivery`, which counts it."""

    @transition(field=state, source=[State.REGISTERED, State.COMPLETED], target=State.CANCELLED)
    def cancel(self) -> None:
        """Only through `crm.deliveries.cancel_delivery`, which asks why and counts anew."""


class SoleDeal(models.Model):
    """The one deal that a client has in a pipeline to which he is handed over once, whatever he sells us next."""

    pipeline = models.ForeignKey(
        "pipelines.Pipeline", models.PROTECT, related_name="+", verbose_name=_("pipeline")
    )
    company = models.ForeignKey(
        "Company", models.PROTECT, null=True, related_name="+", verbose_name=_("company")
    )
    contact = models.ForeignKey(
        "Contact", models.PROTECT, null=True, related_name="+", verbose_name=_("contact")
    )
    deal: Any = models.ForeignKey(
        "Deal", models.PROTECT, null=True, related_name="+", verbose_name=_("deal")
    )

    class Meta:
        verbose_name = _("sole deal")
        verbose_name_plural = _("sole deals")
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "company"], name="one_deal_a_company_here"),
            models.UniqueConstraint(fields=["pipeline", "contact"], name="one_deal_a_contact_here"),
            models.CheckConstraint(
                condition=Q(company__isnull=True, contact__isnull=False)
                | Q(company__isnull=False, contact__isnull=True),
                name="a_sole_deal_is_of_one_client",
            ),
        ]

    def __str__(self) -> str:
        return str(self.deal)
