from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Preference(models.Model):
    """How one person wants one part of the workplace: the columns of a table, the widgets of the desktop, the theme."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="preferences",
        verbose_name=_("user"),
        db_index=False,
    )
    # «table.leads», «desktop», «notices»: what it is of; its owner alone knows the shape of `value`.
    key = models.CharField(_("of what"), max_length=100)
    value = models.JSONField(_("value"))

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_preference_a_user_and_key")
        ]

    def __str__(self) -> str:
        return self.key
