from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.files import contents


class File(models.Model):
    """A file kept with one record; a deal handed over shows its sale's files too."""

    deal = models.ForeignKey(
        "Deal", models.PROTECT, null=True, blank=True, related_name="files", verbose_name=_("deal")
    )
    contact = models.ForeignKey(
        "Contact",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("contact"),
    )
    company = models.ForeignKey(
        "Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("company"),
    )
    item = models.ForeignKey(
        "ListItem",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="files",
        verbose_name=_("list item"),
    )
    file = models.FileField(_("file"), upload_to="deals/%Y/%m/")
    # Ours, drawn from the image: unlike the file itself it may be shown inside a page.
    preview = models.FileField(_("preview"), upload_to="previews/%Y/%m/", blank=True)
    name = models.CharField(_("name"), max_length=255)
    size = models.PositiveIntegerField(_("size, bytes"))
    # What it is by its content, a key of `crm.files.contents.ICONS`; empty where the content does not say.
    family = models.CharField(_("kind by content"), max_length=20, blank=True)
    # The name promises something else than what is inside.
    disagrees = models.BooleanField(_("the name does not fit the content"), default=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("added by"),
    )
    uploaded_at = models.DateTimeField(verbose_name=_("added at"))
    archived_at = models.DateTimeField(null=True, blank=True, verbose_name=_("archived at"))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("file")
        verbose_name_plural = _("files")
        constraints = [
            models.CheckConstraint(
                condition=Q(deal__isnull=False, contact=None, company=None, item=None)
                | Q(deal=None, contact__isnull=False, company=None, item=None)
                | Q(deal=None, contact=None, company__isnull=False, item=None)
                | Q(deal=None, contact=None, company=None, item__isnull=False),
                name="a_file_is_of_one_record",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def icon(self) -> str:
        """Of what it is; by its name alone where it was kept before contents were looked into."""
        return contents.icon_of(self.family or contents.family_of_name(self.name))

    @property
    def record(self) -> models.Model:
        """The deal, contact, company or item of a list that it is of."""
        return self.deal or self.contact or self.company or self.item  # type: ignore[return-value]
