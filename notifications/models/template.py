"""Templates of letters and messages, which an administrator writes, with their files."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from notifications import bodies, placeholders


class TemplateQuerySet(models.QuerySet["Template"]):
    def active(self) -> TemplateQuerySet:
        return self.filter(is_active=True)

    def letters(self) -> TemplateQuerySet:
        return self.filter(kind=Template.Kind.EMAIL)

    def for_channel(self, channel: str) -> TemplateQuerySet:
        return self.filter(kind=Template.kind_for(channel))


class Template(models.Model):
    """A letter, an SMS or a chat message written in advance, with placeholders; it belongs to a company's playbook."""

    class Kind(models.TextChoices):
        EMAIL = "email", _("e-mail")
        SMS = "sms", _("SMS")
        CHAT = "chat", _("chat message")

    code = models.SlugField(_("code"), unique=True)
    playbook = models.SlugField(
        _("playbook"), blank=True, help_text=_("The set of pipelines it belongs to.")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.EMAIL)
    name = models.CharField(_("name"), max_length=150)
    subject = models.CharField(_("subject"), max_length=250, blank=True)
    body = models.TextField(
        _("text"), blank=True, help_text=_("Plain text or simple HTML; placeholders in braces.")
    )
    is_active = models.BooleanField(_("active"), default=True)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        ordering = ["playbook", "name"]
        verbose_name = _("template")
        verbose_name_plural = _("templates")

    def __str__(self) -> str:
        return self.name

    @classmethod
    def kind_for(cls, channel: str) -> str:
        """The kind of the templates that a channel's messages are made from: all messengers share one."""
        return channel if channel in (cls.Kind.EMAIL, cls.Kind.SMS) else cls.Kind.CHAT

    def clean(self) -> None:
        """A subject is one line, every placeholder can be filled in, and only a letter has a subject and HTML."""
        errors: dict[str, list[str]] = {}
        for field in ("subject", "body"):
            if problems := placeholders.problems(getattr(self, field)):
                errors[field] = problems
        if len(self.subject.splitlines()) > 1:
            errors.setdefault("subject", []).append(str(_("A subject is one line.")))
        if self.kind in (self.Kind.SMS, self.Kind.CHAT):
            if self.subject:
                errors.setdefault("subject", []).append(str(_("Only a letter has a subject.")))
            if bodies.is_html(self.body):
                errors.setdefault("body", []).append(str(_("A message is plain text.")))
            if not self.body.strip():
                errors.setdefault("body", []).append(str(_("The message is empty.")))
        if errors:
            raise ValidationError(errors)


class AttachedFile(models.Model):
    """What the files of a template and of a letter have in common."""

    file = models.FileField(_("file"), upload_to="letters/%Y/%m/", max_length=255)
    name = models.CharField(
        _("name"), max_length=255, blank=True, help_text=_("As the client sees it.")
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.name and self.file:
            self.name = str(self.file.name).rsplit("/", 1)[-1][:255]
        super().save(*args, **kwargs)


class TemplateFile(AttachedFile):
    """A file that a template's letters come with; whoever sends one may take it off (AX-3.4)."""

    template = models.ForeignKey(
        Template, models.CASCADE, related_name="files", verbose_name=_("letter template")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("attached file")
        verbose_name_plural = _("attached files")
