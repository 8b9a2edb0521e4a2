from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pipelines.models import Pipeline


class RequestKind(models.TextChoices):
    """What requests come as; the names are those of the playbook."""

    CALLS = "calls", _("calls")
    FORMS = "forms", _("forms")
    MESSAGES = "messages", _("messages")
    LETTERS = "letters", _("letters")


class Way(models.TextChoices):
    """How a deal finds its responsible among the people of a role."""

    LEAST_BUSY = "least_busy", _("to the one with the fewest open deals")
    IN_TURN = "in_turn", _("strictly in turn")


class IntakeRule(models.Model):
    """Where a playbook's requests of one kind go, from any source or from the named one."""

    playbook = models.SlugField(_("playbook"))
    source = models.SlugField(
        pgettext_lazy("of requests", "source"), blank=True, help_text=_("Empty: any.")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=RequestKind.choices)
    pipeline = models.SlugField(_("pipeline"), blank=True)
    # Other pipelines whose open deal takes the request, rather than a new one being opened.
    also = ArrayField(
        models.SlugField(), default=list, blank=True, verbose_name=_("also known deals of")
    )
    role = models.SlugField(_("to somebody of the role"), blank=True)
    distribute = models.CharField(_("how"), max_length=10, choices=Way.choices, blank=True)
    tags = ArrayField(
        models.CharField(max_length=60), default=list, blank=True, verbose_name=_("tags")
    )
    # {their name of a field: our code}
    fields = models.JSONField(_("fields"), default=dict, blank=True)

    class Meta:
        ordering = ["playbook", "source", "kind"]
        verbose_name = _("rule of intake")
        verbose_name_plural = _("rules of intake")
        constraints = [
            models.UniqueConstraint(
                fields=["playbook", "source", "kind"], name="one_intake_rule_a_kind"
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.playbook, self.source, str(self.get_kind_display())]))


class IntakeSource(models.Model):
    """A site, a telephone exchange or a messenger's gateway that posts requests, known by its secret."""

    code = models.SlugField(
        _("code"), unique=True, help_text=_("A part of the address it posts to.")
    )
    name = models.CharField(_("name"), max_length=100)
    playbook = models.SlugField(_("playbook"))
    kinds = ArrayField(
        models.CharField(max_length=8, choices=RequestKind.choices),
        verbose_name=_("what it may send"),
    )
    pipeline = models.SlugField(
        _("pipeline"), blank=True, help_text=_("Empty: as the playbook says.")
    )
    tags = ArrayField(
        models.CharField(max_length=60),
        default=list,
        blank=True,
        verbose_name=_("tags"),
        help_text=_("Put on besides those of the playbook, separated by commas."),
    )
    secret = models.CharField(_("secret"), max_length=128, default=secrets.token_hex)
    is_active = models.BooleanField(_("in force"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("source of requests")
        verbose_name_plural = _("sources of requests")

    def __str__(self) -> str:
        return self.name


class ClientRule(models.Model):
    """What a playbook says of clients as such."""

    playbook = models.SlugField(_("playbook"), unique=True)
    one_manager = models.CharField(
        _("clause “a client belongs to one manager”"),
        max_length=20,
        blank=True,
        help_text=_("Empty: whose client it is, is only said."),
    )

    class Meta:
        verbose_name = _("rule about clients")
        verbose_name_plural = _("rules about clients")

    def __str__(self) -> str:
        return self.playbook


class Turn(models.Model):
    """Who of a role was given the last deal, for giving them in turn; its row is locked while one is given."""

    playbook = models.SlugField()
    role = models.SlugField()
    last = models.ForeignKey("User", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["playbook", "role"], name="one_turn_a_role")]

    def __str__(self) -> str:
        return f"{self.playbook}: {self.role}"


@receiver([post_save, post_delete], sender=ClientRule)
@receiver([post_save, post_delete], sender=IntakeRule)
def _tell_running_processes(instance: Any, **kwargs: Any) -> None:
    """They keep the rules with the compiled pipelines, by their stamps."""
    for pipeline in Pipeline.objects.filter(playbook=instance.playbook):
        Pipeline.objects.filter(pk=pipeline.pk).update(stamp=uuid.uuid4())
