from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models.functions import Lower
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from pipelines.models import Pipeline


class Tag(models.Model):
    """A word that marks deals."""

    name = models.CharField(_("name"), max_length=60)
    color = models.CharField(_("colour"), max_length=20, default="secondary")

    class Meta:
        ordering = ["name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [models.UniqueConstraint(Lower("name"), name="one_tag_a_name")]

    def __str__(self) -> str:
        return self.name


class TagList(models.Model):
    """The tags that a playbook has prepared for its deals."""

    playbook = models.SlugField(_("playbook"), unique=True)
    only = models.BooleanField(
        _("no other tags"),
        default=False,
        help_text=_("People put on these tags alone; rules may add others."),
    )
    clause = models.CharField(_("clause"), max_length=20, blank=True)

    class Meta:
        ordering = ["playbook"]
        verbose_name = _("list of tags")
        verbose_name_plural = _("lists of tags")

    def __str__(self) -> str:
        return self.playbook


class ListedTag(models.Model):
    """A tag's place on the list of a playbook."""

    list = models.ForeignKey(
        TagList, models.CASCADE, related_name="entries", verbose_name=_("list of tags")
    )
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="+", verbose_name=_("tag"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("tag on the list")
        verbose_name_plural = _("tags on the list")
        constraints = [
            models.UniqueConstraint(fields=["list", "tag"], name="a_tag_stands_on_a_list_once")
        ]

    def __str__(self) -> str:
        return str(self.tag)


@receiver([post_save, post_delete], sender=TagList)
@receiver([post_save, post_delete], sender=ListedTag)
@receiver(post_save, sender=Tag)
def _tell_running_processes(instance: Any, created: bool = False, **kwargs: Any) -> None:
    """They keep the lists with the compiled pipelines, by their stamps."""
    if isinstance(instance, Tag):
        if created:
            return
        books = list(
            ListedTag.objects.filter(tag=instance).values_list("list__playbook", flat=True)
        )
    else:
        row = instance if isinstance(instance, TagList) else instance.list
        books = [row.playbook]
    for pk in Pipeline.objects.filter(playbook__in=books).values_list("pk", flat=True):
        Pipeline.objects.filter(pk=pk).update(stamp=uuid.uuid4())
