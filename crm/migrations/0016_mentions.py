import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


def _to(model: str, label: str) -> models.ForeignKey:
    return models.ForeignKey(
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="files",
        to=f"crm.{model}",
        verbose_name=label,
    )


class Migration(migrations.Migration):
    """Files of deals become files of deals, contacts and companies, known by their content."""

    dependencies = [("crm", "0015_batches")]
    operations = [
        migrations.RenameModel("DealFile", "File"),
        migrations.AlterField("file", "deal", _to("deal", "deal")),
        migrations.AddField("file", "contact", _to("contact", "contact")),
        migrations.AddField("file", "company", _to("company", "company")),
        migrations.AddField(
            "file",
            "preview",
            models.FileField(blank=True, upload_to="previews/%Y/%m/", verbose_name="preview"),
        ),
        migrations.AddField(
            "file",
            "family",
            models.CharField(blank=True, max_length=20, verbose_name="kind by content"),
        ),
        migrations.AddField(
            "file",
            "disagrees",
            models.BooleanField(default=False, verbose_name="the name does not fit the content"),
        ),
        migrations.AddConstraint(
            "file",
            models.CheckConstraint(
                condition=Q(deal__isnull=False, contact=None, company=None)
                | Q(deal=None, contact__isnull=False, company=None)
                | Q(deal=None, contact=None, company__isnull=False),
                name="a_file_is_of_one_record",
            ),
        ),
    ]
