"""What comes in by a file and goes out as one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Import(models.Model):
    """An uploaded file on its way into the records: how it is read, what its columns mean, how far it has come."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("uploaded")
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked")
        STARTED = "started", _("started")
        FAILED = "failed", _("failed")

    class Known(models.TextChoices):
        """What becomes of a row whose record we know already."""

        SKIP = "skip", _("leave it out")
        FILL = "fill", _("fill in what is empty in ours")
        MAKE = "make", _("make another one")

    # `contact`, `company`, `deal-<pipeline>`, or `list-<code>`.
    target = models.CharField(_("into"), max_length=60)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="imports", verbose_name=_("whose")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("responsible"),
    )
    stage = models.ForeignKey(
        "pipelines.Stage", models.PROTECT, null=True, related_name="+", verbose_name=_("stage")
    )
    file = models.FileField(_("file"), upload_to="imports/%Y/%m/")
    name = models.CharField(_("file's name"), max_length=255)
    size = models.PositiveIntegerField(_("size, bytes"))
    # SHA-256 of the file: the same file a second time is warned about.
    digest = models.CharField(max_length=64)
    # How it is read: sheet, encoding, delimiter, the row of headings.
    reading = models.JSONField(default=dict)
    # Field codes by the number of the column.
    mapping = models.JSONField(default=dict)
    known = models.CharField(
        _("rows known already"), max_length=4, choices=Known.choices, default=Known.SKIP
    )
    state = models.CharField(
        _("state"), max_length=9, choices=State.choices, default=State.UPLOADED
    )
    problem = models.TextField(_("what went wrong"), blank=True)
    total = models.PositiveIntegerField(_("rows"), default=0)
    created_at = models.DateTimeField(_("uploaded at"))
    # Who carries it out, row by row, and takes it back.
    batch = models.OneToOneField(
        "Batch", models.PROTECT, null=True, related_name="of_import", verbose_name=_("batch")
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [
            models.Index(fields=["digest"], name="import_of_the_same_file"),
            models.Index(fields=["user", "-id"], name="import_newest_of_a_person"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportRow(models.Model):
    """A row of an imported file as it was checked: what stood in it, what of it is stored, what is wrong.

    What became of it is said by the row of the batch with the same number.
    """

    class State(models.TextChoices):
        READY = "ready", _("ready")
        WRONG = "wrong", _("has mistakes")
        KNOWN = "known", _("known already")

    of = models.ForeignKey(Import, models.CASCADE, related_name="rows", verbose_name=_("import"))
    # As the person sees it in his file, from 1.
    number = models.PositiveIntegerField(_("row"))
    # The cells as text, for the report; what they mean by field's code, as it is to be stored.
    cells = models.JSONField(default=list)
    values = models.JSONField(default=dict)
    # {column's number or "": sentence}
    problems = models.JSONField(default=dict)
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    # The contact, company, deal or item that we know already.
    record = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of an import")
        constraints = [
            # A worker that dies and comes back makes no row twice.
            models.UniqueConstraint(fields=["of", "number"], name="one_import_row_a_number")
        ]
        indexes = [
            models.Index(fields=["of", "state", "number"], name="import_rows_by_state"),
            models.Index(
                fields=["of", "number"],
                condition=~Q(problems={}),
                name="import_rows_with_problems",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.get_state_display()}"


class Export(models.Model):
    """A file made in the background for one person, kept for a week."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="exports", verbose_name=_("whose")
    )
    # Which table, what was asked of it, which columns, `xlsx` or `csv`.
    kind = models.CharField(max_length=60)
    query = models.TextField(blank=True)
    columns = models.JSONField(default=list)
    form = models.CharField(max_length=4)
    file = models.FileField(upload_to="exports/%Y/%m/", blank=True)
    rows = models.PositiveIntegerField(default=0)
    problem = models.TextField(_("what went wrong"), blank=True)
    created_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(fields=["created_at"], name="export_to_be_deleted")]

    def __str__(self) -> str:
        return f"{self.kind}, {self.created_at:%d.%m.%Y}"
