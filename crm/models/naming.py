from __future__ import annotations

import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from crm.names import naming
from pipelines.models import Pipeline


class NamingRule(models.Model):
    """What a playbook asks of the names of one kind of record; an empty clause means that it does not ask for that."""

    class Record(models.TextChoices):
        DEAL = naming.DEAL, _("deal")
        CONTACT = naming.CONTACT, _("contact")
        COMPANY = naming.COMPANY, _("company")

    playbook = models.SlugField(_("playbook"))
    record = models.CharField(_("record"), max_length=7, choices=Record.choices)
    least = models.PositiveSmallIntegerField(_("fewest words"), null=True, blank=True)
    most = models.PositiveSmallIntegerField(_("most words"), null=True, blank=True)
    clause = models.CharField(_("clause on words and letters"), max_length=20, blank=True)
    order = models.CharField(
        _("clause on first name, patronymic, surname"), max_length=20, blank=True
    )
    legal_form = models.CharField(_("clause on the legal form"), max_length=20, blank=True)
    capitals = models.CharField(_("clause on names in capitals"), max_length=20, blank=True)

    class Meta:
        ordering = ["playbook", "record"]
        verbose_name = _("rule about names")
        verbose_name_plural = _("rules about names")
        constraints = [
            models.UniqueConstraint(fields=["playbook", "record"], name="one_naming_rule_a_record")
        ]

    def __str__(self) -> str:
        return f"{self.playbook}: {self.get_record_display()}"

    def clean(self) -> None:
        if (self.least is None) != (self.most is None) or (self.least or 0) > (self.most or 0):
            raise ValidationError(_("Words: from the fewest to the most, or neither."))

    @property
    def rules(self) -> naming.Rules:
        words = None if self.least is None or self.most is None else (self.least, self.most)
        return naming.Rules(words, self.clause, self.order, self.legal_form, self.capitals)


@receiver([post_save, post_delete], sender=NamingRule)
def _tell_running_processes(instance: NamingRule, **kwargs: Any) -> None:
    """They keep the rules with the compiled pipelines, by their stamps."""
    for pipeline in Pipeline.objects.filter(playbook=instance.playbook):
        Pipeline.objects.filter(pk=pipeline.pk).update(stamp=uuid.uuid4())
