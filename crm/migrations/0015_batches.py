import django.db.models.deletion
import django_fsm
from django.conf import settings
from django.db import migrations, models

ME = settings.AUTH_USER_MODEL


def merged_into(model):
    return migrations.AddField(
        model_name=model,
        name="merged_into",
        field=models.ForeignKey(
            blank=True,
            editable=False,
            null=True,
            on_delete=django.db.models.deletion.PROTECT,
            related_name="merged",
            to=f"crm.{model}",
            verbose_name="merged into",
        ),
    )


class Migration(migrations.Migration):
    dependencies = [("crm", "0014_filters")]
    operations = [
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("title", models.CharField(max_length=300, verbose_name="title")),
                ("at", models.DateTimeField(verbose_name="at")),
                (
                    "state",
                    django_fsm.FSMField(
                        choices=[
                            ("queued", "waiting"),
                            ("running", "running"),
                            ("done", "done"),
                            ("undoing", "being undone"),
                            ("undone", "undone"),
                        ],
                        default="queued",
                        max_length=7,
                        protected=True,
                        verbose_name="state",
                    ),
                ),
                ("params", models.JSONField(default=dict, verbose_name="parameters")),
                ("total", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="done")),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="refused")),
                ("undone", models.PositiveIntegerField(default=0, verbose_name="put back")),
                ("kept", models.PositiveIntegerField(default=0, verbose_name="not put back")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished at")),
                ("stopped_at", models.DateTimeField(null=True, verbose_name="stopped at")),
                (
                    "undo_until",
                    models.DateTimeField(null=True, verbose_name="can be undone until"),
                ),
                ("undone_at", models.DateTimeField(null=True, verbose_name="undone at")),
                (
                    "alive_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="worked on at"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=ME,
                        verbose_name="person",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=ME,
                        verbose_name="undone by",
                    ),
                ),
            ],
            options={"verbose_name": "batch", "verbose_name_plural": "batches"},
        ),
        migrations.CreateModel(
            name="BatchRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(verbose_name="number")),
                (
                    "record",
                    models.CharField(blank=True, max_length=20, verbose_name="record"),
                ),
                (
                    "record_id",
                    models.BigIntegerField(null=True, verbose_name="number of the record"),
                ),
                ("name", models.CharField(blank=True, max_length=300, verbose_name="name")),
                ("payload", models.JSONField(default=dict, verbose_name="what was asked")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("done", "done"),
                            ("refused", "refused"),
                            ("skipped", "not reached"),
                            ("undone", "put back"),
                            ("kept", "not put back"),
                        ],
                        default="waiting",
                        max_length=7,
                        verbose_name="state",
                    ),
                ),
                ("text", models.TextField(blank=True, verbose_name="answer")),
                ("before", models.JSONField(default=dict, verbose_name="as it was before")),
                (
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rows",
                        to="crm.batch",
                        verbose_name="batch",
                    ),
                ),
            ],
            options={
                "verbose_name": "row of a batch",
                "verbose_name_plural": "rows of batches",
                "ordering": ["position"],
            },
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["by", "-id"], name="batches_of_a_person"),
        ),
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "running", "undoing"])),
                fields=["alive_at"],
                name="batch_to_be_resumed",
            ),
        ),
        migrations.AddIndex(
            model_name="batchrow",
            index=models.Index(fields=["batch", "state", "position"], name="batchrow_by_state"),
        ),
        migrations.AddConstraint(
            model_name="batchrow",
            constraint=models.UniqueConstraint(
                fields=("batch", "position"), name="one_row_a_position"
            ),
        ),
        merged_into("contact"),
        merged_into("company"),
    ]
