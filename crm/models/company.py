from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from crm.addresses import url
from crm.models.client import ClientColumns


class Company(ClientColumns):
    """A legal entity that buys."""

    name = models.CharField(_("name"), max_length=300)
    # AX-N3.2: capitals stand as typed only where someone has seen the statutes.
    name_is_statutory = models.BooleanField(_("name as in the statutes"), default=False)
    tax_id = models.CharField(_("tax number"), max_length=20, blank=True)
    site = models.URLField(_("site"), blank=True)
    address = models.CharField(_("address"), max_length=500, blank=True)

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
        return url("crm:company", self.pk)
