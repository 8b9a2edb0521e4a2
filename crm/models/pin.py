from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Pin(models.Model):
    """An entry of the feed that stands on top of one card, with who put it there."""

    deal = models.ForeignKey(
        "Deal",
        models.PROTECT,
        null=True,
        related_name="pins",
        verbose_name=_("deal"),
        db_index=False,
    )
    contact = models.ForeignKey(
        "Contact",
        models.PROTECT,
        null=True,
        related_name="pins",
        verbose_name=_("contact"),
        db_index=False,
    )
    company = models.ForeignKey(
        "Company",
        models.PROTECT,
        null=True,
        related_name="pins",
        verbose_name=_("company"),
        db_index=False,
    )
    event = models.ForeignKey(
        "pipelines.Event",
        models.PROTECT,
        related_name="+",
        verbose_name=_("feed entry"),
        db_index=False,
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("pinned by"),
        db_index=False,
    )
    at = models.DateTimeField(_("pinned at"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("pinned entry")
        verbose_name_plural = _("pinned entries")
        constraints = [
            models.CheckConstraint(
                condition=Q(deal__isnull=False, contact=None, company=None)
                | Q(deal=None, contact__isnull=False, company=None)
                | Q(deal=None, contact=None, company__isnull=False),
                name="a_pin_is_of_one_card",
            ),
            # They are also what the pins of a card are found by.
            models.UniqueConstraint(fields=["deal", "event"], name="pinned_once_on_a_deal"),
            models.UniqueConstraint(fields=["contact", "event"], name="pinned_once_on_a_contact"),
            models.UniqueConstraint(fields=["company", "event"], name="pinned_once_on_a_company"),
        ]

    def __str__(self) -> str:
        return f"{self.event_id}"
