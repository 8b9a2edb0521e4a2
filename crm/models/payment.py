from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class Package(models.Model):
    """What a playbook's company sells as a whole, with a price of its own in each currency: rates are not converted."""

    playbook = models.SlugField(_("playbook"))
    code = models.SlugField(_("code"))
    name = models.CharField(_("name"), max_length=200)
    # {"USD": "900.00"}
    prices = models.JSONField(_("prices by currency"), default=dict, encoder=DjangoJSONEncoder)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["playbook", "position"]
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        constraints = [
            models.UniqueConstraint(fields=["playbook", "code"], name="one_package_a_code")
        ]

    def __str__(self) -> str:
        return self.name

    def price(self, currency: str) -> Decimal | None:
        found = self.prices.get(currency)
        return Decimal(str(found)) if found is not None else None


class PaymentTerms(models.Model):
    """How a playbook's deals are paid: which field names the package, which the discount, and what a prepayment is."""

    playbook = models.SlugField(_("playbook"), unique=True)
    package = models.SlugField(_("field with the package"), blank=True)
    discount = models.SlugField(_("field with the discount, %"), blank=True)
    prepayment = models.JSONField(
        _("prepayment by currency"), default=dict, encoder=DjangoJSONEncoder
    )

    class Meta:
        verbose_name = _("terms of payment")
        verbose_name_plural = _("terms of payment")

    def __str__(self) -> str:
        return self.playbook


class PaymentProvider(models.Model):
    """A payment system that tells us of payments, the secret it signs with, and the robot in whose name they are kept."""

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    playbook = models.SlugField(
        _("playbook"), blank=True, help_text=_("Whose deals it pays for; empty: anybody's.")
    )
    secret = models.CharField(
        _("secret"), max_length=200, help_text=_("The key of the signature in X-Signature.")
    )
    robot = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("robot")
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        ordering = ["code"]
        verbose_name = _("payment provider")
        verbose_name_plural = _("payment providers")

    def __str__(self) -> str:
        return self.name


class Payment(models.Model):
    """Money that came for a deal, or went back; a provider's event is one row however often it is delivered.

    A payment whose deal is not known is kept without one, until an administrator finds it.
    """

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("payment")
        REFUND = "refund", _("refund")

    deal = models.ForeignKey(
        "Deal",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        verbose_name=_("deal"),
        db_index=False,
    )
    invoice = models.ForeignKey(
        "Invoice",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
        verbose_name=_("invoice"),
    )
    provider = models.SlugField(_("provider"), db_index=False)
    event_id = models.CharField(_("provider's event"), max_length=200)
    kind = models.CharField(_("kind"), max_length=7, choices=Kind.choices, default=Kind.PAYMENT)
    amount = models.DecimalField(_("sum"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    paid_at = models.DateTimeField(_("paid at"))
    received_at = models.DateTimeField(_("known since"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("recorded by"),
    )
    raw: Any = models.JSONField(_("as delivered"), default=dict, blank=True)

    class Meta:
        ordering = ["-paid_at", "-id"]
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "event_id"], name="one_payment_an_event_of_a_provider"
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="a_payment_is_a_sum"),
        ]
        indexes = [models.Index(fields=["deal", "paid_at"], name="payments_of_a_deal")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @property
    def signed(self) -> Decimal:
        """What it adds to the sum paid."""
        return -self.amount if self.kind == self.Kind.REFUND else self.amount
