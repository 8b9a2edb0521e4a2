from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from crm.models.point import Reachable
from crm.visibility import PeopleQuerySet


class Contact(Reachable, models.Model):
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
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            GinIndex(OpClass(Lower("name"), "gin_trgm_ops"), name="contact_search_by_name"),
            models.Index(fields=["name", "id"], name="contact_list_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("crm:contact", args=[self.pk])
