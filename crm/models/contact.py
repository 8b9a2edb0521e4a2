from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.addresses import url
from crm.models.client import ClientColumns


class Contact(ClientColumns):
    """A person whom one calls and writes to."""

    name = models.CharField(pgettext_lazy("person", "name"), max_length=300)
    company = models.ForeignKey(
        "Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="contacts",
        verbose_name=_("company"),
    )
    position = models.CharField(pgettext_lazy("job", "position"), max_length=200, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            GinIndex(OpClass(Lower("name"), "gin_trgm_ops"), name="contact_search_by_name"),
            models.Index(fields=["name", "id"], name="contact_list_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return url("crm:contact", self.pk)
