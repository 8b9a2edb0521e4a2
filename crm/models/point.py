from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactPoint(models.Model):
    """A phone (E.164), an e-mail (lower case) or a messenger's address, of a contact or of a company."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("phone")
        EMAIL = "email", _("e-mail")
        TELEGRAM = "telegram", "Telegram"
        WHATSAPP = "whatsapp", "WhatsApp"
        CHAT = "chat", _("chat on the site")
        SOCIAL = "social", _("social network")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    value = models.CharField(_("value"), max_length=254)
    contact = models.ForeignKey(
        "Contact",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="points",
        verbose_name=_("contact"),
    )
    company = models.ForeignKey(
        "Company",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="points",
        verbose_name=_("company"),
    )

    class Meta:
        ordering = ["id"]
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(contact__isnull=False) ^ models.Q(company__isnull=False),
                name="a_point_belongs_to_a_contact_or_a_company",
            ),
            models.UniqueConstraint(
                fields=["contact", "kind", "value"], name="one_point_a_contact"
            ),
            models.UniqueConstraint(
                fields=["company", "kind", "value"], name="one_point_a_company"
            ),
        ]
        indexes = [
            models.Index(fields=["value", "kind"], name="point_exact"),
            GinIndex(OpClass("value", "gin_trgm_ops"), name="point_search_by_part"),
        ]

    def __str__(self) -> str:
        return self.value
