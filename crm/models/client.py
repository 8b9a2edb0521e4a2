from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.visibility import PeopleQuerySet


class ClientColumns(models.Model):
    """What a contact and a company have in common: whose it is, its fields, how one reaches it, what became of it."""

    # By which one reaches it.
    points: Any

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
        abstract = True

    def point(self, kind: str) -> str:
        """The first phone, e-mail … of the record, or an empty string; reads the prefetched points."""
        return next((point.value for point in self.points.all() if point.kind == kind), "")
