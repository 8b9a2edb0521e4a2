from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from crm.models.point import Reachable
from crm.visibility import PeopleQuerySet


class Company(Reachable, models.Model):
    """A legal entity that buys."""

    name = models.CharField(_("name"), max_length=300)
    # AX-N3.2: capitals stand as typed only where someone has seen the statutes.
    name_is_statutory = models.BooleanField(_("name as in the statutes"), default=False)
    tax_id = models.CharField(_("tax number"), max_length=20, blank=True)
    site = models.URLField(_("site"), blank=True)
    address = models.CharField(_("address"), max_length=500, blank=True)
    values = models.JSONField(default=dict, blank=True, verbose_name=_("values of fields"))
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    created_at = models.DateTimeField(_("created at"))
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True)
    # The main record of the two that were found to be one; this one is archived, its history is read there.
    merged_into: Any = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged",
        verbose_name=_("merged into"),
    )

    objects = PeopleQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        indexes = [
            GinIndex(OpClass(Lower("name"), "gin_trgm_ops"), name="company_search_by_name"),
            models.Index(fields=["name", "id"], name="company_list_by_name"),
            models.Index(
                fields=["tax_id"], condition=~models.Q(tax_id=""), name="company_by_tax_id"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:company", args=[self.pk])
