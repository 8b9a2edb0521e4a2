from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PasswordRule(models.Model):
    """How old a password may become by one playbook; the strictest rule holds for the whole installation."""

    playbook = models.SlugField(_("playbook"), unique=True)
    months = models.PositiveSmallIntegerField(_("months a password is good for"))
    warn_days = models.PositiveSmallIntegerField(_("days of warning"), default=14)
    clause = models.CharField(_("clause"), max_length=20)

    class Meta:
        ordering = ["playbook"]
        verbose_name = _("rule about passwords")
        verbose_name_plural = _("rules about passwords")

    def __str__(self) -> str:
        return self.playbook


class OldPassword(models.Model):
    """The hash of a password that a person had before; he does not choose it again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="old_passwords",
        verbose_name=_("person"),
    )
    password = models.CharField(max_length=128, verbose_name=_("hash"))
    at = models.DateTimeField(_("changed at"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("former password")
        verbose_name_plural = _("former passwords")

    def __str__(self) -> str:
        return str(self.user)
