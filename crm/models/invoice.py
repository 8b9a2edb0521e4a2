from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_fsm import FSMField, transition


class InvoiceKind(models.Model):
    """A sort of invoice that a playbook's company writes: what part of what it asks for, and how it is sent."""

    playbook = models.SlugField(_("playbook"))
    code = models.SlugField(_("code"))
    name = models.CharField(_("name"), max_length=100)
    share = models.DecimalField(_("share, %"), max_digits=6, decimal_places=2, default=100)
    # `budget` or another money field of the deal, `package` (its price), `due` (what is not paid yet).
    of = models.SlugField(_("of what"), default="budget")
    # Only for deals whose field holds one of the values, or of these pipelines: {"product": ["licence"]}, {"pipeline": [...]}.
    when = models.JSONField(_("for deals with"), default=dict, blank=True)
    purpose = models.CharField(_("purpose"), max_length=300, blank=True)
    details = models.TextField(_("payment details"), blank=True)
    template = models.SlugField(_("letter template"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["playbook", "position"]
        verbose_name = _("kind of invoices")
        verbose_name_plural = _("kinds of invoices")
        constraints = [
            models.UniqueConstraint(fields=["playbook", "code"], name="one_invoice_kind_a_code")
        ]

    def __str__(self) -> str:
        return self.name


class InvoiceCounter(models.Model):
    """The last number given to an invoice of a playbook in a year."""

    playbook = models.SlugField(_("playbook"), db_index=False)
    year = models.PositiveSmallIntegerField(_("year"))
    last = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["playbook", "year"], name="one_invoice_counter_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.playbook} {self.year}: {self.last}"


class Invoice(models.Model):
    """A sum that a client is asked to pay for a deal."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("invoice", "draft")
        SENT = "sent", pgettext_lazy("invoice", "sent")
        PAID = "paid", pgettext_lazy("invoice", "paid")
        CANCELLED = "cancelled", pgettext_lazy("invoice", "cancelled")

    playbook = models.SlugField(_("playbook"), db_index=False)
    year = models.PositiveSmallIntegerField(_("year"))
    number = models.PositiveIntegerField(_("number"))
    deal = models.ForeignKey(
        "Deal", models.PROTECT, related_name="invoices", verbose_name=_("deal")
    )
    kind = models.ForeignKey(InvoiceKind, models.SET_NULL, null=True, verbose_name=_("kind"))
    amount = models.DecimalField(_("sum"), max_digits=14, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    purpose = models.CharField(_("purpose"), max_length=300)
    state = FSMField(
        _("state"), max_length=9, choices=State.choices, default=State.DRAFT, protected=True
    )
    # The letter that carried it, by number: letters stand above this app.
    message_id = models.BigIntegerField(null=True, blank=True, verbose_name=_("letter"))
    revision = models.PositiveIntegerField(default=0, verbose_name=_("revision"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("made by"),
    )
    created_at = models.DateTimeField(_("created at"))
    sent_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("paid or cancelled at"), null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            models.UniqueConstraint(
                fields=["playbook", "year", "number"], name="one_invoice_a_number"
            )
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The number as people write it: «17/2026»."""
        return f"{self.number}/{self.year}"

    @transition(field=state, source=[State.DRAFT, State.SENT], target=State.SENT)
    def mark_sent(self) -> None:
        """Only through `crm.money.invoices.send_invoice`; a second letter about the same invoice is no new one."""

    @transition(field=state, source=[State.DRAFT, State.SENT], target=State.PAID)
    def mark_paid(self) -> None:
        """Only through `crm.money.invoices.settle`."""

    @transition(field=state, source=[State.DRAFT, State.SENT], target=State.CANCELLED)
    def cancel(self) -> None:
        """Only through `crm.money.invoices.cancel_invoice`."""
